"""Procedural chest CT, drawn by numpy from a seed, as the TFDS data set `lung_phantom`."""

from tfds_covidct.lung_phantom.display import window
from tfds_covidct.lung_phantom.lung_phantom_dataset_builder import Builder
from tfds_covidct.lung_phantom.pair import Pair, make_pair
from tfds_covidct.lung_phantom.phantom import Phantom, make_phantom
from tfds_covidct.lung_phantom.volumes.volume import Volume, make_volume

__all__ = ["Builder", "Pair", "Phantom", "Volume", "make_pair", "make_phantom", "make_volume", "window"]
