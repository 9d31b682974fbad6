"""Judges generated images against real scans: arrays in, numbers out.

This file is the only map from a measure's name to its code.
"""

import numpy as np

from covid_gan.metrics.diversity import distinct_count, diversity_ratio, mean_pair_distance
from covid_gan.metrics.floor import Floor, between_halves
from covid_gan.metrics.histogram import histogram_distance
from covid_gan.metrics.spectrum import spectrum_distance
from covid_gan.metrics.swd import level_sizes, sliced_wasserstein

__all__ = [
    "DISTINCT",
    "DISTINCT_OF",
    "DIVERSITY",
    "DIVERSITY_BLURRED",
    "HISTOGRAM",
    "MEASURES",
    "SPECTRUM",
    "SWD",
    "Floor",
    "between_halves",
    "distinct_count",
    "diversity_ratio",
    "histogram_distance",
    "mean_pair_distance",
    "pixel_floor",
    "pixel_report",
    "sliced_wasserstein",
    "spectrum_distance",
    "swd_keys",
]

# Pixels of blur before images are compared with each other, so that speckle earns nothing.
BLUR = 2.0
# Images among which those that remain after merging are counted.
DISTINCT_OF = 64

# The keys of a report, shared by what writes and what reads them.
SPECTRUM = "spectrum"  # natural log units, 0 is best
SWD = "swd"  # `swd_keys`, standard deviations of real patches, 0 is best
HISTOGRAM = "histogram_w1"  # grey levels, 0 is best
DIVERSITY = "diversity"  # 1 is best
DIVERSITY_BLURRED = "diversity_blurred"  # the same after a blur of `BLUR` pixels
DISTINCT = f"distinct_of_{DISTINCT_OF}"  # images after a blur of `BLUR` pixels, up to `DISTINCT_OF`


def _distinct(real, fake, seed):
    """`distinct_count` of `DISTINCT_OF` generated images, drawn without repetition."""
    if len(fake) < DISTINCT_OF:
        raise ValueError(f"`fake` needs at least {DISTINCT_OF} images. Received: {len(fake)}")
    drawn = np.random.default_rng(seed).permutation(len(fake))[:DISTINCT_OF]
    return distinct_count(real, fake[drawn], BLUR)


# Name -> function of (real, fake, seed); a number, or one for each level of the pyramid.
MEASURES = {
    SPECTRUM: lambda real, fake, seed: spectrum_distance(real, fake),
    SWD: sliced_wasserstein,
    HISTOGRAM: lambda real, fake, seed: histogram_distance(real, fake),
    DIVERSITY: lambda real, fake, seed: diversity_ratio(real, fake),
    DIVERSITY_BLURRED: lambda real, fake, seed: diversity_ratio(real, fake, BLUR),
    DISTINCT: _distinct,
}


def swd_keys(size: int) -> tuple[str, ...]:
    """The keys of the sliced Wasserstein distances of images of `size` pixels, fine to coarse."""
    return tuple(f"{SWD}_{level}" for level in level_sizes(size))


def pixel_report(real: np.ndarray, fake: np.ndarray, seed: int = 0) -> dict[str, float]:
    """Measures generated images by their pixels, without any network.

    Args:
        real: uint8 [n, H, H, 1], n ≥ 16, H ≥ 8.
        fake: uint8 [m, H, H, 1], m ≥ 64.
        seed: of what is drawn at random; the same seed gives the same numbers.

    Returns:
        A number for each key above, `SWD` replaced by `swd_keys(H)`.

    Raises:
        ValueError: too few images, another type, sizes that differ, not square, or constant images.
    """
    report = {}
    for name, measure in MEASURES.items():
        value = measure(real, fake, seed)
        keys, values = (swd_keys(real.shape[1]), value) if isinstance(value, tuple) else ([name], [value])
        report.update(zip(keys, map(float, values)))
    return report


def pixel_floor(real: np.ndarray, halvings: int = 10, seed: int = 0) -> dict[str, Floor]:
    """`pixel_report` between random halves of the real scans.

    Args:
        real: uint8 [n, H, H, 1], n ≥ 128, H ≥ 8.
        halvings: 2 or more.
        seed: of the halvings and of what the measures draw.

    Returns:
        The mean and spread for each key of `pixel_report`.

    Raises:
        ValueError: as `pixel_report`, for a half.
    """
    keys = []

    def measure(first, second):
        report = pixel_report(first, second, seed)
        keys[:] = report
        return list(report.values())

    floor = between_halves(real, measure, halvings, seed)
    return {key: Floor(float(m), float(s)) for key, m, s in zip(keys, floor.mean, floor.spread)}
