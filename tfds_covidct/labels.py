"""The label names that every data set of this package shares."""

# A label's index is its place in this tuple: covid is 0, non_covid is 1.
LABELS = ("covid", "non_covid")
