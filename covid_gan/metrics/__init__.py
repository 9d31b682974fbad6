"""Judges generated images against real scans: arrays in, numbers out.

This file is the only map from a measure's name to its code; keys.py names the numbers.
"""

import dataclasses
import re

import numpy as np

from covid_gan.metrics.authenticity import authenticity
from covid_gan.metrics.checks import TooFewError, check_pair
from covid_gan.metrics.diversity import distinct_count, diversity_ratio, mean_pair_distance
from covid_gan.metrics.entropy import entropy_difference, mean_entropy
from covid_gan.metrics.floor import HIGHER, LOWER, REAL, Floor, between_halves, floor_ratio
from covid_gan.metrics.frechet import frechet_distance
from covid_gan.metrics.histogram import histogram_distance
from covid_gan.metrics.kernel import kernel_distance, kernel_distance_interval
from covid_gan.metrics.keys import (
    AUTHENTICITY,
    COVERAGE,
    DENSITY,
    DIRECTIONS,
    DISTINCT,
    DISTINCT_OF,
    DIVERSITY,
    DIVERSITY_BLURRED,
    ENTROPY,
    FID,
    HIGH,
    HISTOGRAM,
    KID,
    LOW,
    MS_SSIM,
    PRECISION,
    RECALL,
    SPECTRUM,
    SWD,
    direction,
    entropy_keys,
    ms_ssim_keys,
    swd_keys,
)
from covid_gan.metrics.manifold import Manifold, precision_recall_density_coverage
from covid_gan.metrics.ms_ssim import mean_ms_ssim, ms_ssim_diversity
from covid_gan.metrics.spectrum import spectrum_distance
from covid_gan.metrics.swd import sliced_wasserstein

__all__ = [
    "AUTHENTICITY",
    "COVERAGE",
    "DENSITY",
    "DIRECTIONS",
    "DISTINCT",
    "DISTINCT_OF",
    "DIVERSITY",
    "DIVERSITY_BLURRED",
    "ENTROPY",
    "FEATURE_MEASURES",
    "FID",
    "HIGH",
    "HIGHER",
    "HISTOGRAM",
    "KID",
    "LOW",
    "LOWER",
    "MEASURES",
    "MS_SSIM",
    "PRECISION",
    "REAL",
    "RECALL",
    "SPECTRUM",
    "SWD",
    "Floor",
    "Manifold",
    "TooFewError",
    "authenticity",
    "between_halves",
    "direction",
    "distinct_count",
    "diversity_ratio",
    "entropy_keys",
    "feature_floor",
    "feature_report",
    "frechet_distance",
    "histogram_distance",
    "kernel_distance",
    "kernel_distance_interval",
    "mean_entropy",
    "mean_ms_ssim",
    "mean_pair_distance",
    "ms_ssim_keys",
    "pixel_floor",
    "pixel_report",
    "precision_recall_density_coverage",
    "ratio",
    "sliced_wasserstein",
    "spectrum_distance",
    "swd_keys",
]

# Pixels of blur before images are compared with each other, so that speckle earns nothing.
BLUR = 2.0


def _distinct(real, fake, seed):
    """`distinct_count` of `DISTINCT_OF` generated images, drawn without repetition."""
    if len(fake) < DISTINCT_OF:
        raise TooFewError(f"`fake` needs at least {DISTINCT_OF} images. Received: {len(fake)}")
    drawn = np.random.default_rng(seed).permutation(len(fake))[:DISTINCT_OF]
    return distinct_count(real, fake[drawn], BLUR)


def _entropies(real, fake, seed):
    bits = mean_entropy(real), mean_entropy(fake), entropy_difference(real, fake)
    return dict(zip(entropy_keys(), bits))


# Name -> function of (real, fake, seed); a number, or a dict of them by key.
MEASURES = {
    SPECTRUM: lambda real, fake, seed: spectrum_distance(real, fake),
    SWD: lambda real, fake, seed: dict(zip(swd_keys(real.shape[1]), sliced_wasserstein(real, fake, seed))),
    HISTOGRAM: lambda real, fake, seed: histogram_distance(real, fake),
    DIVERSITY: lambda real, fake, seed: diversity_ratio(real, fake),
    DIVERSITY_BLURRED: lambda real, fake, seed: diversity_ratio(real, fake, BLUR),
    DISTINCT: _distinct,
    ENTROPY: _entropies,
    MS_SSIM: lambda real, fake, seed: dict(
        zip(ms_ssim_keys(real.shape[1]), ms_ssim_diversity(real, fake, seed))
    ),
}

# Names -> function of the features of (real, fake); as many numbers.
FEATURE_MEASURES = {
    (KID,): lambda real, fake: [kernel_distance(real, fake)],
    (FID,): lambda real, fake: [frechet_distance(real, fake)],
    (PRECISION, RECALL, DENSITY, COVERAGE): lambda real, fake: dataclasses.astuple(
        precision_recall_density_coverage(real, fake)
    ),
    (AUTHENTICITY,): lambda real, fake: [authenticity(real, fake)],
}


def ratio(key: str, value: float, floor: Floor) -> float | None:
    """How good a number is beside its floor, as `floor_ratio`; None if it has no direction."""
    toward = direction(key)
    return floor_ratio(value, floor, toward) if toward else None


def pixel_report(
    real: np.ndarray, fake: np.ndarray, seed: int = 0
) -> tuple[dict[str, float], dict[str, str]]:
    """Measures generated images by their pixels, without any network.

    Args:
        real: uint8 [n, H, H, 1], n ≥ 16, H ≥ 11.
        fake: uint8 [m, H, H, 1], m ≥ 16; 64 for `DISTINCT`.
        seed: of what is drawn at random; the same seed gives the same numbers.

    Returns:
        A number for each key of `MEASURES`; `SWD`, `ENTROPY` and `MS_SSIM` have several. And the reason,
        by its name, for each measure that is missing because there are too few images for it.

    Raises:
        TooFewError: too few images for any measure.
        ValueError: another type, sizes that differ, not square, or constant images.
    """
    check_pair(real, fake)
    numbers, skipped = {}, {}
    for name, measure in MEASURES.items():
        try:
            value = measure(real, fake, seed)
        except TooFewError as error:
            skipped[name] = str(error)
            continue
        numbers |= value if isinstance(value, dict) else {name: float(value)}
    return numbers, skipped


def pixel_floor(
    real: np.ndarray, halvings: int = 10, seed: int = 0
) -> tuple[dict[str, Floor], dict[str, str]]:
    """`pixel_report` between random halves of the real scans.

    Args:
        real: uint8 [n, H, H, 1], n ≥ 32, H ≥ 11; 128 for `DISTINCT`.
        halvings: 2 or more.
        seed: of the halvings and of what the measures draw.

    Returns:
        The mean and spread by key, and the reason for each measure that is missing because a half has too few.

    Raises:
        TooFewError, ValueError: as `pixel_report`, for a half.
    """
    return _floors(real, lambda first, second: pixel_report(first, second, seed), halvings, seed)


def _floors(real, measure, halvings, seed):
    """The floors of what `measure` gives of two halves, and the reasons that it gives for the rest."""
    skipped = {}

    def numbers_of(first, second):
        numbers, reasons = measure(first, second)
        skipped.update({name: f"between halves: {reason}" for name, reason in reasons.items()})
        return numbers

    return between_halves(real, numbers_of, halvings, seed), skipped


def feature_report(
    real: np.ndarray, fake: np.ndarray, key: str, seed: int = 0, interval: bool = True
) -> tuple[dict[str, float], dict[str, str]]:
    """Measures generated images by the features that an extractor gives of them.

    Args:
        real: floats [n, d], of the training scans: `AUTHENTICITY` is about these.
        fake: floats [m, d].
        key: names the extractor, so that numbers of two of them never share a name: letters, digits and "-".
        seed: of what is drawn at random.
        interval: whether that of `KID` is wanted, which takes longer than all the rest.

    Returns:
        A number for each name of `FEATURE_MEASURES`, its key the name, "_" and `key`, and "_low" and
        "_high" after that of `KID`. And the reason, by its key, for each measure that is missing
        because there are too few images for it.

    Raises:
        ValueError: another type, dimensions that differ, not finite, real features that are all
            equal, or another `key`.
    """
    numbers, skipped = _feature_numbers(real, fake, key)
    kid = f"{KID}_{key}"
    if interval and kid in numbers:
        ends = kernel_distance_interval(real, fake, seed=seed)
        numbers |= dict(zip((kid + LOW, kid + HIGH), ends))
    return numbers, skipped


def feature_floor(
    real: np.ndarray, key: str, halvings: int = 10, seed: int = 0
) -> tuple[dict[str, Floor], dict[str, str]]:
    """`feature_report` between random halves of the real scans, without the interval.

    Args:
        real: floats [n, d].
        key: as in `feature_report`.
        halvings: 2 or more.
        seed: of the halvings.

    Returns:
        The mean and spread by key, and the reason for each key that is missing because a half has too few.

    Raises:
        ValueError: as `feature_report`.
    """
    try:
        return _floors(real, lambda first, second: _feature_numbers(first, second, key), halvings, seed)
    except TooFewError as error:
        return {}, {f"{name}_{key}": str(error) for names in FEATURE_MEASURES for name in names}


def _feature_numbers(real, fake, key):
    if not re.fullmatch("[A-Za-z0-9-]+", key):
        raise ValueError(f'`key` must be of letters, digits and "-". Received: {key!r}')
    numbers, skipped = {}, {}
    for names, measure in FEATURE_MEASURES.items():
        keys = [f"{name}_{key}" for name in names]
        try:
            numbers |= zip(keys, map(float, measure(real, fake)))
        except TooFewError as error:
            skipped |= dict.fromkeys(keys, str(error))
    return numbers, skipped
