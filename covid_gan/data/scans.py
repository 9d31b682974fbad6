"""Square grey images and their batches, each a function of (seed, step) alone."""

import collections
import contextlib
import dataclasses
import hashlib
import logging
import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from covid_gan import randomness
from covid_gan.config import AUTO, DataConfig
from covid_gan.data.examples import Source
from covid_gan.errors import ArgumentError
from covid_gan.randomness import Purpose

log = logging.getLogger(__name__)

# Where Linux says how much a container may have.
_CONTAINER = Path("/sys/fs/cgroup/memory.max")
# Images that are shuffled together where they do not stay in memory.
SHUFFLE_BLOCK = 1024


@dataclasses.dataclass(frozen=True)
class Scans:
    """The images of a run.

    Attributes:
        config: with `dataset`, `classes` and `cache` as they were resolved.
        fingerprint: name, version, split, classes, count, counts by data set and label, and a SHA-256
            of ids and pixels.
        records: uint8 [S, S, 1] each, in the data set's order.
        images: the same as one tensor [count, S, S, 1], or None where they are read anew each epoch.
        ids: of the images, in the same order: `image_id`, or a digest of the pixels where there is none.
    """

    config: DataConfig
    fingerprint: dict
    records: tf.data.Dataset
    images: tf.Tensor | None
    ids: tuple[str, ...]

    @property
    def count(self) -> int:
        return self.fingerprint["count"]

    def batches(self, batch_size: int, seed: int, start_step: int = 0) -> tf.data.Dataset:
        """Endless batches uint8 [batch_size, S, S, 1]; the first is that of step `start_step`.

        Epochs follow each other without a gap: a batch may hold the last images of one
        and the first of the next.
        """
        epoch, offset = divmod(start_step * batch_size, self.count)
        shuffled = self._shuffled_blocks if self.images is None else self._shuffled_places
        stream = tf.data.Dataset.range(epoch, 2**40).flat_map(lambda e: shuffled(seed, e))
        batches = stream.skip(offset).batch(batch_size, drop_remainder=True)
        if self.images is not None:
            batches = batches.map(lambda places: tf.gather(self.images, places))
        if self.config.flip:
            batches = batches.enumerate(start_step).map(lambda step, b: _flip(b, seed, step))
        return batches.prefetch(2)

    def first(self, count: int) -> np.ndarray:
        """The first images, uint8 [min(count, self.count), S, S, 1]."""
        return np.stack(list(self.records.take(count).as_numpy_iterator()))

    def _shuffled_places(self, seed, epoch):
        """The images' places in memory, in the order of an epoch."""
        key = randomness.key(seed, Purpose.ORDER, epoch)
        order = tf.random.experimental.stateless_shuffle(tf.range(self.count), key, alg="philox")
        return tf.data.Dataset.from_tensor_slices(order)

    def _shuffled_blocks(self, seed, epoch):
        """The images of an epoch, read anew, each block of them in an order of its own."""

        def shuffle(block, images):
            key = randomness.key(seed, Purpose.ORDER, epoch * 2**20 + block)
            order = tf.random.experimental.stateless_shuffle(tf.range(tf.shape(images)[0]), key, alg="philox")
            return tf.gather(images, order)

        return self.records.batch(SHUFFLE_BLOCK).enumerate().map(shuffle).unbatch()


def read(
    source: Source, config: DataConfig, size: int, grey_range: tuple[float, float] | None = None
) -> Scans:
    """Resizes all images of a source once, and hashes them.

    Args:
        source: an opened data set.
        config: resolved but for `cache`, which becomes "memory" or "none".
        size: height and width to reach.
        grey_range: the grey values that become 0 and 255; those of 8-bit images, or the smallest and
            the largest in the source, where not given.

    Raises:
        ArgumentError: (`split`) no image is left.
    """
    low, high = grey_range or _grey_range(source)
    digest, counts, kept, ids = hashlib.sha256(), collections.Counter(), [], []
    room = _room(config.cache)
    resized = source.examples.map(
        lambda image, *rest: (to_square(image, size, config.resize, low, high), image, *rest),
        num_parallel_calls=2,
    )
    for small, image, image_id, place, label in resized.as_numpy_iterator():
        digest.update(image_id + repr((image.shape, str(image.dtype))).encode() + image.tobytes())
        ids.append(image_id.decode() or hashlib.sha256(image.tobytes()).hexdigest())
        counts[int(place), int(label)] += 1
        if len(ids) * small.nbytes <= room:
            kept.append(small)
        else:
            kept.clear()
    count = counts.total()
    if not count:
        raise ArgumentError("split", "leaves no image with these --classes and --exclude.", config.split)
    if config.cache == AUTO:
        config = dataclasses.replace(config, cache="memory" if kept else "none")
        if not kept:
            log.info("%d images fill a quarter of the memory: --cache=none, read anew each epoch.", count)
    fingerprint = {
        "name": "+".join(source.names),
        "version": "+".join(source.versions),
        "split": config.split,
        "classes": list(config.classes),
        "count": count,
        "counts": _by_name(source, counts),
        "grey_range": [low, high],
        "sha256": digest.hexdigest(),
    }
    if not kept:
        return Scans(config, fingerprint, resized.map(lambda small, *rest: small), None, tuple(ids))
    stacked = np.stack(kept)
    kept.clear()
    with tf.device("CPU:0"):  # a GPU's memory is for the networks
        images = tf.constant(stacked)
    return Scans(config, fingerprint, tf.data.Dataset.from_tensor_slices(images), images, tuple(ids))


def _room(cache: str) -> float:
    """The bytes that images may fill; several workers must not decide each for itself."""
    if cache == AUTO and "TF_CONFIG" not in os.environ:
        return _memory() / 4
    return 0.0 if cache == "none" else float("inf")


def _memory() -> int:
    """The bytes of this machine's memory, or of this container's."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    with contextlib.suppress(OSError, ValueError):  # none: not in a container, or "max"
        limits.append(int(_CONTAINER.read_text()))
    return min(limits)


def _by_name(source: Source, counts: collections.Counter) -> dict[str, dict[str, int]]:
    """Numbers of images: {data set: {label: number}}."""
    named = {name: {} for name in source.names}
    for (place, label), count in sorted(counts.items()):
        name = source.label_names[place][label] if label >= 0 else "unlabelled"
        named[source.names[place]][name] = count
    return named


def _grey_range(source: Source) -> tuple[float, float]:
    """The grey values that become 0 and 255.

    8-bit images keep theirs. Anything wider has no fixed scale, so one line serves the
    whole data set: from its smallest to its largest value.
    """
    if source.examples.element_spec[0].dtype == tf.uint8:
        return 0.0, 255.0
    low, high = float("inf"), float("-inf")
    for image, *_ in source.examples.as_numpy_iterator():
        low, high = min(low, float(image.min())), max(high, float(image.max()))
    log.info("%s: grey values %g … %g become 0 … 255.", source.names[0], low, high)
    return low, max(high, low + 1e-6)


def to_square(image: tf.Tensor, size: int, method: str, low: float, high: float) -> tf.Tensor:
    """Resizes one image with antialiasing.

    Args:
        image: [H, W, 1] with values from `low` to `high`.
        size: height and width to reach.
        method: "pad" keeps the aspect ratio and fills up with air, 0; "stretch" does not keep it.
        low: the value that becomes 0.
        high: the value that becomes 255.

    Returns:
        uint8 [size, size, 1].
    """
    grey = (tf.cast(image, tf.float32) - low) * (255.0 / (high - low))
    if method == "stretch":
        grey = tf.image.resize(grey, [size, size], antialias=True)
    else:
        shape = tf.cast(tf.shape(grey)[:2], tf.float32)
        shape = tf.maximum(1, tf.cast(tf.round(shape * size / tf.reduce_max(shape)), tf.int32))
        grey = tf.image.resize(grey, shape, antialias=True)
        top, left = (size - shape[0]) // 2, (size - shape[1]) // 2
        grey = tf.image.pad_to_bounding_box(grey, top, left, size, size)
    return tf.ensure_shape(tf.cast(tf.clip_by_value(tf.round(grey), 0, 255), tf.uint8), [size, size, 1])


def _flip(images: tf.Tensor, seed: int, step: tf.Tensor) -> tf.Tensor:
    """Mirrors half of a batch [n, H, W, C], drawn for each image from (seed, step, place)."""
    draws = randomness.uniform([tf.shape(images)[0], 1, 1, 1], seed, Purpose.FLIP, step)
    return tf.where(draws < 0.5, images[:, :, ::-1], images)
