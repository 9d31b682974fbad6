"""The signs of a collapse: images and weights in, numbers and findings out.

The thresholds are far from what a healthy DCGAN shows on COVID-CT at 64 pixels, from step 250 to
6000: a diversity of 0.8 or more, images with the contrast of scans, weights that hardly grow, and a
discriminator that is right for 560 steps in a row at most.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from covid_gan.metrics import mean_pair_distance

# The signs' names: shared by TensorBoard and the rules.
BLACK_SHARE = "black_share"  # of the generated images
CONSTANT_SHARE = "constant_share"  # of the generated images
DIVERSITY = "diversity"  # mean pair distance relative to real scans
SURE_STEPS = "sure_steps"  # steps in a row in which the discriminator made no mistake
LARGEST_LOSS = "largest_loss"
WEIGHT_GROWTH = "weight_growth"  # norm of all weights relative to the start

# A black image has less than this part of the mean brightness of real scans, a constant one less
# than this part of the standard deviation within them.
_BLACK, _CONSTANT = 0.1, 0.1
# Of more real scans only so many are compared with each other.
_SCANS = 512


@dataclasses.dataclass(frozen=True)
class Normal:
    """What signs are relative to.

    Attributes:
        brightness: mean grey level of real scans.
        spread: median standard deviation of the grey levels within a real scan.
        distance: mean distance between two real scans, in grey levels; 0 for a single one.
        weight_norm: of all weights before the first step.
    """

    brightness: float
    spread: float
    distance: float
    weight_norm: float


def normal(real: np.ndarray, weight_norm: float) -> Normal:
    """What is normal for a data set.

    Args:
        real: uint8 [n, H, W, 1]; the first 512 are taken.
        weight_norm: of all weights before the first step.
    """
    real = real[:_SCANS]
    distance = mean_pair_distance(real) if len(real) > 1 else 0.0
    return Normal(float(real.mean()), float(np.median(_spreads(real))), distance, weight_norm)


def signs(
    images: np.ndarray, weight_norm: float, values: dict[str, float], sure_steps: int, to: Normal
) -> dict[str, float]:
    """Measures a generator's images and the state of a training.

    Args:
        images: uint8 [n, H, W, 1], n ≥ 2, of the generator's last weights.
        weight_norm: of all weights of both networks.
        values: the losses by name.
        sure_steps: steps in a row in which the discriminator made no mistake.
        to: what they are relative to.

    Returns:
        A number for each name above; `DIVERSITY` only where the real scans differ.
    """
    found = {
        BLACK_SHARE: float(np.mean(images.mean(axis=(1, 2, 3)) < _BLACK * to.brightness)),
        CONSTANT_SHARE: float(np.mean(_spreads(images) < _CONSTANT * to.spread)),
        LARGEST_LOSS: max(map(abs, values.values())),
        WEIGHT_GROWTH: weight_norm / to.weight_norm,
        SURE_STEPS: float(sure_steps),
    }
    if to.distance > 0:
        found[DIVERSITY] = mean_pair_distance(images) / to.distance
    return found


@dataclasses.dataclass(frozen=True)
class Rule:
    """When a sign means a collapse.

    Attributes:
        says: what is wrong, as a sentence without its full stop.
        is_bad: signs → whether it looks so.
        looks: how many looks in a row must be bad.
        of_images: it is about images, which are all alike before the generator has learned anything.
    """

    says: str
    is_bad: Callable[[dict[str, float]], bool]
    looks: int
    of_images: bool


# Name -> rule; checkpoints hold a number for each, in this order.
RULES = {
    "black": Rule("more than half of the images are black", lambda s: s[BLACK_SHARE] > 0.5, 3, True),
    "constant": Rule(
        "more than half of the images are nearly constant", lambda s: s[CONSTANT_SHARE] > 0.5, 3, True
    ),
    "alike": Rule(
        "the images differ from each other less than a fifth of what real scans do",
        lambda s: s.get(DIVERSITY, 1.0) < 0.2,
        3,
        True,
    ),
    "won": Rule(
        "the discriminator has made no mistake for about 2000 steps, and has won",
        lambda s: s[SURE_STEPS] >= 1000,
        20,
        False,
    ),
    "exploding": Rule(
        "a loss is above 10^5, or the weights have grown thirtyfold",
        lambda s: not (s[LARGEST_LOSS] < 1e5 and s[WEIGHT_GROWTH] < 30),
        3,
        False,
    ),
}


def _spreads(images):
    """The standard deviation of the grey levels within each image."""
    return images.reshape(len(images), -1).std(axis=1, dtype=np.float64)
