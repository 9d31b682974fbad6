"""How far apart two halves of the real data lie: the value that no generator need go below."""

import dataclasses
from collections.abc import Callable

import numpy as np

from covid_gan.metrics.checks import LEAST_IMAGES, check_features, check_images

# Which values of a measure are good.
LOWER, HIGHER, REAL = "lower", "higher", "real"


@dataclasses.dataclass(frozen=True)
class Floor:
    """A measure between halves of the real data.

    Attributes:
        mean: over the halvings; a float, or an array of the measure's shape.
        spread: the standard deviation over the halvings, of the same shape.
    """

    mean: float | np.ndarray
    spread: float | np.ndarray


def between_halves(
    real: np.ndarray, measure: Callable, halvings: int = 10, seed: int = 0
) -> Floor | dict[str, Floor]:
    """Applies a measure to random halves of the real images, or of their features.

    A half has fewer images than the whole, so the floor lies a little above what a perfect
    generator reaches against all of them.

    Args:
        real: uint8 [n, H, W, 1] or floats [n, d], n ≥ 32; of an odd number the last of the order is
            in the first half.
        measure: of two sets of images, real and fake; gives a number, a sequence of numbers, or a dict
            of numbers with the same keys for each halving.
        halvings: 2 or more.
        seed: of the halvings.

    Returns:
        The floor; for a dict one for each key.

    Raises:
        TooFewError: too few images.
        ValueError: too few halvings, or as `measure`.
    """
    check = check_features if np.ndim(real) == 2 else check_images
    check("real", real, least=2 * LEAST_IMAGES)
    if halvings < 2:
        raise ValueError(f"`halvings` must be at least 2, for a spread. Received: halvings={halvings}")
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(halvings):
        first, second = np.array_split(rng.permutation(len(real)), 2)
        values.append(measure(real[first], real[second]))
    if isinstance(values[0], dict):
        return {key: _floor([numbers[key] for numbers in values]) for key in values[0]}
    return _floor(values)


def _floor(values):
    values = np.asarray(values, np.float64)
    mean, spread = values.mean(axis=0), values.std(axis=0, ddof=1)
    return Floor(mean, spread) if values.ndim > 1 else Floor(float(mean), float(spread))


def floor_ratio(value: float, floor: Floor, direction: str) -> float:
    """How good a measure of generated images is beside its floor.

    With `LOWER` it is floor / value, of which 0 is best. The floor is the root mean square over the
    halvings: the mean for a distance above 0, and the noise for one without bias, whose floor lies
    around 0 and may be below. With `HIGHER` it is value / floor. With `REAL` more than real images
    have is as bad as less: the smaller of the two quotients.

    Args:
        value: of the measure.
        floor: of the same, of numbers rather than arrays.
        direction: `LOWER`, `HIGHER` or `REAL`.

    Returns:
        0 to 1: 1 is as good as real, and nothing is better.

    Raises:
        ValueError: another direction.
    """
    if direction == LOWER:
        return _quotient(float(np.hypot(floor.mean, floor.spread)), value)
    if direction == HIGHER:
        return _quotient(value, floor.mean)
    if direction == REAL:
        return min(_quotient(value, floor.mean), _quotient(floor.mean, value))
    raise ValueError(f"`direction` must be {LOWER}, {HIGHER} or {REAL}. Received: {direction!r}")


def _quotient(one, other):
    """one / other, not below 0 nor above 1, which it is if `one` reaches `other`."""
    return 1.0 if one >= other else max(one, 0.0) / other
