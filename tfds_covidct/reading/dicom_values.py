"""From a DICOM frame's stored values to HU or grey levels."""

import math

import numpy as np
from PIL import Image
from pydicom.pixels import apply_color_lut, apply_modality_lut

from tfds_covidct.errors import DataError
from tfds_covidct.reading import values
from tfds_covidct.reading.dicom_header import frame_value, modality, photometry
from tfds_covidct.windows import Window, apply_window

_TRANSFORMATION, _DISPLAY = "PixelValueTransformationSequence", "FrameVOILUTSequence"


def is_hu(header, frame: int) -> bool:
    """Tells whether the values are HU: one channel, by its modality CT or of unknown origin.

    A rescaling to another unit (an iodine map's, say) is none, nor is a screenshot: 8 bits without any rescaling.
    """
    if is_coloured(header) or modality(header) not in ("CT", ""):
        return False
    unit = frame_value(header, frame, "RescaleType", _TRANSFORMATION)
    if str(unit or "HU").strip().upper() not in ("HU", "US"):
        return False
    return _is_rescaled(header, frame) or _bits_stored(header) > 8


def is_coloured(header) -> bool:
    """Tells whether a pixel is a colour."""
    return (header.get("SamplesPerPixel") or 1) > 1 or photometry(header) == "PALETTE COLOR"


def check_rescaling(header, frames: int, where: str):
    """Raises DataError if the rescale slope or intercept of a frame is no number."""
    if is_coloured(header) or header.get("ModalityLUTSequence"):
        return
    for frame in range(frames if "PerFrameFunctionalGroupsSequence" in header else 1):
        _rescaling(header, frame, where)


def unused_bits(header) -> int:
    """Returns how many bits of a pixel only padding uses: 0 where padding fits into `BitsStored`.

    Filling these bits with the sign, as pydicom does, makes padding of -32768 a pixel of 0.
    """
    ends = None if is_coloured(header) else _padding_ends(header)
    if ends is None:
        return 0
    bits = _bits_stored(header)
    lowest = -(2 ** (bits - 1)) if header.get("PixelRepresentation") else 0
    fits = lowest <= min(ends) and max(ends) < lowest + 2**bits
    return 0 if fits else max(0, int(header.BitsAllocated) - bits)


def to_hu(header, frame: int, stored: np.ndarray, where: str, unused: int = 0) -> np.ndarray:
    """Rescales a frame to HU within [-1024, 3071]; padding becomes air.

    MONOCHROME1 changes nothing: it says how to show the values, dark for high, not what they are.
    The highest `unused` bits of each pixel count in padding alone.
    """
    padding, stored = _padding(header, stored), _without(stored, unused)
    if header.get("ModalityLUTSequence"):
        hu = values.to_hu(apply_modality_lut(stored, header))
    else:
        hu = values.to_hu(stored, *_rescaling(header, frame, where))
    if padding is not None:
        hu[padding] = values.AIR
    return hu


def to_grey(header, frame: int, stored: np.ndarray, where: str, unused: int = 0) -> np.ndarray:
    """Returns a frame of another scanner's as uint8: by its own window, or the range of the stored bits.

    MONOCHROME1 is turned to white for high; padding is black; colour becomes luminance (ITU-R 601).
    The highest `unused` bits of each pixel count in padding alone.
    """
    if is_coloured(header):
        return np.asarray(Image.fromarray(to_rgb(header, stored)).convert("L"))
    padding, stored = _padding(header, stored), _without(stored, unused)
    slope, intercept = _rescaling(header, frame, where)
    grey = apply_window(stored * np.float32(slope) + np.float32(intercept), _window(header, frame, where))
    if photometry(header) == "MONOCHROME1":
        grey = 255 - grey
    if padding is not None:
        grey[padding] = 0
    return grey


def to_rgb(header, stored: np.ndarray) -> np.ndarray:
    """Returns a coloured frame as uint8 [height, width, 3]."""
    bits = int(header.get("BitsStored") or 8)
    if stored.ndim == 2:
        stored = apply_color_lut(stored, header)[..., :3]
        bits = stored.dtype.itemsize * 8
    return np.ascontiguousarray(stored if bits <= 8 else stored >> (bits - 8)).astype(np.uint8)


def _is_rescaled(header, frame: int) -> bool:
    slope = frame_value(header, frame, "RescaleSlope", _TRANSFORMATION)
    intercept = frame_value(header, frame, "RescaleIntercept", _TRANSFORMATION)
    return bool(header.get("ModalityLUTSequence")) or slope is not None or intercept is not None


def _rescaling(header, frame: int, where: str) -> tuple[float, float]:
    try:
        slope = frame_value(header, frame, "RescaleSlope", _TRANSFORMATION)
        intercept = frame_value(header, frame, "RescaleIntercept", _TRANSFORMATION)
        numbers = float(1 if slope is None else slope), float(0 if intercept is None else intercept)
    except (TypeError, ValueError):
        numbers = math.nan, math.nan
    if not all(map(math.isfinite, numbers)):
        raise DataError(f"{where}: its rescale slope or intercept is no number; repair or remove it")
    return numbers


def _window(header, frame: int, where: str) -> Window:
    """Returns the first window the header has, else one as wide as the rescaled range of the stored bits."""
    try:
        centre, width = (
            float(np.ravel(frame_value(header, frame, keyword, _DISPLAY))[0])
            for keyword in ("WindowCenter", "WindowWidth")
        )
        return Window(centre, width)
    except (TypeError, ValueError, IndexError):
        pass
    slope, intercept = _rescaling(header, frame, where)
    levels = 2 ** _bits_stored(header)
    lowest = -(levels // 2) if header.get("PixelRepresentation") else 0
    middle = lowest + (levels - 1) / 2
    return Window(middle * slope + intercept, (levels - 1) * (abs(slope) or 1))


def _bits_stored(header) -> int:
    return int(header.get("BitsStored") or header.BitsAllocated)


def _without(stored: np.ndarray, unused: int) -> np.ndarray:
    """Fills the highest bits with the sign, or with zeros where there is none."""
    return stored << unused >> unused if unused else stored


def _padding(header, stored: np.ndarray) -> np.ndarray | None:
    """Returns which pixels are padding: those from PixelPaddingValue to PixelPaddingRangeLimit."""
    ends = _padding_ends(header) if stored.dtype.kind in "iu" else None
    return None if ends is None else (stored >= min(ends)) & (stored <= max(ends))


def _padding_ends(header) -> tuple[int, int] | None:
    """Returns both limits of padding as a pixel of `BitsAllocated` holds them, or None.

    Where writing them that way turns their order, nobody knows which side was meant: then it is the first alone.
    """
    first = header.get("PixelPaddingValue")
    if first is None:
        return None
    last = header.get("PixelPaddingRangeLimit")
    first, last = int(first), int(first if last is None else last)
    ends = _as_pixel(header, first), _as_pixel(header, last)
    return ends if (first <= last) == (ends[0] <= ends[1]) else (ends[0], ends[0])


def _as_pixel(header, value: int) -> int:
    """Returns a padding value as a pixel holds it; headers write -2000 as 63536 too, or as 2096 where 12 bits are stored."""
    allocated = int(header.BitsAllocated)
    value &= 2**allocated - 1
    if header.get("PixelRepresentation"):
        for bits in (allocated, _bits_stored(header)):
            value -= 2**bits if value >> (bits - 1) == 1 else 0
    return value
