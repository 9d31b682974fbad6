"""COVID-CT (arXiv 2003.13865) as the TFDS data set `covid_ct`."""

from tfds_covidct.covid_ct.covid_ct_dataset_builder import Builder
from tfds_covidct.covid_ct.facts import file_facts
from tfds_covidct.covid_ct.same_pictures import SAME_PICTURE_IDS, SAME_PICTURE_PAIRS
from tfds_covidct.covid_ct.source import source_in, upstream_answers

__all__ = [
    "Builder",
    "SAME_PICTURE_IDS",
    "SAME_PICTURE_PAIRS",
    "file_facts",
    "source_in",
    "upstream_answers",
]
