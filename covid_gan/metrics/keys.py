"""The keys of a report, shared by what writes and what reads them, and which of their values are good."""

from covid_gan.metrics.floor import HIGHER, LOWER, REAL
from covid_gan.metrics.ms_ssim import scales
from covid_gan.metrics.swd import level_sizes

# Images among which those that remain after merging are counted.
DISTINCT_OF = 64

# Of pixels.
SPECTRUM = "spectrum"  # natural log units
SWD = "swd"  # `swd_keys`, standard deviations of real patches
HISTOGRAM = "histogram_w1"  # grey levels
DIVERSITY = "diversity"  # relative to real scans
DIVERSITY_BLURRED = "diversity_blurred"  # the same after a blur of `BLUR` pixels
DISTINCT = f"distinct_of_{DISTINCT_OF}"  # images after a blur of `BLUR` pixels, up to `DISTINCT_OF`
ENTROPY = "entropy"  # bits: `entropy_real`, `entropy_fake` and their absolute `entropy_difference`
MS_SSIM = "ms_ssim"  # `ms_ssim_keys`
# Of features; "_" and the extractor's key follow.
KID = "kid"  # unbiased, so that it may be below 0; "_low" and "_high" of its 95 % interval follow
FID = "fid"
PRECISION, RECALL, DENSITY, COVERAGE = "precision", "recall", "density", "coverage"
AUTHENTICITY = "authenticity"
# The ends of keys whose numbers describe one set, or go with another number.
_REAL, _FAKE = "_real", "_fake"
LOW, HIGH = "_low", "_high"

# Which values are good, by the part of a key that names the measure. With copies of training scans
# all but `AUTHENTICITY` would be perfect, so it is never left out.
DIRECTIONS = {
    SPECTRUM: LOWER,
    SWD: LOWER,
    HISTOGRAM: LOWER,
    DIVERSITY: REAL,
    DIVERSITY_BLURRED: REAL,
    DISTINCT: HIGHER,
    ENTROPY: LOWER,
    MS_SSIM: REAL,
    KID: LOWER,
    FID: LOWER,
    PRECISION: HIGHER,
    RECALL: HIGHER,
    DENSITY: REAL,
    COVERAGE: HIGHER,
    AUTHENTICITY: HIGHER,
}


def swd_keys(size: int) -> tuple[str, ...]:
    """The keys of the sliced Wasserstein distances of images of `size` pixels, fine to coarse."""
    return tuple(f"{SWD}_{level}" for level in level_sizes(size))


def ms_ssim_keys(size: int) -> tuple[str, str, str]:
    """The keys of mean MS-SSIM at `size` pixels: among real pairs, generated pairs, and the diversity."""
    name = f"{MS_SSIM}_{scales(size)}_scales"
    return name + _REAL, name + _FAKE, f"{name}_diversity"


def entropy_keys() -> tuple[str, str, str]:
    """The keys of the mean entropies: of real images, of generated ones, and their difference."""
    return ENTROPY + _REAL, ENTROPY + _FAKE, f"{ENTROPY}_difference"


def direction(key: str) -> str | None:
    """Which values of a number in a report are good: `LOWER`, `HIGHER`, or `REAL` for those of real scans.

    None for a number that describes one set, or that is the end of an interval.

    Raises:
        ValueError: a key that no report has.
    """
    names = [name for name in DIRECTIONS if key == name or key.startswith(f"{name}_")]
    if not names:
        raise ValueError(f"`key` must be one of a report. Received: {key!r}")
    return None if key.endswith((_REAL, _FAKE, LOW, HIGH)) else DIRECTIONS[max(names, key=len)]
