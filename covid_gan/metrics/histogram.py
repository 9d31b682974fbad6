"""How far the grey levels of two sets of images lie apart."""

import numpy as np

from covid_gan.metrics.checks import check_images, check_pair

LEVELS = 256
# Images that are counted together.
_BLOCK = 512


def histogram(images: np.ndarray) -> np.ndarray:
    """The share of each grey level in a set of images.

    Args:
        images: uint8 [n, H, W, 1], n ≥ 1.

    Returns:
        float64 [256], of sum 1.

    Raises:
        ValueError: another type or shape, or no image.
    """
    check_images("images", images, least=1)
    counts = np.zeros(LEVELS, np.int64)
    for start in range(0, len(images), _BLOCK):
        counts += np.bincount(images[start : start + _BLOCK].ravel(), minlength=LEVELS)
    return counts / images.size


def histogram_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """The Wasserstein-1 distance between the grey-level histograms of two sets.

    It is the mean number of grey levels by which the pixels of one set must be moved to get the
    histogram of the other.

    Args:
        real: uint8 [n, H, W, 1], n ≥ 16.
        fake: uint8 [m, H, W, 1], m ≥ 16.

    Returns:
        Grey levels, 0 to 255; 0 for equal histograms.

    Raises:
        ValueError: too few images, another type, or sizes that differ.
    """
    check_pair(real, fake)
    return float(np.abs(np.cumsum(histogram(real) - histogram(fake))).sum())
