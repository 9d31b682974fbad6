"""TFDS data sets of chest CT: importing this package registers them.

    import tfds_covidct, tensorflow_datasets as tfds
    scans = tfds.load("covid_ct", split="train")
"""

from tfds_covidct import covid_ct, lung_phantom
from tfds_covidct.errors import DataError, SourceUnavailableError
from tfds_covidct.labels import LABELS

__all__ = ["DataError", "LABELS", "SourceUnavailableError", "covid_ct", "lung_phantom"]
