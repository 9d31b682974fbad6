"""TFDS data sets of chest CT: importing this package registers them.

import tfds_covidct, tensorflow_datasets as tfds
scans = tfds.load("covid_ct", split="train")
"""

from tfds_covidct import covid_ct, ct_folder, lung_phantom, sars_cov2_ct
from tfds_covidct.errors import DataError, SettingError, SourceUnavailableError
from tfds_covidct.labels import LABELS

# A data set's name -> its package, which has a `Builder`, and `file_facts` where there are source files.
DATASETS = {package.Builder.name: package for package in (covid_ct, ct_folder, lung_phantom, sars_cov2_ct)}

__all__ = [
    "DATASETS",
    "DataError",
    "LABELS",
    "SettingError",
    "SourceUnavailableError",
    "covid_ct",
    "ct_folder",
    "lung_phantom",
    "sars_cov2_ct",
]
