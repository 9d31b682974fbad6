"""The scans of a data set that a run has not trained on."""

import dataclasses
import logging
from collections.abc import Iterable

import numpy as np

from covid_gan.config import Config
from covid_gan.data import catalogue, examples
from covid_gan.data.scans import Scans, read
from covid_gan.errors import ArgumentError
from tfds_covidct.covid_ct.same_pictures import SAME_PICTURE_IDS

log = logging.getLogger(__name__)

# Two scans whose grey levels differ by less, as root mean square, are one picture saved twice: scans of
# COVID-CT's other splits differ by 28 or more from each of its training split, at 64 pixels.
SAME_PICTURE = 4.0
# Images that are compared with as many others at a time.
_BLOCK = 256


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """A split that was not trained on.

    Attributes:
        split: its name, such as validation.
        images: uint8 [n, S, S, 1], n ≥ 1.
        ids: of the images.
        dropped: ids of its scans that are left out, as their picture stands in the training split too.
    """

    split: str
    images: np.ndarray
    ids: tuple[str, ...]
    dropped: tuple[str, ...]


def held_out_splits(config: Config, scans: Scans) -> dict[str, HeldOut]:
    """The splits that share no image with a run's own, by name; empty where there is none.

    Of each split the run's classes are taken. Left out are scans whose picture stands in the
    run's split under any label: by their pixels, and the two that COVID-CT holds twice in other crops.

    Args:
        config: of the run, resolved.
        scans: what it trains on.
    """
    data, builders = catalogue.open_builders(config.data)
    everywhere = set.intersection(*(set(builder.info.splits) for builder in builders))
    own, found = set(scans.ids), {}
    size, grey_range = config.model.image_size, scans.fingerprint["grey_range"]
    pictures = None
    for split in sorted(everywhere - {data.split}):
        other = _read(builders, dataclasses.replace(data, split=split), size, grey_range)
        if other is None or own & set(other.ids):
            continue
        if pictures is None:
            every_class = dataclasses.replace(data, classes=(), exclude=())
            pictures = _read(builders, every_class, size, grey_range).records.batch(_BLOCK)
        ids, images = np.array(other.ids), all_images(other)
        same = nearest_difference(images, pictures.as_numpy_iterator()) < SAME_PICTURE
        same |= np.isin(ids, list(SAME_PICTURE_IDS))
        if same.any():
            log.info("%s: %d scans stand in the training split too and are left out.", split, same.sum())
        if not same.all():
            found[split] = HeldOut(
                split, images[~same], tuple(ids[~same].tolist()), tuple(ids[same].tolist())
            )
    return found


def all_images(scans: Scans) -> np.ndarray:
    """All images of a set at once, uint8 [count, S, S, 1]."""
    return scans.first(scans.count)


def nearest_difference(images: np.ndarray, blocks: Iterable[np.ndarray]) -> np.ndarray:
    """Root mean square difference to the most similar one of others, in grey levels: float64 [n].

    Args:
        images: uint8 [n, S, S, 1].
        blocks: the others, uint8 [b, S, S, 1] each.
    """
    nearest = np.full(len(images), np.inf)
    for block in blocks:
        others = block.reshape(len(block), -1).astype(np.float64)
        for start in range(0, len(images), _BLOCK):
            some = images[start : start + _BLOCK]
            own = some.reshape(len(some), -1).astype(np.float64)
            # Of whole numbers, and so without rounding.
            squares = (own**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2.0 * own @ others.T
            part = nearest[start : start + _BLOCK]
            np.minimum(part, squares.min(axis=1), out=part)
    return np.sqrt(nearest / np.prod(images.shape[1:]))


def _read(builders, data, size: int, grey_range: tuple[float, float]) -> Scans | None:
    """The images of a split, with grey values as the run scales them; None where these classes leave none."""
    splits = [builder.info.splits.get(data.split) for builder in builders]
    if any(split is not None and split.num_examples < 1 for split in splits):
        return None
    source = examples.open_examples(builders, data)
    try:
        return read(source, data, size, grey_range)
    except ArgumentError as error:
        if error.argument != "split":
            raise
        return None
