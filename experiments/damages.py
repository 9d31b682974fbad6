"""Known damage to scans, each in increasing amounts: the rungs of `experiments.damage_ladder`.

Lengths are pixels of a 64-pixel image and grow with larger ones.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

# Patches on a side that are shuffled.
PATCHES = 4


@dataclasses.dataclass(frozen=True)
class Damage:
    """One kind of damage.

    Attributes:
        apply: of (images, amount, other, seed); see `damaged`.
        amounts: increasing in harm; none of them is "no damage".
        unit: what an amount counts.
        other: which other images it takes: "reference", "scanner" or None.
        anatomy: whether the texture stays and the anatomy goes.
    """

    apply: Callable
    amounts: tuple[float, ...]
    unit: str
    other: str | None = None
    anatomy: bool = False


def blur(images, amount, other, seed):
    """A Gaussian blur with a standard deviation of `amount` pixels."""
    sigma = amount * images.shape[1] / 64
    return _uint8(gaussian_filter(images.astype(np.float32), (0, sigma, sigma, 0), mode="nearest"))


def noise(images, amount, other, seed):
    """White Gaussian noise with a standard deviation of `amount` grey levels."""
    return _uint8(images + np.random.default_rng(seed).normal(0, amount, images.shape))


def checkerboard(images, amount, other, seed):
    """`amount` grey levels more and less on every other pixel, as transposed convolutions leave it."""
    y, x = np.indices(images.shape[1:3])
    return _uint8(images + amount * (1.0 - 2.0 * ((x + y) % 2))[..., None])


def contrast(images, amount, other, seed):
    """Grey levels drawn towards each image's mean; `amount` is the share of the contrast that is lost."""
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    return _uint8(mean + (1 - amount) * (images - mean))


def gamma(images, amount, other, seed):
    """255·(grey / 255)^(1 + `amount`): middle greys become darker."""
    return _uint8(255 * (images / 255) ** (1 + amount))


def modes(images, amount, other, seed):
    """A generator that collapsed: `amount` of the images are left, each about as often as any other."""
    chosen = np.random.default_rng(seed).permutation(len(images))[:amount]
    return images[chosen[np.arange(len(images)) % len(chosen)]]


def replaced(images, amount, other, seed):
    """The share `amount` of the images, drawn at random, replaced by `other` ones."""
    rng = np.random.default_rng(seed)
    places = rng.permutation(len(images))[: round(amount * len(images))]
    result = images.copy()
    result[places] = other[rng.permutation(len(other))[np.arange(len(places)) % len(other)]]
    return result


def shuffled(images, amount, other, seed):
    """The share `amount` of `PATCHES` × `PATCHES` patches of each image, at least two, moved around."""
    rng = np.random.default_rng(seed)
    count, side = PATCHES**2, images.shape[1] // PATCHES
    result = images.copy()
    for image, source in zip(result, images):
        places = rng.permutation(count)[: max(2, round(amount * count))]
        for to, origin in zip(places, np.roll(places, 1)):
            (top, left), (y, x) = (side * np.array(divmod(p, PATCHES)) for p in (to, origin))
            image[top : top + side, left : left + side] = source[y : y + side, x : x + side]
    return result


def pasted(images, amount, other, seed):
    """The left half over the right one, not mirrored, in the share `amount` of the images."""
    half = images.shape[2] // 2
    doubled = images.copy()
    doubled[:, :, -half:] = images[:, :, :half]
    return _changed_in_part(images, doubled, amount, seed)


def warped(images, amount, other, seed):
    """Each image bent by a smooth random field with a root mean square of `amount` pixels on each axis."""
    rng = np.random.default_rng(seed)
    size = images.shape[1]
    scale = size / 64
    field = gaussian_filter(rng.normal(size=(len(images), 2, size, size)), (0, 0, 6 * scale, 6 * scale))
    field *= amount * scale / field.std(axis=(2, 3), keepdims=True)
    places = field + np.indices((size, size))
    bent = [
        map_coordinates(image[..., 0].astype(np.float32), place, order=1, mode="nearest")
        for image, place in zip(images, places)
    ]
    return _uint8(np.stack(bent)[..., None])


def upside_down(images, amount, other, seed):
    """The share `amount` of the images with their top at the bottom."""
    return _changed_in_part(images, images[:, ::-1], amount, seed)


def _changed_in_part(images, changed, amount, seed):
    """The share `amount` of the images, drawn at random, as they stand in `changed`."""
    result = images.copy()
    places = np.random.default_rng(seed).permutation(len(images))[: round(amount * len(images))]
    result[places] = changed[places]
    return result


def _uint8(values):
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)


_SHARES = (0.1, 0.25, 0.5, 1.0)
# Name -> damage, in the order of the table.
DAMAGES = {
    "blur": Damage(blur, (0.4, 0.6, 0.8, 1.2, 2.0), "σ in pixels"),
    "noise": Damage(noise, (4, 8, 16, 32), "σ in grey levels"),
    "checkerboard": Damage(checkerboard, (4, 8, 15, 30), "± grey levels"),
    "contrast": Damage(contrast, (0.1, 0.2, 0.35, 0.5), "share lost"),
    "gamma": Damage(gamma, (0.1, 0.2, 0.4, 0.8), "exponent − 1"),
    "modes": Damage(modes, (100, 30, 10, 3), "images left"),
    "copies": Damage(replaced, _SHARES, "share", other="reference"),
    "scanner": Damage(replaced, _SHARES, "share", other="scanner"),
    "shuffled": Damage(shuffled, (0.1, 0.25, 0.5, 1.0), "share of patches", anatomy=True),
    "pasted": Damage(pasted, _SHARES, "share", anatomy=True),
    "warped": Damage(warped, (0.5, 1, 2, 4), "pixels", anatomy=True),
    "upside down": Damage(upside_down, _SHARES, "share", anatomy=True),
}
