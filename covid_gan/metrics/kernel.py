"""Kernel distance (KID): how far apart two sets of features lie, without bias at any size."""

import dataclasses
from statistics import NormalDist

import numpy as np

from covid_gan.metrics.checks import check_feature_pair

# Rows and columns whose kernel values are in memory together: 32 MB of float64.
_BLOCK = 2048


def kernel_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """The unbiased squared maximum mean discrepancy of a cubic kernel, (x·y / d + 1)³.

    Memory does not grow with n·m; time does.

    Args:
        real: floats [n, d], n ≥ 16.
        fake: floats [m, d], m ≥ 16.

    Returns:
        0 on average for samples of one distribution, and so below 0 as often as not; it has the
        scale of the features, so only values of one extractor can be compared.

    Raises:
        TooFewError: too few rows.
        ValueError: another type, dimensions that differ, not finite, or real features that are all equal.

    Reference:
        Bińkowski et al. 2018, https://arxiv.org/abs/1801.01401
    """
    check_feature_pair(real, fake)
    return _distance(_sums(real, real), _sums(fake, fake), _sums(real, fake))


def kernel_distance_interval(real: np.ndarray, fake: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """A confidence interval of what `kernel_distance` estimates.

    It lies around the estimate, as wide as its standard error says. A bootstrap would be too wide
    where it matters, near 0: there the distance no longer depends on single samples but on
    pairs, and redrawing samples counts their noise about three times.

    Args:
        real: floats [n, d], n ≥ 16, drawn independently: for slices of a few patients it is too narrow.
        fake: floats [m, d], m ≥ 16.
        level: the share of such intervals that hold the true distance, between 0 and 1.

    Returns:
        Its low and high end.

    Raises:
        TooFewError, ValueError: as `kernel_distance`, or `level` is not between 0 and 1.
    """
    check_feature_pair(real, fake)
    if not 0 < level < 1:
        raise ValueError(f"`level` must be between 0 and 1. Received: level={level}")
    sums = _sums(real, real), _sums(fake, fake), _sums(real, fake)
    value = _distance(*sums)
    reach = NormalDist().inv_cdf((1 + level) / 2) * _variance(*sums) ** 0.5
    return value - reach, value + reach


@dataclasses.dataclass(frozen=True)
class _Sums:
    """Kernel values of all pairs of two sets, or of all pairs of different samples of one.

    Attributes:
        rows: float64 [n], summed over the second set.
        columns: float64 [m], summed over the first.
        squares: the sum of their squares.
    """

    rows: np.ndarray
    columns: np.ndarray
    squares: float

    @property
    def total(self) -> float:
        return self.rows.sum()


def _sums(first, second):
    rows, columns, squares = np.zeros(len(first)), np.zeros(len(second)), 0.0
    for top in range(0, len(first), _BLOCK):
        down = slice(top, top + _BLOCK)
        for left in range(0, len(second), _BLOCK):
            across = slice(left, left + _BLOCK)
            kernel = first[down].astype(np.float64) @ second[across].T.astype(np.float64)
            kernel = (kernel / first.shape[1] + 1) ** 3
            if first is second and top == left:
                np.fill_diagonal(kernel, 0)
            rows[down] += kernel.sum(axis=1)
            columns[across] += kernel.sum(axis=0)
            squares += np.vdot(kernel, kernel)
    return _Sums(rows, columns, squares)


def _distance(real, fake, between):
    n, m = len(real.rows), len(fake.rows)
    return float(
        real.total / _arrangements(n, 2)
        + fake.total / _arrangements(m, 2)
        - 2 * between.total / (n * m)
    )


def _variance(real, fake, between):
    """The variance of the distance, each term of its Hoeffding decomposition without bias.

    With f(x) the mean kernel value of a real sample x with another real one less that with a
    generated one, g(y) the same for a generated one, and h(·, ·) the kernel less its means over
    either argument, it is 4 var f / n + 4 var g / m + 2 mean h(x, x')² / n(n - 1)
    + 2 mean h(y, y')² / m(m - 1) + 4 mean h(x, y)² / nm. Products of means are taken over
    different samples only.
    """
    n, m = len(real.rows), len(fake.rows)
    # Products of two kernel values, real with generated, that share a real sample, a generated one, or none.
    share_real = (between.rows @ between.rows - between.squares) / (n * _arrangements(m, 2))
    share_fake = (between.columns @ between.columns - between.squares) / (m * _arrangements(n, 2))
    share_none = between.total**2 - between.rows @ between.rows - between.columns @ between.columns
    share_none = (share_none + between.squares) / (_arrangements(n, 2) * _arrangements(m, 2))
    pairs = between.squares / (n * m) - share_real - share_fake + share_none
    single_real, pairs_real = _own_terms(real, between.rows, m, share_real, share_none)
    single_fake, pairs_fake = _own_terms(fake, between.columns, n, share_fake, share_none)
    single = 4 * single_real / n + 4 * single_fake / m
    second = 2 * pairs_real / _arrangements(n, 2) + 2 * pairs_fake / _arrangements(m, 2) + 4 * pairs / (n * m)
    # Either is 0 or more; its estimate need not be.
    return max(single, 0.0) + max(second, 0.0)


def _own_terms(own, between, others, share_own, share_none):
    """var f and mean h(x, x')² of one set, given its samples' kernel values with `others` samples."""
    n = len(own.rows)
    squares = own.rows @ own.rows
    one = (squares - own.squares) / _arrangements(n, 3)
    none = (own.total**2 - 4 * squares + 2 * own.squares) / _arrangements(n, 4)
    cross = own.rows @ between
    cross_one = cross / (_arrangements(n, 2) * others)
    cross_none = (own.total * between.sum() - 2 * cross) / (_arrangements(n, 3) * others)
    single = one - none - 2 * (cross_one - cross_none) + share_own - share_none
    return single, own.squares / _arrangements(n, 2) - 2 * one + none


def _arrangements(n, k):
    """n·(n - 1)···, k factors: how often k different samples can be taken, in order."""
    return float(np.prod(np.arange(n - k + 1, n + 1, dtype=np.float64)))
