"""How many generated images are no closer to a training scan than other scans are."""

import numpy as np

from covid_gan.metrics.checks import check_feature_pair
from covid_gan.metrics.distances import squared_distances, squared_neighbour_distances


def authenticity(real: np.ndarray, fake: np.ndarray) -> float:
    """The share of generated images that cannot be taken for a copy of a training scan.

    An image is authentic if it lies farther from its nearest training scan than that scan lies from
    the nearest other one. Fresh scans do not reach 1, as some have a twin in the training set by
    chance: compare with the share between two halves of the scans.

    Args:
        real: floats [n, d], n ≥ 16: of the scans that the generator was trained on.
        fake: floats [m, d], m ≥ 16.

    Returns:
        0 for copies to 1.

    Raises:
        TooFewError: too few rows.
        ValueError: another type, dimensions that differ, not finite, or real features that are all equal.

    Reference:
        Alaa et al. 2022, section 3.3, https://arxiv.org/abs/2102.08921
    """
    check_feature_pair(real, fake)
    own = squared_neighbour_distances(real)
    authentic = 0
    for _, squares in squared_distances(fake, real):
        nearest = squares.argmin(axis=1)
        authentic += np.count_nonzero(squares[np.arange(len(squares)), nearest] > own[nearest])
    return authentic / len(fake)
