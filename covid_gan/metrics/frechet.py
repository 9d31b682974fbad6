"""Fréchet distance (FID): how far apart the means and covariances of two sets of features lie."""

import numpy as np

from covid_gan.metrics.checks import TooFewError, check_feature_pair


def needed(dimension: int) -> int:
    """How many images of each set `frechet_distance` needs at least: one more than dimensions."""
    return dimension + 1


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """The squared Fréchet distance of the Gaussians with the sets' means and covariances.

    |μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁Σ₂)^½). Even between samples of one distribution it is above 0,
    the more so the fewer they are; only values of equally many images can be compared.

    Args:
        real: floats [n, d], n > d and n ≥ 16.
        fake: floats [m, d], m > d and m ≥ 16.

    Returns:
        0 or more, in squares of the features' unit.

    Raises:
        TooFewError: too few rows. With d or fewer a covariance is singular, and the number would
            mostly say how many there are.
        ValueError: another type, dimensions that differ, not finite, or real features that are all equal.

    Reference:
        Heusel et al. 2017, https://arxiv.org/abs/1706.08500
    """
    check_feature_pair(real, fake)
    dimension = real.shape[1]
    if min(len(real), len(fake)) < needed(dimension):
        raise TooFewError(
            f"features of {dimension} dimensions need at least {needed(dimension)} images in `real` and "
            f"in `fake`. Received: {len(real)} and {len(fake)}"
        )
    (first_mean, first_root), (second_mean, second_root) = _moments(real), _moments(fake)
    # (Σ₁Σ₂)^½ has the trace of the singular values of R₁R₂ᵀ, where Σ = RᵀR: no square root of a
    # matrix, which rounding can make complex.
    cross = np.linalg.svd(first_root @ second_root.T, compute_uv=False).sum()
    spread = np.square(first_root).sum() + np.square(second_root).sum() - 2 * cross
    return max(0.0, float(np.square(first_mean - second_mean).sum() + spread))


def _moments(features):
    """The mean, and a triangular root R of the covariance RᵀR, float64 [d] and [d, d]."""
    features = features.astype(np.float64)
    mean = features.mean(axis=0)
    return mean, np.linalg.qr(features - mean, mode="r") / np.sqrt(len(features) - 1)
