"""What every measure asks of its images."""

import numpy as np

LEAST_IMAGES = 16


def check_images(name: str, images: np.ndarray, least: int = LEAST_IMAGES) -> None:
    """Refuses what cannot be measured.

    Args:
        name: of the argument, for the message.
        images: to be uint8 [n, H, W, 1].
        least: the smallest n.

    Raises:
        ValueError: another type or shape, or fewer images.
    """
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        received = getattr(images, "dtype", type(images).__name__)
        raise ValueError(f"`{name}` must be uint8 grey levels, 0 to 255. Received: {received}")
    if images.ndim != 4 or images.shape[-1] != 1 or 0 in images.shape[1:]:
        raise ValueError(f"`{name}` must have the shape [n, H, W, 1]. Received: shape={images.shape}")
    if len(images) < least:
        raise ValueError(f"`{name}` needs at least {least} images. Received: {len(images)}")


def check_pair(real: np.ndarray, fake: np.ndarray) -> None:
    """Refuses two sets that cannot be compared.

    Args:
        real: to be uint8 [n, H, W, 1].
        fake: to be uint8 [m, H, W, 1]; n and m may differ.

    Raises:
        ValueError: as `check_images`, or the sizes H, W differ.
    """
    check_images("real", real)
    check_images("fake", fake)
    if real.shape[1:] != fake.shape[1:]:
        raise ValueError(
            f"`fake` must have the size of `real`, {real.shape[1]} × {real.shape[2]} pixels. "
            f"Received: {fake.shape[1]} × {fake.shape[2]}"
        )


def check_square(real: np.ndarray, smallest: int) -> None:
    """Refuses images that are not square or smaller than `smallest` pixels.

    Raises:
        ValueError: as above.
    """
    height, width = real.shape[1:3]
    if height != width or height < smallest:
        raise ValueError(
            f"`real` must be square images of at least {smallest} pixels. Received: {height} × {width}"
        )
