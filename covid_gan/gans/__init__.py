"""The algorithms: each module of the map exports a subclass of `Gan` whose `train_step` is the algorithm.

This file is the only map from a model's name to its code. A module is imported
when it is asked for, so that reading the names costs nothing.
"""

import importlib

from covid_gan import penalties

_CLASSES = {
    "dcgan": ("covid_gan.gans.dcgan", "Dcgan"),
    "wgan": ("covid_gan.gans.wgan", "Wgan"),
    "wgan_gp": ("covid_gan.gans.wgan_gp", "WganGp"),
}

GANS = tuple(_CLASSES)

# What each model takes where the user says nothing. A setting that a model lacks here is not one of it.
_COMMON = {
    "discriminator_steps": 1,
    "penalty_weight": None,
    "dropout": 0.0,
    "augment": (),
    "ema_half_life": 10_000.0,
}
# What was found on 349 scans, and for how long they are trained: experiments/defaults.md.
_SMALL_DATA = {"augment": ("cutout",), "ema_half_life": 5_000.0}
DEFAULTS = {
    "dcgan": {
        **_COMMON,
        "learning_rate": 2e-4,
        "beta_1": 0.5,
        "beta_2": 0.999,
        "generator_steps": 1,
        "loss": "non_saturating",
        "penalty": "none",
        "discriminator_normalization": "batch",
        "dropout": 0.1,
        "upsample": "resize",
        **_SMALL_DATA,
    },
    # Arjovsky et al. 2017, Algorithm 1 and section 4.
    "wgan": {
        **_COMMON,
        "penalty_weight": penalties.WEIGHTS["clip"],
        "learning_rate": 5e-5,
        "discriminator_steps": 5,
        "discriminator_normalization": "batch",
        "upsample": "transpose",
    },
    # Gulrajani et al. 2017, Algorithm 1 and section 4, but for 2 critic steps (5 there), a rate of 1e-3 (1e-4),
    # a beta_2 of 0.99 (0.9), and dropout, without which the critic learns a few hundred scans by heart.
    "wgan_gp": {
        **_COMMON,
        "penalty_weight": penalties.WEIGHTS["gradient_penalty"],
        "learning_rate": 1e-3,
        "beta_1": 0.0,
        "beta_2": 0.99,
        "dropout": 0.2,
        "discriminator_steps": 2,
        "discriminator_normalization": "layer",
        "upsample": "resize",
        **_SMALL_DATA,
    },
}


def get(name: str):
    """Returns the class of model `name`."""
    if name not in _CLASSES:
        raise ValueError(f"`name` must be one of {', '.join(GANS)}. Received: name={name!r}")
    module, cls = _CLASSES[name]
    return getattr(importlib.import_module(module), cls)
