"""A folder of image files → grey images of one size, or one clear error."""

from pathlib import Path

import numpy as np
from PIL import Image

from covid_gan import storage
from covid_gan.errors import ArgumentError, reason
from covid_gan.evaluation.config import LEAST_COUNT

ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
# A sheet of samples beside the samples, as `covid_gan.sample` writes it, is no sample.
SHEET = "grid.png"
# 8 bits in grey, with or without a palette or transparency, and colour; anything else has another range.
_MODES = ("L", "LA", "P", "RGB", "RGBA")


def read(folder: str | Path, count: int) -> np.ndarray:
    """Reads the first images of a folder, in the order of their names; folders in it are not looked into.

    Args:
        folder: with PNG, JPEG, TIFF, BMP or WebP files of one size, square, 8 bits, grey.
        count: the most that are read.

    Returns:
        uint8 [n, S, S, 1], 64 ≤ n ≤ count.

    Raises:
        ArgumentError: (`images`) it is not there or has too few, or one cannot be read, is of another size,
            coloured, not opaque, or of another range than 0 to 255.
    """
    path = storage.path(folder)
    if not path.is_dir():
        raise ArgumentError("images", "there is no such folder.", str(folder))
    files = sorted(f for f in path.iterdir() if f.suffix.lower() in ENDINGS and f.name != SHEET)[:count]
    if len(files) < LEAST_COUNT:
        message = (
            f"needs at least {LEAST_COUNT} images ({', '.join(e[1:] for e in ENDINGS)}); it has {len(files)}."
        )
        raise ArgumentError("images", message, str(folder))
    images = []
    for file in files:
        try:
            image = _grey(file)
        except ValueError as error:
            raise ArgumentError("images", f"{file.name} {reason(error)}.", str(folder)) from error
        first = images[0] if images else image
        if image.shape != first.shape or image.shape[0] != image.shape[1]:
            expected = f"{first.shape[1]} × {first.shape[0]} as the first" if images else "square"
            message = f"{file.name} is {image.shape[1]} × {image.shape[0]} pixels, and must be {expected}."
            raise ArgumentError("images", message, str(folder))
        images.append(image)
    found = np.stack(images)[..., None]
    if found.max() <= 1:
        message = "holds grey levels up to 1 alone; they must run from 0 to 255, black to white."
        raise ArgumentError("images", message, str(folder))
    return found


def _grey(file: Path) -> np.ndarray:
    """One image, uint8 [H, W]; a ValueError says what it is instead."""
    try:
        with file.open("rb") as opened, Image.open(opened) as image:
            mode, pixels = image.mode, np.asarray(image.convert("RGBA"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"cannot be read ({type(error).__name__})") from error
    if mode not in _MODES:
        raise ValueError(f"is of the kind {mode}; it must have 8 bits and grey levels from 0 to 255")
    if (pixels[..., 3] < 255).any():
        raise ValueError("is not opaque")
    grey = pixels[..., 0]
    if (pixels[..., :3] != grey[..., None]).any():
        raise ValueError("is coloured; it must be grey")
    return grey
