"""Procedural chest CT, drawn by numpy from a seed, as the TFDS data set `lung_phantom`."""

from tfds_covidct.lung_phantom.display import window
from tfds_covidct.lung_phantom.lung_phantom_dataset_builder import Builder
from tfds_covidct.lung_phantom.phantom import Phantom, make_phantom

__all__ = ["Builder", "Phantom", "make_phantom", "window"]
