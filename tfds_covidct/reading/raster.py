"""Reads PNG, JPEG, TIFF and BMP: one grey channel, or the HU of a TIFF of signed or real numbers."""

import contextlib
import io
import warnings
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
from PIL import Image

from tfds_covidct.errors import DataError
from tfds_covidct.reading import values
from tfds_covidct.reading.facts import FileFacts
from tfds_covidct.reading.scan import Header, Slice

# Some of Pillow's other formats start programs: they stay closed.
FORMATS = ("PNG", "JPEG", "TIFF", "BMP")

MAX_PAGES = 10_000

# Decoded pixels are converted by strips, so that a large image needs little more than its own size.
_STRIP_PIXELS = 2**21
# Channels farther apart show a colour; JPEG blurs the colours of grey pictures by less.
_COLOUR_SPREAD = 24

_EXIF_ORIENTATION = 0x0112
# By EXIF orientation: quarter turns against the clock, then whether left and right change places.
_TURNS = {2: (0, True), 3: (2, False), 4: (2, True), 5: (3, True), 6: (3, False), 7: (1, True), 8: (1, False)}


def read_header(stream: BinaryIO, where: str) -> Header:
    """Reads size and number of pages; the pages of a TIFF are the slices of a volume."""
    with open_image(stream, where) as image:
        height, width = _shown_size(image)
        return Header("image", _count_pages(image, where), height, width)


def read_slices(stream: BinaryIO, where: str, frames: Sequence[int]) -> Iterator[Slice]:
    """Yields the pages of these numbers; a picture of another format has page 0 alone."""
    with open_image(stream, where) as image:
        scale = _scale_of_pages(image, where)
        for frame in frames:
            if frame != image.tell():
                image.seek(frame)
            pixels, is_hu = decode(image, where, scale)
            yield Slice(frame, pixels, is_hu)


def read_facts(stream: BinaryIO, where: str) -> FileFacts:
    """Reads the first page's; more than 8 bits of a channel are seen in grey pictures only."""
    with open_image(stream, where) as image:
        height, width = _shown_size(image)
        file_format = "JPEG" if image.format == "MPO" else image.format
        return FileFacts(file_format, image.mode, _bits(image.mode), width, height, _colour_share(image))


@contextlib.contextmanager
def open_image(stream, where: str, formats: Sequence[str] = FORMATS, min_side: int = values.MIN_SIDE):
    """Opens an image file by its content and checks its size: nothing is decoded yet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # The size is checked here.
        try:
            image = Image.open(stream, formats=formats)
        except Image.DecompressionBombError:
            raise DataError(f"{where}: more than {values.MAX_PIXELS} pixels; a slice has fewer") from None
    with image:
        values.check_size(image.height, image.width, where, min_side)
        yield image


def decode_grey(content: bytes, where: str, formats: Sequence[str] = FORMATS) -> np.ndarray:
    """Decodes a picture of any size into uint8 [height, width], as `decode` does.

    Raises:
      DataError: if it is none of `formats`, damaged or too large.
    """
    try:
        with open_image(io.BytesIO(content), where, formats, min_side=1) as image:
            pixels, is_hu = decode(image, where)
    except DataError:
        raise
    except Exception as error:  # Pillow raises many types on a damaged file.
        raise DataError(f"{where}: cannot be decoded as an image ({type(error).__name__})") from None
    if is_hu:
        raise DataError(f"{where}: holds HU, where a picture is expected")
    return pixels


def decode(image: Image.Image, where: str, scale: str | None = None) -> tuple[np.ndarray, bool]:
    """Decodes an opened image, turned the way its EXIF data says, as every viewer shows it.

    Colour becomes luminance (ITU-R 601), transparency shows black, and unsigned 16 bits are scaled to 8. Signed
    and real numbers are HU if one of them is below -100; else they are grey between 0 and 255, or 0 and 1.

    Args:
      image: as `open_image` gives it.
      where: what an error calls it.
      scale: what its signed or real numbers mean, as `values.scale_of_picture` says it; None: found here.

    Returns:
      [height, width] and whether it is HU: int16 or float32 within [-1024, 3071]; else uint8, 255 = white.

    Raises:
      DataError: if the numbers are on none of these scales.
    """
    orientation = _orientation(image)
    image.load()
    if image.mode.startswith("I;16") or (image.mode == "I" and not _is_numeric(image)):
        pixels, is_hu = (
            _by_strips(image, lambda strip: np.rint(np.asarray(strip).clip(0) / 257), np.uint8),
            False,
        )
    elif _is_numeric(image):
        pixels, is_hu = _decode_numbers(image, scale or _scale([_extremes(image)], where))
    else:
        pixels, is_hu = _by_strips(image, _luminance, np.uint8), False
    return _turn(pixels, orientation), is_hu


def colour_share(channels: np.ndarray) -> float:
    """Returns the share of pixels whose channels differ visibly, of a uint8 array [height, width, 3]."""
    spread = channels.max(-1) - channels.min(-1)
    return float((spread > _COLOUR_SPREAD).mean())


def _is_numeric(image: Image.Image) -> bool:
    """Tells whether the pixels are signed or real numbers, which do not say what they mean."""
    return image.mode in ("I", "F") and image.format != "PNG"


def _scale_of_pages(image: Image.Image, where: str) -> str | None:
    """Returns what the numbers of a volume's pages mean, for one page alone may look like another scale.

    Decodes one page after the other; None where there is one page, or the pages need no scale.
    """
    pages = _count_pages(image, where)
    if pages == 1 or not _is_numeric(image):
        return None
    extremes = []
    for page in range(pages):
        image.seek(page)
        image.load()
        extremes.append(_extremes(image))
    return _scale(extremes, where)


def _scale(extremes: Sequence[tuple[float, float]], where: str) -> str:
    scale = values.scale_of_picture(min(low for low, _ in extremes), max(high for _, high in extremes))
    if scale is None:
        raise values.unknown_scale(where)
    return scale


def _decode_numbers(image: Image.Image, scale: str) -> tuple[np.ndarray, bool]:
    if scale == values.HU:
        dtype = np.float32 if image.mode == "F" else np.int16
        return _by_strips(image, lambda strip: values.to_hu(np.asarray(strip)), dtype), True
    return _by_strips(image, lambda strip: values.to_grey(np.asarray(strip), scale), np.uint8), False


def _extremes(image: Image.Image) -> tuple[float, float]:
    parts = [_finite_extremes(np.asarray(strip)) for _, strip in _strips(image)]
    return min(low for low, _ in parts), max(high for _, high in parts)


def _finite_extremes(numbers: np.ndarray) -> tuple[float, float]:
    finite = numbers[np.isfinite(numbers)]
    return (float(finite.min()), float(finite.max())) if finite.size else (np.inf, -np.inf)


def _luminance(image: Image.Image) -> np.ndarray:
    if image.has_transparency_data:
        black = Image.new("RGBA", image.size, (0, 0, 0, 255))
        image = Image.alpha_composite(black, image.convert("RGBA"))
    return np.asarray(image.convert("L"))


def _by_strips(image: Image.Image, convert, dtype) -> np.ndarray:
    result = np.empty((image.height, image.width), dtype)
    for rows, strip in _strips(image):
        result[rows] = convert(strip)
    return result


def _strips(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    step = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, step):
        bottom = min(top + step, image.height)
        yield slice(top, bottom), image.crop((0, top, image.width, bottom))


def _count_pages(image: Image.Image, where: str) -> int:
    """Counts a TIFF's pages without decoding them; they must make a volume."""
    if image.format != "TIFF":
        return 1
    size, is_numeric, pages = image.size, _is_numeric(image), 1
    with contextlib.suppress(EOFError):
        while pages <= MAX_PAGES:
            image.seek(pages)
            if image.size != size:
                raise DataError(f"{where}: its pages differ in size; split it into files of one size each")
            if _is_numeric(image) != is_numeric:
                raise DataError(
                    f"{where}: its pages differ in the kind of numbers; split it into files of one kind"
                )
            pages += 1
    if pages > MAX_PAGES:
        raise DataError(f"{where}: more than {MAX_PAGES} pages; split it into smaller files")
    return pages


def _shown_size(image: Image.Image) -> tuple[int, int]:
    turned = _orientation(image) >= 5
    return (image.width, image.height) if turned else (image.height, image.width)


def _orientation(image: Image.Image) -> int:
    """Returns the EXIF orientation; Pillow itself turns TIFFs. A damaged one, or one behind a PNG's pixels, is none."""
    if image.format == "TIFF" or (image.format == "PNG" and "exif" not in image.info):
        return 1  # Pillow would decode the PNG in search of it.
    with contextlib.suppress(Exception):
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    return 1


def _turn(pixels: np.ndarray, orientation: int) -> np.ndarray:
    turns, mirrored = _TURNS.get(orientation, (0, False))
    pixels = np.rot90(pixels, turns)
    return np.ascontiguousarray(pixels[:, ::-1] if mirrored else pixels)


def _bits(mode: str) -> int:
    if mode.startswith("I;16"):
        return 16
    return {"1": 1, "I": 32, "F": 32}.get(mode, 8)


def _colour_share(image: Image.Image) -> float:
    if image.mode.startswith("I") or image.mode in ("1", "L", "LA", "La", "F"):
        return 0.0
    image.load()
    coloured = 0
    for _, strip in _strips(image):
        coloured += colour_share(np.asarray(strip.convert("RGB"))) * strip.width * strip.height
    return coloured / (image.width * image.height)
