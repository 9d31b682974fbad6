"""The image sizes that doubling reaches."""

BASES = (4, 5, 6, 7)


def doublings(image_size: int) -> tuple[int, int]:
    """Splits an image size into `base · 2^n`, with the base from 4 to 7.

    A base of 8 is 4 doubled once. 64 gives (4, 4), 28 gives (7, 2), 56 gives (7, 3).

    Args:
        image_size: height and width in pixels.

    Returns:
        `(base, n)`.

    Raises:
        ValueError: the size is no such product, or has no doubling in it.
    """
    base, n = image_size, 0
    while base >= 8 and base % 2 == 0:
        base, n = base // 2, n + 1
    if base not in BASES or n == 0:
        raise ValueError(
            "`image_size` must be 4, 5, 6 or 7 doubled at least once, such as 28, 32, 48, 56, 64, "
            f"128 or 256. Received: image_size={image_size}"
        )
    return base, n
