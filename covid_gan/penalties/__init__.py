"""What holds a discriminator back: a term of its loss, a limit of its weights, or other gradients.

This file is the only map from a penalty's name to its code. A module is imported when
it is asked for, so that reading the names costs nothing. `pairs` says which losses a
penalty goes with.
"""

import dataclasses
import importlib
from collections.abc import Callable

_GRADIENTS = "covid_gan.penalties.gradients"

# The field of `Penalty` that is set, and the module and function it is set to.
_PENALTIES = {
    "none": None,
    "gradient_penalty": ("term", _GRADIENTS, "gradient_penalty_term"),
    "r1": ("term", _GRADIENTS, "r1_term"),
    "r2": ("term", _GRADIENTS, "r2_term"),
    "r1_r2": ("term", _GRADIENTS, "r1_r2_term"),
    "dragan": ("term", _GRADIENTS, "dragan_term"),
    "clip": ("clip", "covid_gan.penalties.weights", "clip_weights"),
    "consensus": ("gradients", "covid_gan.penalties.consensus", "consensus_gradients"),
}

PENALTIES = tuple(_PENALTIES)

# What each penalty is multiplied by unless it is told otherwise; for `clip`, the limit of a weight.
WEIGHTS = {
    "gradient_penalty": 10.0,  # Gulrajani et al. 2017, Algorithm 1
    "r1": 10.0,  # γ of Mescheder et al. 2018, section 6; the half is in the term
    "r2": 10.0,  # the same
    "r1_r2": 0.2,  # γ of Huang et al. 2024 at 64 px: from 2 down to 0.2
    "dragan": 10.0,  # Kodali et al. 2017, Algorithm 1
    "clip": 0.01,  # Arjovsky et al. 2017, Algorithm 1
    "consensus": 10.0,  # γ of Mescheder et al. 2017, in their released experiments on images
}


@dataclasses.dataclass(frozen=True)
class Penalty:
    """One way to hold a discriminator back; at most one of the three functions is not None.

    Args:
        name: one of `PENALTIES`.
        weight: from `WEIGHTS`; None for "none".
        term: (discriminator, real, fake, mix, noise) → float32 scalar, which times `weight` is added
            to the discriminator's loss. `discriminator` is any function of images [n, H, W, 1] to
            logits [n, 1]; mix [n, 1, 1, 1] and noise [n, H, W, 1] are uniform in [0, 1).
        clip: (variables, limit): see `weights.clip_weights`; called after each update.
        gradients: (play, d_variables, g_variables, weight) → both players' gradients: see
            `consensus.consensus_gradients`; they replace the plain ones.
    """

    name: str
    weight: float | None = None
    term: Callable | None = None
    clip: Callable | None = None
    gradients: Callable | None = None


def get(name: str) -> Penalty:
    """Returns the penalty `name`.

    Raises:
        ValueError: there is no such penalty.
    """
    if name not in _PENALTIES:
        raise ValueError(f"`name` must be one of {', '.join(PENALTIES)}. Received: name={name!r}")
    if _PENALTIES[name] is None:
        return Penalty(name)
    field, module, function = _PENALTIES[name]
    code = getattr(importlib.import_module(module), function)
    return Penalty(name, WEIGHTS[name], **{field: code})
