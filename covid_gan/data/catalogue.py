"""Data sets by name: chosen, prepared and opened; the only file that knows TFDS."""

import contextlib
import dataclasses
import fcntl
import hashlib
import logging
import os
import sys
import tempfile
from pathlib import Path

import tensorflow as tf
import tensorflow_datasets as tfds

import tfds_covidct
from covid_gan.config import AUTO, PHANTOM, DataConfig
from covid_gan.errors import ArgumentError, reason
from tfds_covidct import covid_ct

log = logging.getLogger(__name__)

COVID_CT = "covid_ct"
DEFAULT_CLASS = "covid"


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


@dataclasses.dataclass(frozen=True)
class Source:
    """An opened data set.

    Attributes:
        name: of the TFDS builder.
        version: its version.
        examples: pairs of a grey image [H, W, 1] and its id, always in the same order.
    """

    name: str
    version: str
    examples: tf.data.Dataset


@_quiet_tfds()
def resolve(data: DataConfig) -> DataConfig:
    """Returns the config with `dataset` and `classes` as they will be; prepares nothing.

    Raises:
        ArgumentError: the data set is unknown, has no images, or lacks a class.
    """
    data = dataclasses.replace(data, data_dir=_absolute(data.data_dir), manual_dir=_absolute(data.manual_dir))
    if data.dataset == AUTO:
        data = _choose(data)
    builder = _builder(data)
    if "image" not in builder.info.features:
        raise ArgumentError("dataset", "has no feature `image`.", data.dataset)
    return dataclasses.replace(data, classes=_classes(builder, data.classes))


@_quiet_tfds()
def is_prepared(data: DataConfig) -> bool:
    """Whether the data set, resolved, lies ready on the disk."""
    return _builder(data).is_prepared()


@_quiet_tfds()
def open_source(data: DataConfig) -> tuple[DataConfig, Source]:
    """Prepares the data set if need be, and opens it; returns it with the resolved config.

    Raises:
        ArgumentError: it is unknown, cannot be prepared, or lacks a class or a split.
    """
    resolved = resolve(data)
    try:
        builder = _prepared(resolved)
    except tfds_covidct.SourceUnavailableError as error:
        if data.dataset != AUTO:
            raise ArgumentError("dataset", str(error), data.dataset) from error
        _warn_of_phantom(str(error))
        resolved = resolve(dataclasses.replace(data, dataset=PHANTOM))
        builder = _prepared(resolved)
    return resolved, Source(builder.name, str(builder.version), _examples(builder, resolved))


def _warn_of_phantom(why: str) -> None:
    """A warning that cannot be missed: the images are not scans."""
    lines = [
        "COVID-CT cannot be had, so this run uses lung_phantom: drawings, not scans of patients.",
        *why.splitlines(),
        "For real scans give --manual_dir=FOLDER with a copy of COVID-CT, or --dataset=NAME.",
    ]
    bar = "=" * 88
    log.warning("\n%s\n%s\n%s", bar, "\n".join(lines), bar)


def _choose(data: DataConfig) -> DataConfig:
    """What `auto` means here: covid_ct where it can be had, else the phantom."""
    named = dataclasses.replace(data, dataset=COVID_CT)
    if _builder(named).is_prepared() or _source_in(data) or covid_ct.upstream_answers():
        return named
    _warn_of_phantom(
        f"It is not prepared in {_data_dir(data)}, its files are not in {_manual_dir(data)}, and "
        "its home does not answer."
    )
    return dataclasses.replace(data, dataset=PHANTOM)


def _source_in(data: DataConfig) -> bool:
    try:
        return covid_ct.source_in(_manual_dir(data))
    except tfds_covidct.DataError as error:
        raise ArgumentError("manual_dir", str(error), data.manual_dir) from error


def _absolute(folder: str | None) -> str | None:
    """So that a run goes on from any folder."""
    return str(Path(folder).expanduser().absolute()) if folder else None


def _data_dir(data: DataConfig) -> Path:
    return Path(data.data_dir or tfds.core.constants.DATA_DIR)


def _manual_dir(data: DataConfig) -> Path:
    """The folder given, or TFDS's own. A given folder that is not there is a mistake."""
    if data.manual_dir and not Path(data.manual_dir).is_dir():
        raise ArgumentError("manual_dir", "there is no such folder.", data.manual_dir)
    return Path(data.manual_dir or _data_dir(data) / "downloads" / "manual")


def _builder(data: DataConfig) -> tfds.core.DatasetBuilder:
    try:
        return tfds.builder(data.dataset, data_dir=_data_dir(data))
    except tfds.core.registered.DatasetNotFoundError as error:
        near = str(error).partition("Did you mean:")[2].strip()
        hint = f" Did you mean {near}?" if near else ""
        ours = f"{AUTO}, {COVID_CT} and {PHANTOM} are there; so is every data set of TFDS."
        raise ArgumentError("dataset", f"is unknown to TFDS.{hint} {ours}", data.dataset) from None
    except Exception as error:  # whatever TFDS makes of a name that it cannot take
        raise ArgumentError("dataset", f"cannot be opened: {reason(error)}.", data.dataset) from error


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
            f'is not prepared in {_data_dir(data)}. Prepare it once: python -c "import '
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
    name = hashlib.sha256(f"{os.getuid()} {builder.data_path}".encode()).hexdigest()[:16]
    with open(Path(tempfile.gettempdir()) / f"covid_gan-{name}.lock", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _examples(builder, data: DataConfig) -> tf.data.Dataset:
    """Pairs of a grey image [H, W, 1] and its id, always in the same order."""
    reading = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
    try:
        if data.split != tfds.Split.ALL and builder.info.splits[data.split].num_examples < 1:
            raise ValueError("it is empty")
        examples = builder.as_dataset(split=data.split, shuffle_files=False, read_config=reading)
    except (AssertionError, LookupError, NotImplementedError, ValueError) as error:
        there = ", ".join(sorted(builder.info.splits))
        message = f"is no split of {builder.name}, which has {there}; all joins them."
        raise ArgumentError("split", message, data.split) from error
    if data.classes:
        names = builder.info.features["label"].names
        keep = tf.constant([names.index(name) for name in data.classes], tf.int64)
        examples = examples.filter(lambda e: tf.reduce_any(tf.cast(e["label"], tf.int64) == keep))
    if data.exclude:
        _check_exclude(builder, data)
        examples = examples.filter(lambda e: tf.reduce_all(e["image_id"] != tf.constant(data.exclude)))
    return examples.map(lambda e: (_grey(e["image"], data.dataset), e["image_id"] if "image_id" in e else ""))


def _check_exclude(builder, data: DataConfig) -> None:
    """An id that is nowhere in the data set is a mistake."""
    if "image_id" not in builder.info.features:
        raise ArgumentError("exclude", f"{builder.name} has no image_id.", data.exclude)
    unread = {"image": tfds.decode.SkipDecoding()}
    everything = builder.as_dataset(split=tfds.Split.ALL, decoders=unread, shuffle_files=False)
    known = {e["image_id"].decode() for e in everything.as_numpy_iterator()}
    for image_id in data.exclude:
        if image_id not in known:
            raise ArgumentError("exclude", f"{builder.name} has no image {image_id!r}.", data.exclude)


def _grey(image: tf.Tensor, name: str) -> tf.Tensor:
    if image.shape.rank != 3:
        raise ArgumentError("dataset", f"has images of shape {image.shape}, not [H, W, C].", name)
    return tf.image.rgb_to_grayscale(image[..., :3]) if image.shape[-1] in (3, 4) else image[..., :1]
