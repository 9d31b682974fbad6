"""The names that some arguments of the networks may have."""

HEADS = ("conv", "dense")
NORMALIZATIONS = ("batch", "layer", "none")
