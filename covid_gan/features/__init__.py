"""Extractors: networks that describe images by numbers, for the measures that compare them.

This file is the only map from an extractor's name to its code.
"""

from covid_gan.config import Config
from covid_gan.errors import ArgumentError
from covid_gan.features.extractor import Extractor

__all__ = ["EXTRACTORS", "Extractor", "get"]


def _ct(config):
    from covid_gan.features import ct

    return ct.extractor_for(config)


def _inception(config):
    from covid_gan.features import inception

    return inception.extractor()


# Name -> function of a run's config. A network's code is imported only where it is used.
EXTRACTORS = {"ct": _ct, "inception": _inception}


def get(name: str, config: Config) -> Extractor:
    """The extractor of a name.

    Args:
        name: a key of `EXTRACTORS`.
        config: of the run whose images are described; `ct` is trained on its data set, at its size.

    Raises:
        ArgumentError: (`features`) there is no such extractor, or it cannot be had.
    """
    if name not in EXTRACTORS:
        raise ArgumentError("features", f"must be one of {', '.join(EXTRACTORS)}.", name)
    return EXTRACTORS[name](config)
