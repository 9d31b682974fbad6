"""The networks: each module of the map exports a `Generator` and a `Discriminator`.

This file is the only map from a network's name to its code. A module is
imported when it is asked for, so that reading the names costs nothing.
"""

import importlib

_MODULES = {
    "dcgan": "covid_gan.networks.dcgan",
    "polanco64": "covid_gan.networks.polanco64",
    "ucla128": "covid_gan.networks.ucla128",
}

NETWORKS = tuple(_MODULES)


def get(name: str):
    """Returns the module of network `name`, with its `Generator` and `Discriminator`."""
    if name not in _MODULES:
        raise ValueError(f"`name` must be one of {', '.join(NETWORKS)}. Received: name={name!r}")
    return importlib.import_module(_MODULES[name])
