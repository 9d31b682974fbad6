"""Kernel distance (KID): how far apart two sets of features lie, without bias at any size."""

import numpy as np

from covid_gan.metrics.checks import check_feature_pair

# Times that samples are redrawn for an interval, and samples of a set that are.
DRAWS = 1000
MOST_REDRAWN = 2000
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
    return float(_distances(real, fake, np.ones((1, len(real))), np.ones((1, len(fake))))[0])


def kernel_distance_interval(
    real: np.ndarray, fake: np.ndarray, level: float = 0.95, draws: int = DRAWS, seed: int = 0
) -> tuple[float, float]:
    """A bootstrap confidence interval of what `kernel_distance` estimates.

    The samples of both sets are redrawn with repetition. Two copies of one sample are no pair: they
    are as alike as can be, and would move all redrawn distances up. From 60 samples on, 92 to
    99 in 100 intervals of level 0.95 hold a distance that is above 0. At 0 nearly all do, as they
    are about 1.7 times as wide as need be there: redrawing samples counts the noise of pairs
    three times.

    Args:
        real: floats [n, d], n ≥ 16, drawn independently: for many slices of few patients it is too narrow.
        fake: floats [m, d], m ≥ 16.
        level: the share of such intervals that should hold the true distance, between 0 and 1.
        draws: how often samples are redrawn.
        seed: of the draws.

    Returns:
        Its low and high end. Of more than 2,000 samples in a set, 2,000 drawn at random say how
        wide it is; it is wider than need be then.

    Raises:
        TooFewError, ValueError: as `kernel_distance`, `level` not between 0 and 1, or no draws.
    """
    check_feature_pair(real, fake)
    if not 0 < level < 1:
        raise ValueError(f"`level` must be between 0 and 1. Received: level={level}")
    if draws < 1:
        raise ValueError(f"`draws` must be at least 1. Received: draws={draws}")
    rng = np.random.default_rng(seed)
    some_real, some_fake = _at_most(real, rng), _at_most(fake, rng)
    shift = kernel_distance(real, fake) - kernel_distance(some_real, some_fake)
    redrawn = _distances(some_real, some_fake, *(_counts(len(s), draws, rng) for s in (some_real, some_fake)))
    low, high = np.quantile(redrawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low + shift), float(high + shift)


def _at_most(samples, rng):
    return samples if len(samples) <= MOST_REDRAWN else rng.permutation(samples)[:MOST_REDRAWN]


def _counts(count, draws, rng):
    """How often each sample is among `count` redrawn ones, float64 [draws, count]."""
    return rng.multinomial(count, np.full(count, 1 / count), draws).astype(np.float64)


def _distances(real, fake, real_counts, fake_counts):
    """The distance of sets that hold each sample as often as a row of the counts says, [draws]."""
    return (
        _mean_within(real, real_counts)
        + _mean_within(fake, fake_counts)
        - 2
        * _sums(real, fake, real_counts, fake_counts)
        / (real_counts.sum(axis=1) * fake_counts.sum(axis=1))
    )


def _mean_within(samples, counts):
    """The mean kernel value of the pairs of different samples."""
    own = (np.einsum("ij,ij->i", samples, samples, dtype=np.float64) / samples.shape[1] + 1) ** 3
    copies = np.square(counts)
    return (_sums(samples, samples, counts, counts) - copies @ own) / (
        counts.sum(axis=1) ** 2 - copies.sum(axis=1)
    )


def _sums(first, second, first_counts, second_counts):
    """The sums of the kernel values of all pairs, each as often as both counts say."""
    sums = np.zeros(len(first_counts))
    for top in range(0, len(first), _BLOCK):
        down = slice(top, top + _BLOCK)
        for left in range(0, len(second), _BLOCK):
            across = slice(left, left + _BLOCK)
            kernel = first[down].astype(np.float64) @ second[across].T.astype(np.float64)
            kernel = (kernel / first.shape[1] + 1) ** 3
            sums += np.einsum("ij,ij->i", first_counts[:, down] @ kernel, second_counts[:, across])
    return sums
