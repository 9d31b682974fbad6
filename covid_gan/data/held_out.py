"""The scans of a data set that a run has not trained on."""

import dataclasses
import logging

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
            pictures = all_images(_read(builders, every_class, size, grey_range))
        ids = np.array(other.ids)
        same = nearest_difference(all_images(other), pictures) < SAME_PICTURE
        same |= np.isin(ids, list(SAME_PICTURE_IDS))
        if same.any():
            log.info("%s: %d scans stand in the training split too and are left out.", split, same.sum())
        if not same.all():
            kept = all_images(other)[~same]
            found[split] = HeldOut(split, kept, tuple(ids[~same].tolist()), tuple(ids[same].tolist()))
    return found


def all_images(scans: Scans) -> np.ndarray:
    """All images of a set at once, uint8 [count, S, S, 1]."""
    return scans.first(scans.count)


def nearest_difference(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Root mean square difference to the most similar one of `others`, in grey levels: float64 [n].

    Args:
        images: uint8 [n, S, S, 1].
        others: uint8 [m, S, S, 1].
    """
    flat = [array.reshape(len(array), -1).astype(np.float32) / 255.0 for array in (images, others)]
    nearest = np.full(len(images), np.inf)
    # The squares are summed as differences: products of large numbers would leave rounding for equal images.
    for i, image in enumerate(flat[0]):
        nearest[i] = np.sqrt(np.mean((flat[1] - image) ** 2, axis=1, dtype=np.float64).min()) * 255.0
    return nearest


def _read(builders, data, size: int, grey_range: tuple[float, float]) -> Scans | None:
    """The images of a split, their grey values scaled as the run's, or None where these classes leave none."""
    splits = [builder.info.splits.get(data.split) for builder in builders]
    if any(split is not None and split.num_examples < 1 for split in splits):
        return None
    source = examples.open_examples(builders, data)
    try:
        return read(source, dataclasses.replace(data, cache="memory"), size, grey_range)
    except ArgumentError as error:
        if error.argument != "split":
            raise
        return None
