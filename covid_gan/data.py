"""From a TFDS name to batches of square grey images; the only file that knows TFDS.

A data set is read, resized and hashed once; then each batch is a function of (seed,
step) alone, so that a resumed run sees what it would have seen.
"""

import contextlib
import dataclasses
import fcntl
import hashlib
import logging
import sys
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

import tfds_covidct
from covid_gan import randomness
from covid_gan.config import AUTO, PHANTOM, Config, DataConfig
from covid_gan.errors import ArgumentError
from covid_gan.randomness import Purpose
from tfds_covidct import covid_ct

log = logging.getLogger(__name__)

COVID_CT = "covid_ct"
DEFAULT_CLASS = "covid"
# Images that are shuffled together where they do not stay in memory.
SHUFFLE_BLOCK = 4096


@dataclasses.dataclass(frozen=True)
class Scans:
    """The images of a run.

    Attributes:
        config: with `dataset` and `classes` as they were resolved.
        fingerprint: name, version, split, classes, count, and a SHA-256 of ids and pixels.
        records: uint8 [S, S, 1] each, in the data set's order.
        images: the same as one tensor [count, S, S, 1], or None where they are read anew each epoch.
    """

    config: DataConfig
    fingerprint: dict
    records: tf.data.Dataset
    images: tf.Tensor | None

    @property
    def count(self) -> int:
        return self.fingerprint["count"]

    def batches(self, batch_size: int, seed: int, start_step: int = 0) -> tf.data.Dataset:
        """Endless batches uint8 [batch_size, S, S, 1]; the first is that of step `start_step`.

        Epochs follow each other without a gap: a batch may hold the last images of one
        and the first of the next.
        """
        epoch, offset = divmod(start_step * batch_size, self.count)
        shuffled = self._shuffled_blocks if self.images is None else self._shuffled_memory
        images = tf.data.Dataset.range(epoch, 2**40).flat_map(lambda e: shuffled(seed, e))
        batches = images.skip(offset).batch(batch_size, drop_remainder=True)
        if self.config.flip:
            batches = batches.enumerate(start_step).map(lambda step, b: _flip(b, seed, step))
        return batches.prefetch(2)

    def first(self, count: int) -> np.ndarray:
        """The first images, uint8 [min(count, self.count), S, S, 1]."""
        return np.stack(list(self.records.take(count).as_numpy_iterator()))

    def _shuffled_memory(self, seed, epoch):
        key = randomness.key(seed, Purpose.ORDER, epoch)
        order = tf.random.experimental.stateless_shuffle(tf.range(self.count), key, alg="philox")
        return tf.data.Dataset.from_tensor_slices(order).map(lambda i: tf.gather(self.images, i))

    def _shuffled_blocks(self, seed, epoch):
        def shuffle(block, images):
            key = randomness.key(seed, Purpose.ORDER, epoch * 2**20 + block)
            order = tf.random.experimental.stateless_shuffle(
                tf.range(tf.shape(images)[0]), key, alg="philox"
            )
            return tf.gather(images, order)

        return self.records.batch(SHUFFLE_BLOCK).enumerate().map(shuffle).unbatch()


@contextlib.contextmanager
def _quiet_tfds():
    """Without TFDS's log lines, and without its bars where nobody sees them move."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    try:
        yield
    finally:
        logger.setLevel(level)


@_quiet_tfds()
def resolve(config: Config) -> Config:
    """Returns the config with `dataset` and `classes` as they will be; prepares nothing.

    Raises:
        ArgumentError: the data set is unknown, has no images, or lacks a class.
    """
    data = config.data
    if data.dataset == AUTO:
        data = _choose(data)
    builder = _builder(data)
    if "image" not in builder.info.features:
        raise ArgumentError("dataset", "has no feature `image`.", data.dataset)
    return dataclasses.replace(
        config, data=dataclasses.replace(data, classes=_classes(builder, data.classes))
    )


@_quiet_tfds()
def load(config: Config) -> tuple[Config, Scans]:
    """Prepares the data set if need be, reads it, and returns it with the resolved config.

    Raises:
        ArgumentError: the data set is unknown, cannot be prepared, lacks a class or a split, or
            has no image left.
    """
    resolved = resolve(config)
    try:
        builder = _prepared(resolved.data)
    except tfds_covidct.SourceUnavailableError as error:
        if config.data.dataset != AUTO:
            raise ArgumentError("dataset", str(error), config.data.dataset) from error
        phantom = dataclasses.replace(config.data, dataset=PHANTOM)
        warn_of_phantom(str(error))
        resolved = resolve(dataclasses.replace(config, data=phantom))
        builder = _prepared(resolved.data)
    return resolved, _read(builder, resolved.data, config.model.image_size)


def warn_of_phantom(why: str) -> None:
    """A warning that cannot be missed: the images are not scans."""
    lines = [
        "COVID-CT cannot be had, so this run uses lung_phantom: drawings, not scans of patients.",
        *why.splitlines(),
        "For real scans give --manual_dir=FOLDER with a copy of COVID-CT, or --dataset=NAME.",
    ]
    bar = "=" * 88
    log.warning("\n%s\n%s\n%s", bar, "\n".join(lines), bar)


def _choose(data: DataConfig) -> DataConfig:
    named = dataclasses.replace(data, dataset=COVID_CT)
    prepared = _builder(named).is_prepared()
    if prepared or covid_ct.source_in(_manual_dir(data)) or covid_ct.upstream_answers():
        return named
    warn_of_phantom(
        f"It is not prepared in {_data_dir(data)}, its files are not in {_manual_dir(data)}, and "
        "its home does not answer."
    )
    return dataclasses.replace(data, dataset=PHANTOM)


def _data_dir(data: DataConfig) -> Path:
    return Path(data.data_dir or tfds.core.constants.DATA_DIR).expanduser()


def _manual_dir(data: DataConfig) -> Path:
    """The folder given, or TFDS's own. A given folder that is not there is a mistake."""
    if data.manual_dir and not Path(data.manual_dir).expanduser().is_dir():
        raise ArgumentError("manual_dir", "there is no such folder.", data.manual_dir)
    return Path(data.manual_dir or _data_dir(data) / "downloads" / "manual").expanduser()


def _builder(data: DataConfig) -> tfds.core.DatasetBuilder:
    try:
        return tfds.builder(data.dataset, data_dir=_data_dir(data))
    except tfds.core.registered.DatasetNotFoundError as error:
        near = str(error).partition("Did you mean:")[2].strip()
        hint = f" Did you mean {near}?" if near else ""
        ours = f"{AUTO}, {COVID_CT} and {PHANTOM} are there; so is every data set of TFDS."
        raise ArgumentError("dataset", f"is unknown to TFDS.{hint} {ours}", data.dataset) from None
    except (ValueError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ArgumentError("dataset", f"cannot be opened: {reason}", data.dataset) from error


def _classes(builder, wanted):
    """The label names to keep; () stands for all."""
    features = builder.info.features
    label = features["label"] if "label" in features else None
    names = tuple(getattr(label, "names", None) or ())
    if wanted is None:
        return (DEFAULT_CLASS,) if DEFAULT_CLASS in names else ()
    for name in wanted:
        if name not in names:
            there = f"it has {', '.join(names)}" if names else "it has no label names"
            raise ArgumentError("classes", f"{name!r} is no label of {builder.name}: {there}.", wanted)
    return tuple(wanted)


def _prepared(data: DataConfig) -> tfds.core.DatasetBuilder:
    builder = _builder(data)
    if builder.is_prepared():
        return builder
    if not type(builder).__module__.startswith("tfds_covidct."):
        raise ArgumentError(
            "dataset",
            f"is not prepared in {_data_dir(data)}. Prepare it once: python -c \"import "
            f"tensorflow_datasets as tfds; tfds.load('{data.dataset}', data_dir='{_data_dir(data)}')\"",
            data.dataset,
        )
    with _one_at_a_time(builder):
        if not builder.is_prepared():
            _prepare(builder, data)
    return _builder(data)


def _prepare(builder, data: DataConfig) -> None:
    log.info("Preparing %s once, in %s …", builder.name, builder.data_path)
    manual_dir = _manual_dir(data)
    download = tfds.download.DownloadConfig(manual_dir=manual_dir if manual_dir.is_dir() else None)
    try:
        builder.download_and_prepare(download_config=download)
    except tfds_covidct.SourceUnavailableError:
        raise
    except tfds_covidct.DataError as error:
        raise ArgumentError("manual_dir", str(error), data.manual_dir) from error
    except OSError as error:
        raise ArgumentError("data_dir", f"cannot be written: {error}.", str(_data_dir(data))) from error


@contextlib.contextmanager
def _one_at_a_time(builder):
    """Lets several trainings that start together prepare a data set once."""
    name = hashlib.sha256(str(builder.data_path).encode()).hexdigest()[:16]
    with open(Path(tempfile.gettempdir()) / f"covid_gan-{name}.lock", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read(builder, data: DataConfig, size: int) -> Scans:
    source = _source(builder, data)
    low, high = _grey_range(builder, source)
    digest, count, kept = hashlib.sha256(), 0, []
    resized = source.map(
        lambda image, image_id: (image, image_id, to_square(image, size, data.resize, low, high)),
        num_parallel_calls=2,
    )
    for image, image_id, small in resized.as_numpy_iterator():
        digest.update(image_id + repr((image.shape, str(image.dtype))).encode() + image.tobytes())
        count += 1
        if data.cache == "memory":
            kept.append(small)
    if not count:
        raise ArgumentError("split", "leaves no image with these --classes and --exclude.", data.split)
    fingerprint = {
        "name": builder.name,
        "version": str(builder.version),
        "split": data.split,
        "classes": list(data.classes),
        "count": count,
        "grey_range": [low, high],
        "sha256": digest.hexdigest(),
    }
    images = tf.constant(np.stack(kept)) if kept else None
    records = tf.data.Dataset.from_tensor_slices(images) if kept else resized.map(lambda *x: x[2])
    return Scans(data, fingerprint, records, images)


def _source(builder, data: DataConfig) -> tf.data.Dataset:
    """Pairs of a grey image [H, W, 1] and its id, always in the same order."""
    reading = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
    try:
        examples = builder.as_dataset(split=data.split, shuffle_files=False, read_config=reading)
    except (ValueError, KeyError) as error:
        there = ", ".join(sorted(builder.info.splits))
        message = f"is no split of {builder.name}, which has {there}; all joins them."
        raise ArgumentError("split", message, data.split) from error
    if data.classes:
        names = builder.info.features["label"].names
        keep = tf.constant([names.index(name) for name in data.classes], tf.int64)
        examples = examples.filter(lambda e: tf.reduce_any(tf.cast(e["label"], tf.int64) == keep))
    if data.exclude:
        if "image_id" not in builder.info.features:
            raise ArgumentError("exclude", f"{builder.name} has no image_id.", data.exclude)
        examples = examples.filter(
            lambda e: tf.reduce_all(e["image_id"] != tf.constant(data.exclude))
        )
    return examples.map(lambda e: (_grey(e["image"]), e["image_id"] if "image_id" in e else ""))


def _grey(image: tf.Tensor) -> tf.Tensor:
    if image.shape.rank != 3:
        raise ArgumentError("dataset", f"has images of shape {image.shape}, not [H, W, C].", "")
    return tf.image.rgb_to_grayscale(image[..., :3]) if image.shape[-1] in (3, 4) else image[..., :1]


def _grey_range(builder, source) -> tuple[float, float]:
    """The grey values that become 0 and 255.

    8-bit images keep theirs. Anything wider has no fixed scale, so one line serves the
    whole data set: from its smallest to its largest value.
    """
    if builder.info.features["image"].dtype == np.uint8:
        return 0.0, 255.0
    low, high = float("inf"), float("-inf")
    for image, _ in source.as_numpy_iterator():
        low, high = min(low, float(image.min())), max(high, float(image.max()))
    log.info("%s: grey values %g … %g become 0 … 255.", builder.name, low, high)
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
    draws = tf.random.stateless_uniform(
        [tf.shape(images)[0], 1, 1, 1], randomness.key(seed, Purpose.FLIP, step), alg="philox"
    )
    return tf.where(draws < 0.5, images[:, :, ::-1], images)


