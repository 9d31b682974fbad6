"""Decodes an image file of any kind into one grey channel."""

import numpy as np

from tfds_covidct.reading import raster
from tfds_covidct.reading.values import MAX_PIXELS

__all__ = ["MAX_PIXELS", "decode_grey"]

# What upstream holds.
_FORMATS = ("PNG", "JPEG")


def decode_grey(content: bytes, where: str) -> np.ndarray:
    """Decodes an image by its content, whatever its name says.

    Colour becomes luminance (ITU-R 601), transparency shows black, and 16 bits are scaled to 8.

    Args:
      content: the image file's bytes, PNG or JPEG.
      where: what the error calls the file.

    Returns:
      uint8 [height, width, 1], 0 = black, 255 = white.

    Raises:
      DataError: if it does not decode, or has more than `MAX_PIXELS` pixels.
    """
    return raster.decode_grey(content, where, _FORMATS)[..., np.newaxis]
