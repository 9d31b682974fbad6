"""The names that some arguments of the networks may have."""

HEADS = ("conv", "dense")
NORMALIZATIONS = ("batch", "layer", "group", "instance", "none")
DISCRIMINATOR_NORMALIZATIONS = (*NORMALIZATIONS, "spectral")
UPSAMPLINGS = ("transpose", "resize")
