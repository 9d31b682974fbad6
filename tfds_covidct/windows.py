"""Windows: which HU a picture shows as black, as white, and between."""

import dataclasses
import functools
import math

import numpy as np


@dataclasses.dataclass(frozen=True)
class Window:
    """A range of HU.

    centre: HU shown as middle grey.
    width: HU from black to white, positive.

    Raises:
      ValueError: if either is not finite, or `width` is not positive.
    """

    centre: float
    width: float

    def __post_init__(self):
        if not (math.isfinite(self.centre) and math.isfinite(self.width) and self.width > 0):
            raise ValueError(
                "`width` must be positive and, like `centre`, finite. "
                f"Received: width={self.width}, centre={self.centre}"
            )


# What radiologists read a chest with.
WINDOWS = {
    "lung": Window(-600.0, 1500.0),
    "mediastinal": Window(40.0, 400.0),
    "bone": Window(400.0, 1800.0),
}


def parse_window(text: str) -> Window:
    """Reads a window's name, or its centre and width in HU as in "-600,1500".

    Raises:
      ValueError: if it is neither.
    """
    if text in WINDOWS:
        return WINDOWS[text]
    try:
        centre, width = map(float, text.split(","))
        return Window(centre, width)
    except ValueError:
        raise ValueError(
            f"`window` must be one of {', '.join(WINDOWS)}, or its centre and its positive width in HU, "
            f"such as -600,1500. Received: {text!r}"
        ) from None


def apply_window(hu, window: Window) -> np.ndarray:
    """Maps HU to grey levels, as DICOM's function LINEAR_EXACT (PS3.3, C.11.2.1.3) does.

    `centre - width / 2` and below become 0, `centre + width / 2` and above 255.

    Args:
      hu: array of any shape, HU, finite.
      window: the range that is shown.

    Returns:
      uint8 array of the same shape.
    """
    hu = np.asarray(hu)
    if hu.dtype == np.int16:
        return np.take(_table(window), hu.view(np.uint16))
    return np.rint(255 * share(hu, window)).astype(np.uint8)


def share(hu, window: Window) -> np.ndarray:
    """Returns where in the window each HU lies: 0 at its dark end and below, 1 at its bright end and above."""
    return np.clip((np.asarray(hu) - float(window.centre)) / float(window.width) + 0.5, 0, 1)


@functools.lru_cache(maxsize=16)
def _table(window: Window) -> np.ndarray:
    """Returns the grey level of every int16, at its place as uint16: looking up is faster than computing."""
    hu = np.arange(2**16, dtype=np.uint16).view(np.int16)
    return np.rint(255 * share(hu, window)).astype(np.uint8)
