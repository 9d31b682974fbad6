"""How far apart two halves of the real data lie: the value that no generator need go below."""

import dataclasses
from collections.abc import Callable

import numpy as np

from covid_gan.metrics.checks import LEAST_IMAGES, check_images


@dataclasses.dataclass(frozen=True)
class Floor:
    """A measure between halves of the real data.

    Attributes:
        mean: over the halvings; a float, or an array of the measure's shape.
        spread: the standard deviation over the halvings, of the same shape.
    """

    mean: float | np.ndarray
    spread: float | np.ndarray


def between_halves(real: np.ndarray, measure: Callable, halvings: int = 10, seed: int = 0) -> Floor:
    """Applies a measure to random halves of the real images.

    A half has fewer images than the whole, so the floor lies a little above what a perfect
    generator reaches against all of them.

    Args:
        real: uint8 [n, H, W, 1], n ≥ 32; of an odd number the last of the order is in the first half.
        measure: of two sets of images, real and fake; gives a number or a sequence of numbers.
        halvings: 2 or more.
        seed: of the halvings.

    Raises:
        ValueError: too few images or halvings, or as `measure`.
    """
    check_images("real", real, least=2 * LEAST_IMAGES)
    if halvings < 2:
        raise ValueError(f"`halvings` must be at least 2, for a spread. Received: halvings={halvings}")
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(halvings):
        first, second = np.array_split(rng.permutation(len(real)), 2)
        values.append(measure(real[first], real[second]))
    values = np.asarray(values, np.float64)
    mean, spread = values.mean(axis=0), values.std(axis=0, ddof=1)
    return Floor(mean, spread) if values.ndim > 1 else Floor(float(mean), float(spread))
