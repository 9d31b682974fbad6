"""Pixels: uint8 on disk, [-1, 1] in the networks, and the one way between them; grids, PNG and GIF files."""

import io
import math
from pathlib import Path

import numpy as np

from covid_gan import storage


def normalise(images):
    """Grey levels 0…255 → float32 in [-1, 1]; air, 0, becomes -1.

    Args:
        images: uint8 of any shape.
    """
    from keras import ops

    return ops.cast(images, "float32") / 127.5 - 1.0


def denormalise(images):
    """[-1, 1] → uint8 grey levels 0…255, rounded; values outside are clipped.

    Args:
        images: float of any shape.
    """
    from keras import ops

    levels = ops.round((ops.cast(images, "float32") + 1.0) * 127.5)
    return ops.cast(ops.clip(levels, 0.0, 255.0), "uint8")


def grid(images: np.ndarray, columns: int | None = None) -> np.ndarray:
    """Lays images side by side, row by row, in a nearly square grid.

    Args:
        images: uint8 [n, H, W, 1], n ≥ 1.
        columns: images in a row; the square root of n where not given.

    Returns:
        uint8 [rows·H, columns·W, 1]; places without an image are black.
    """
    images = np.asarray(images)
    n, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    sheet = np.zeros((rows * columns, height, width, channels), images.dtype)
    sheet[:n] = images
    sheet = sheet.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return sheet.reshape(rows * height, columns * width, channels)


def save_png(path: str | Path, image: np.ndarray) -> None:
    """Writes one uint8 image [H, W, 1] as a grey PNG."""
    from PIL import Image

    whole = io.BytesIO()
    Image.fromarray(np.asarray(image)[..., 0]).save(whole, format="PNG")
    storage.path(path).write_bytes(whole.getvalue())


def save_gif(path: str | Path, images: np.ndarray, frame_ms: int = 120) -> None:
    """Writes uint8 images [n, H, W, 1] as an endless animation that runs forth and back."""
    from PIL import Image

    frames = [Image.fromarray(image[..., 0]) for image in np.asarray(images)]
    there_and_back = frames + frames[-2:0:-1]
    there_and_back[0].save(
        path, format="GIF", save_all=True, append_images=there_and_back[1:], duration=frame_ms, loop=0
    )
