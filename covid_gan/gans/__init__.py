"""The algorithms: every module here exports a subclass of `Gan` whose `train_step` is the algorithm.

This file is the only map from a model's name to its code. A module is imported
when it is asked for, so that reading the names costs nothing.
"""

import importlib

_CLASSES = {
    "dcgan": ("covid_gan.gans.dcgan", "Dcgan"),
}

GANS = tuple(_CLASSES)


def get(name: str):
    """Returns the class of model `name`."""
    if name not in _CLASSES:
        raise ValueError(f"`name` must be one of {', '.join(GANS)}. Received: name={name!r}")
    module, cls = _CLASSES[name]
    return getattr(importlib.import_module(module), cls)
