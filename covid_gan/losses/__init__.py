"""The losses of the two players, as pairs `<name>_discriminator_loss`, `<name>_generator_loss` of functions.

This file is the only map from a loss's name to its code. A module is imported when
it is asked for, so that reading the names costs nothing.
"""

import dataclasses
import importlib
from collections.abc import Callable

_GAME = "covid_gan.losses.game"
_F_DIVERGENCES = "covid_gan.losses.f_divergences"

# The module, and the logit of a discriminator that cannot tell; None where only differences of logits count.
_LOSSES = {
    "non_saturating": (_GAME, 0.0),
    "minimax": (_GAME, 0.0),
    "wasserstein": (_GAME, None),
    "hinge": (_GAME, 0.0),
    "least_squares": (_GAME, 0.5),
    "relativistic": (_GAME, None),
    "kl": (_F_DIVERGENCES, 1.0),
    "reverse_kl": (_F_DIVERGENCES, 0.0),
    "pearson": (_F_DIVERGENCES, 0.0),
    "jensen_shannon": (_F_DIVERGENCES, 0.0),
}
# Whose generator's loss compares generated images with real ones.
_PAIRED = ("relativistic",)

LOSSES = tuple(_LOSSES)


@dataclasses.dataclass(frozen=True)
class Loss:
    """What each player minimises: functions of logits [n, 1], larger for real, to a float32 scalar.

    Args:
        name: one of `LOSSES`.
        discriminator: (real_logits, fake_logits) → its loss, the mean over the batch.
        generator: (real_logits, fake_logits) → its loss; `real_logits` may be None unless `uses_real`.
        uses_real: whether the generator's loss looks at `real_logits`.
        threshold: a logit above it says real; None where a single logit says nothing, so that only
            real and generated ones can be compared.
    """

    name: str
    discriminator: Callable
    generator: Callable
    uses_real: bool
    threshold: float | None


def get(name: str) -> Loss:
    """Returns the loss `name`.

    Raises:
        ValueError: there is no such loss.
    """
    if name not in _LOSSES:
        raise ValueError(f"`name` must be one of {', '.join(LOSSES)}. Received: name={name!r}")
    path, threshold = _LOSSES[name]
    module = importlib.import_module(path)
    generator = getattr(module, f"{name}_generator_loss")
    paired = name in _PAIRED
    return Loss(
        name=name,
        discriminator=getattr(module, f"{name}_discriminator_loss"),
        generator=generator if paired else _ignoring_real(generator),
        uses_real=paired,
        threshold=threshold,
    )


def _ignoring_real(generator_loss: Callable) -> Callable:
    return lambda real_logits, fake_logits: generator_loss(fake_logits)
