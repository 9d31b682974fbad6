"""Train, judge and serve GANs on small sets of CT scans.

Importing this package starts nothing: TensorFlow and the data sets are imported by
the parts that use them.
"""

__version__ = "0.1.0"
