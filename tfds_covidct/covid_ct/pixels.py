"""Decodes an image file of any kind into one grey channel."""

import io

import numpy as np
from PIL import Image

from tfds_covidct.errors import DataError

# The largest image upstream has is 1671 x 1225, about 2 megapixels.
MAX_PIXELS = 50_000_000

# What upstream holds. Some of Pillow's other formats start programs: they stay closed.
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
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            _check_size(image, where)
            image.load()
            return np.asarray(_to_grey(image), dtype=np.uint8)[..., np.newaxis]
    except DataError:
        raise
    except Exception as error:  # Pillow raises many types on a damaged file.
        raise DataError(f"{where}: cannot be decoded as an image ({error})") from error


def _check_size(image: Image.Image, where: str):
    """Reads the header only: no pixel has been decoded yet."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise DataError(f"{where}: {width} x {height} is more than {MAX_PIXELS} pixels")


def _to_grey(image: Image.Image) -> Image.Image | np.ndarray:
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.float64)
        return np.rint(values.clip(0, 65535) * (255 / 65535))
    if image.has_transparency_data:
        colour = image.convert("RGBA")
        black = Image.new("RGBA", image.size, (0, 0, 0, 255))
        image = Image.alpha_composite(black, colour)
    return image.convert("L")
