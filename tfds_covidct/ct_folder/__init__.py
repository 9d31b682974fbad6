"""Your own scans in a folder as the TFDS data set `ct_folder`."""

from tfds_covidct.ct_folder.config import CtFolderConfig, settings_of
from tfds_covidct.ct_folder.ct_folder_dataset_builder import Builder
from tfds_covidct.ct_folder.facts import file_facts

__all__ = ["Builder", "CtFolderConfig", "file_facts", "settings_of"]
