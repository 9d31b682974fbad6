"""From a data set's name to batches of square grey images."""

import dataclasses

from covid_gan.config import Config
from covid_gan.data import catalogue, examples, records
from covid_gan.data.held_out import HeldOut, all_images, held_out_splits
from covid_gan.data.records import Audited, Scan
from covid_gan.data.scans import Scans, read

__all__ = [
    "Audited",
    "HeldOut",
    "Scan",
    "Scans",
    "all_images",
    "audit_scans",
    "held_out_splits",
    "is_prepared",
    "load",
    "resolve",
]


def resolve(config: Config) -> Config:
    """Returns the config with `dataset` and `classes` as they will be; prepares nothing.

    Raises:
        ArgumentError: the data set is unknown, has no images, or lacks a class.
    """
    return dataclasses.replace(config, data=catalogue.resolve(config.data))


def is_prepared(config: Config) -> bool:
    """Whether the data set of a resolved config lies ready on the disk."""
    return catalogue.is_prepared(config.data)


def load(config: Config) -> tuple[Config, Scans]:
    """Prepares the data set if need be, reads it, and returns it with the resolved config.

    Raises:
        ArgumentError: the data set is unknown, cannot be prepared, lacks a class or a split, or
            has no image left.
    """
    data, builders = catalogue.open_builders(config.data)
    scans = read(examples.open_examples(builders, data), data, config.model.image_size)
    return dataclasses.replace(config, data=scans.config), scans


def audit_scans(config: Config) -> Audited:
    """Prepares the data set if need be, and opens all that is known of its images.

    Raises:
        ArgumentError: as `load`.
    """
    data, builders = catalogue.open_builders(config.data)
    return records.open_records(builders, catalogue.file_facts(data), data)
