"""What the numbers of a scan may be: sizes, HU, grey levels."""

import functools
import math

import numpy as np

from tfds_covidct.errors import DataError

# A scanner's largest slice has 4 megapixels; Pillow's own limit lets 100 megapixels pass silently.
MAX_PIXELS = 64_000_000
MIN_SIDE = 16

# 12 bits, as scanners store them: what is below is padding, what is above metal.
HU_RANGE = (-1024, 3071)
AIR = HU_RANGE[0]

# Tissue of the body is above; lung, fat and air are below.
_LARGEST_GREY_MINIMUM = -100
# Splines that resample a mask overshoot, in few voxels.
_AIR_SHARE = 1e-3
_LABELS, _LABEL_SHARE = 16, 0.95

HU, GREY, UNIT_GREY, LABELS = "hu", "grey", "unit grey", "labels"


def check_size(height: int, width: int, where: str, min_side: int = MIN_SIDE):
    """Refuses what no scan is, before it is decoded.

    Raises:
      DataError: if it has more than `MAX_PIXELS` pixels, or a side shorter than `min_side`.
    """
    if height * width > MAX_PIXELS:
        raise DataError(f"{where}: {width} x {height} is more than {MAX_PIXELS} pixels; a slice has fewer")
    if min(height, width) < min_side:
        raise DataError(
            f"{where}: {width} x {height} pixels; a slice has at least {min_side} x {min_side}: remove the file"
        )


def to_hu(stored: np.ndarray, slope: float = 1.0, intercept: float = 0.0) -> np.ndarray:
    """Rescales stored values to HU.

    Args:
      stored: whole or real numbers, any shape; NaN stands for air.
      slope, intercept: HU = slope * stored + intercept.

    Returns:
      Array of the same shape, clipped to `HU_RANGE`: int16 where the HU are whole, else float32.
    """
    if stored.dtype.kind in "iu" and stored.dtype.itemsize == 2:
        native = stored.astype(stored.dtype.newbyteorder("="), copy=False)
        return np.take(_hu_table(native.dtype.kind, slope, intercept), native.view(np.uint16))
    return _rescaled(stored, slope, intercept)


def _rescaled(stored: np.ndarray, slope: float, intercept: float) -> np.ndarray:
    hu = np.multiply(stored, slope, dtype=np.float64)
    hu += intercept
    np.nan_to_num(hu, copy=False, nan=AIR, posinf=HU_RANGE[1], neginf=AIR)
    hu = np.clip(hu, *HU_RANGE, out=hu)
    whole = stored.dtype.kind in "iu" and float(slope).is_integer() and float(intercept).is_integer()
    return hu.astype(np.int16 if whole else np.float32)


@functools.lru_cache(maxsize=16)
def _hu_table(kind: str, slope: float, intercept: float) -> np.ndarray:
    """Returns the HU of all 16-bit numbers, each at its place as uint16: looking up is faster than computing."""
    return _rescaled(np.arange(2**16, dtype=np.uint16).view(f"{kind}2"), slope, intercept)


def scale_of_volume(sample: np.ndarray) -> str | None:
    """Tells what a volume's values mean; a file of numbers does not say so itself.

    HU: at least 0.1 % of the values are below -100, where lung and the air around the patient are.
    Label map: 16 whole numbers, or 16 of 255 levels where nothing exceeds 1, make up 95 % of the values, so
    that masks a spline has resampled are recognised too. Grey: the rest between 0 and 255, or 0 and 1.

    Args:
      sample: the rescaled values, or evenly spaced ones of them.

    Returns:
      `HU`, `LABELS`, `GREY` (0 to 255), `UNIT_GREY` (0 to 1), or None if it is none of these.
    """
    values = np.asarray(sample, np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return None
    if (values < _LARGEST_GREY_MINIMUM).mean() >= _AIR_SHARE:
        return HU
    levels = np.rint(values.clip(-1e9, 1e9) * (255 if values.max() <= 1 else 1))
    counts = np.sort(np.unique(levels, return_counts=True)[1])[::-1]
    if counts[:_LABELS].sum() >= _LABEL_SHARE * levels.size:
        return LABELS
    return scale_of_picture(values.min(), values.max())


def scale_of_picture(smallest: float, largest: float) -> str | None:
    """Tells what the signed or real numbers of one picture mean, by their finite extremes.

    Returns:
      `HU` if one is below -100, `UNIT_GREY` if they lie between 0 and 1, `GREY` if between 0 and 255, else None.
    """
    if not (math.isfinite(smallest) and math.isfinite(largest)):
        return None
    if smallest < _LARGEST_GREY_MINIMUM:
        return HU
    if smallest < 0 or largest > 255:
        return None
    return UNIT_GREY if largest <= 1 else GREY


def to_grey(values: np.ndarray, scale: str) -> np.ndarray:
    """Returns values of the scale `GREY` or `UNIT_GREY` as uint8; NaN is black."""
    grey = np.nan_to_num(np.asarray(values, np.float32)) * (255 if scale == UNIT_GREY else 1)
    return np.rint(grey.clip(0, 255)).astype(np.uint8)


def unknown_scale(where: str) -> DataError:
    """The error for numbers whose meaning nobody wrote down."""
    return DataError(
        f"{where}: its numbers are on no known scale, which are HU (some below {_LARGEST_GREY_MINIMUM}), "
        "grey from 0 to 255 and grey from 0 to 1; rescale them to one of these"
    )
