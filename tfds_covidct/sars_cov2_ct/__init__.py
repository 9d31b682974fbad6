"""The SARS-CoV-2 CT-scan data set as the TFDS data set `sars_cov2_ct`."""

from tfds_covidct.sars_cov2_ct.sars_cov2_ct_dataset_builder import Builder
from tfds_covidct.sars_cov2_ct.facts import file_facts

__all__ = ["Builder", "file_facts"]
