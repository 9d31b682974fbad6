"""What every measure asks of its images, or of their features."""

import numpy as np

LEAST_IMAGES = 16


class TooFewError(ValueError):
    """Too few samples for the measure: its number would say nothing, so there is none."""


def check_images(name: str, images: np.ndarray, least: int = LEAST_IMAGES) -> None:
    """Refuses what cannot be measured.

    Args:
        name: of the argument, for the message.
        images: to be uint8 [n, H, W, 1].
        least: the smallest n.

    Raises:
        TooFewError: fewer images.
        ValueError: another type or shape.
    """
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        received = getattr(images, "dtype", type(images).__name__)
        raise ValueError(f"`{name}` must be uint8 grey levels, 0 to 255. Received: {received}")
    if images.ndim != 4 or images.shape[-1] != 1 or 0 in images.shape[1:]:
        raise ValueError(f"`{name}` must have the shape [n, H, W, 1]. Received: shape={images.shape}")
    if len(images) < least:
        raise TooFewError(f"`{name}` needs at least {least} images. Received: {len(images)}")


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


def check_features(name: str, features: np.ndarray, least: int = LEAST_IMAGES) -> None:
    """Refuses features that cannot be measured.

    Args:
        name: of the argument, for the message.
        features: to be floats [n, d], one row an image, d ≥ 1.
        least: the smallest n.

    Raises:
        TooFewError: fewer rows.
        ValueError: another type or shape, or NaN or infinity among them.
    """
    if not isinstance(features, np.ndarray) or not np.issubdtype(features.dtype, np.floating):
        received = getattr(features, "dtype", type(features).__name__)
        raise ValueError(f"`{name}` must be features, floats. Received: {received}")
    if features.ndim != 2 or features.shape[1] == 0:
        raise ValueError(f"`{name}` must have the shape [n, d]. Received: shape={features.shape}")
    if len(features) < least:
        raise TooFewError(
            f"`{name}` needs the features of at least {least} images. Received: {len(features)}"
        )
    broken = len(features) - np.isfinite(features).all(axis=1).sum()
    if broken:
        raise ValueError(
            f"`{name}` must be finite. Received: NaN or infinity in {broken} of {len(features)} rows"
        )


def check_feature_pair(real: np.ndarray, fake: np.ndarray, least: int = LEAST_IMAGES) -> None:
    """Refuses two sets of features that cannot be compared.

    Generated images may all be equal, as those of a collapsed generator are; the measures say so.

    Args:
        real: to be floats [n, d], not all rows equal.
        fake: to be floats [m, d]; n and m may differ.
        least: the smallest n and m.

    Raises:
        TooFewError: fewer rows.
        ValueError: as `check_features`, another d, or real features that are constant.
    """
    check_features("real", real, least)
    check_features("fake", fake, least)
    if real.shape[1] != fake.shape[1]:
        raise ValueError(
            f"`fake` must have the features of `real`, {real.shape[1]} of them. Received: {fake.shape[1]}"
        )
    if (real == real[0]).all():
        raise ValueError("`real` must hold scans that differ. Received: features that are all equal")
