"""How many grey levels the images of two sets use, and how evenly."""

import numpy as np

from covid_gan.metrics.checks import check_images, check_pair

LEVELS = 256


def image_entropies(images: np.ndarray) -> np.ndarray:
    """The Shannon entropy of each image's histogram of grey levels.

    Args:
        images: uint8 [n, H, W, 1], n ≥ 1.

    Returns:
        float64 [n], bits: 0 for an image of one grey level, 8 for equally many pixels of each of the
        256; never more than log₂(H·W), which is 12 at 64 × 64 pixels.

    Raises:
        ValueError: another type or shape, or no image.
    """
    check_images("images", images, least=1)
    counts = np.stack([np.bincount(image.ravel(), minlength=LEVELS) for image in images])
    shares = counts / counts.sum(axis=1, keepdims=True)
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.abs((shares * logs).sum(axis=1))


def mean_entropy(images: np.ndarray) -> float:
    """The mean of `image_entropies`, in bits."""
    return float(image_entropies(images).mean())


def entropy_difference(real: np.ndarray, fake: np.ndarray) -> float:
    """How far apart the mean entropies of two sets lie.

    Args:
        real: uint8 [n, H, W, 1], n ≥ 16.
        fake: uint8 [m, H, W, 1], m ≥ 16.

    Returns:
        Bits, 0 to 8.

    Raises:
        ValueError: too few images, another type, or sizes that differ.

    Reference:
        Shannon 1948, https://doi.org/10.1002/j.1538-7305.1948.tb01338.x
    """
    check_pair(real, fake)
    return abs(mean_entropy(real) - mean_entropy(fake))
