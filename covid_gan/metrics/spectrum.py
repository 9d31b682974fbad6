"""How far the power spectra of two sets of images lie apart: blur, speckle and checkerboards."""

import functools

import numpy as np

from covid_gan.metrics.checks import check_images, check_pair, check_square

# The smallest side in pixels, for which there are three radii.
SMALLEST = 8
# Images that are transformed together.
_BLOCK = 128


def radial_spectrum(images: np.ndarray) -> np.ndarray:
    """The radially averaged power spectrum of a set of images.

    Each image less its mean, |FFT|², averaged over the images and then over the frequencies of
    each radius, which is rounded to the nearest integer.

    Args:
        images: uint8 [n, H, H, 1], n ≥ 1, H ≥ 8.

    Returns:
        float64 [H // 2 - 1], the power at 1, 2, …, H // 2 - 1 cycles per side. White noise of
        standard deviation s grey levels has s²·H² everywhere.

    Raises:
        ValueError: another type or shape, or no image.
    """
    check_images("images", images, least=1)
    check_square(images, SMALLEST)
    size = images.shape[1]
    power = np.zeros((size, size))
    for start in range(0, len(images), _BLOCK):
        block = images[start : start + _BLOCK, ..., 0].astype(np.float64)
        block -= block.mean(axis=(1, 2), keepdims=True)
        power += (np.abs(np.fft.fft2(block)) ** 2).sum(axis=0)
    radii = _radii(size).ravel()
    rings = np.bincount(radii, power.ravel()) / np.bincount(radii)
    return rings[1 : size // 2] / len(images)


def spectrum_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """The mean absolute difference of the natural logs of two sets' radially averaged power spectra.

    Args:
        real: uint8 [n, H, H, 1], n ≥ 16, H ≥ 8.
        fake: uint8 [m, H, H, 1], m ≥ 16.

    Returns:
        Log units; 0 for equal spectra, 2·|ln c| where one set has c times the other's contrast.

    Raises:
        ValueError: too few images, another type, sizes that differ, not square, or a set without
            any power at some radius, such as constant images.

    Reference:
        Durall et al. 2020 (the radial averaging), https://arxiv.org/abs/2003.01826
    """
    check_pair(real, fake)
    logs = [_log(name, radial_spectrum(images)) for name, images in (("real", real), ("fake", fake))]
    return float(np.abs(logs[0] - logs[1]).mean())


def _log(name, spectrum):
    if not (spectrum > 0).all():
        raise ValueError(
            f"`{name}` must have structure at every radius. Received: images without any at "
            f"{np.flatnonzero(spectrum <= 0)[0] + 1} cycles per side, such as constant images"
        )
    return np.log(spectrum)


@functools.lru_cache
def _radii(size):
    """The distance of each frequency from 0, rounded, int [size, size]."""
    frequency = np.fft.fftfreq(size, 1 / size)
    return np.rint(np.hypot(frequency[:, None], frequency)).astype(int)
