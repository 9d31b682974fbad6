"""Data sets by name: chosen, prepared and opened; only the files of this folder know TFDS."""

import contextlib
import dataclasses
import fcntl
import hashlib
import logging
import os
import sys
import tempfile
from pathlib import Path

import tensorflow_datasets as tfds

import tfds_covidct
from covid_gan import storage
from covid_gan.config import AUTO, PHANTOM, DataConfig
from covid_gan.data import folders, labels
from covid_gan.errors import ArgumentError, reason
from tfds_covidct import covid_ct
from tfds_covidct.reading.facts import FileFacts

log = logging.getLogger(__name__)

COVID_CT = "covid_ct"


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
def resolve(data: DataConfig) -> DataConfig:
    """Returns the config with `dataset` and `classes` as they will be; prepares nothing.

    Raises:
        ArgumentError: the data set is unknown, has no images, or lacks a class.
    """
    return _resolve(data)[0]


@_quiet_tfds()
def is_prepared(data: DataConfig) -> bool:
    """Whether the data sets, resolved, lie ready on the disk."""
    return all(builder.is_prepared() for builder in _builders(data))


@_quiet_tfds()
def open_builders(data: DataConfig) -> tuple[DataConfig, list[tfds.core.DatasetBuilder]]:
    """Prepares the data sets if need be; returns their builders and the resolved config.

    Raises:
        ArgumentError: one is unknown, cannot be prepared, or lacks a class.
    """
    resolved, builders = _resolve(data)
    try:
        builders = [
            _prepared(builder, name, manual_dir, resolved)
            for builder, name, manual_dir in zip(builders, resolved.parts, resolved.manual_dirs)
        ]
    except tfds_covidct.SourceUnavailableError as error:
        if data.dataset != AUTO:
            raise ArgumentError("dataset", str(error), data.dataset) from error
        _warn_of_phantom(str(error))
        resolved, builders = _resolve(dataclasses.replace(data, dataset=PHANTOM))
        builders = [_prepared(builders[0], PHANTOM, None, resolved)]
    return resolved, builders


@_quiet_tfds()
def file_facts(data: DataConfig) -> list[dict[str, FileFacts]]:
    """What is known of the source files of each data set of a resolved config, by image_id.

    Raises:
        ArgumentError: (`manual_dir`) the source files cannot be read.
    """
    return [
        folders.file_facts(name, _data_dir(data), manual_dir, data)
        for name, manual_dir in zip(data.parts, _manual_dirs(data))
    ]


def _resolve(data: DataConfig) -> tuple[DataConfig, list[tfds.core.DatasetBuilder]]:
    given = [_absolute(folder) for folder in data.manual_dirs]
    manual_dir = given[0] if len(set(given)) == 1 else "+".join(given)
    data = dataclasses.replace(data, data_dir=_absolute(data.data_dir), manual_dir=manual_dir)
    if data.dataset == AUTO:
        data = _choose(data)
    builders = _builders(data)
    for name, builder in zip(data.parts, builders):
        if "image" not in builder.info.features:
            raise ArgumentError("dataset", "has no feature `image`.", name)
    named = zip(data.parts, builders)
    names = [folders.full_name(builder) if folders.builder_class(name) else name for name, builder in named]
    classes, settings = labels.resolve(builders, data.classes), folders.settings(data, builders)
    return dataclasses.replace(data, dataset="+".join(names), classes=classes, **settings), builders


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
    if _builders(named)[0].is_prepared() or _source_in(data) or covid_ct.upstream_answers():
        return named
    _warn_of_phantom(
        f"It is not prepared in {_data_dir(data)}, its files are not in {_manual_dir(data, data.manual_dir)}, and "
        "its home does not answer."
    )
    return dataclasses.replace(data, dataset=PHANTOM)


def _source_in(data: DataConfig) -> bool:
    try:
        return covid_ct.source_in(_manual_dir(data, data.manual_dir))
    except tfds_covidct.DataError as error:
        raise folders.as_argument_error(error, data.manual_dir) from error


def _absolute(folder: str | None) -> str | None:
    """So that a run goes on from any folder."""
    return str(storage.absolute(folder)) if folder else folder


def _data_dir(data: DataConfig) -> Path:
    return storage.path(data.data_dir or tfds.core.constants.DATA_DIR)


def _manual_dirs(data: DataConfig) -> list[str | None]:
    """For each data set the folder given. One that is not there is a mistake."""
    for folder in data.manual_dirs:
        if folder and storage.is_remote(folder):
            raise ArgumentError("manual_dir", "must lie on this machine; copy it first.", folder)
        if folder and not storage.path(folder).exists():
            raise ArgumentError("manual_dir", "there is no such folder.", folder)
    return [folder or None for folder in data.manual_dirs]


def _manual_dir(data: DataConfig, given: str | None) -> Path:
    """The folder given, or TFDS's own."""
    _manual_dirs(data)
    return storage.path(given or _data_dir(data) / "downloads" / "manual")


def _builders(data: DataConfig) -> list[tfds.core.DatasetBuilder]:
    return [
        folders.open_builder(name, _data_dir(data), manual_dir, data)
        if folders.builder_class(name)
        else _builder(name, data)
        for name, manual_dir in zip(data.parts, _manual_dirs(data))
    ]


def _builder(name: str, data: DataConfig) -> tfds.core.DatasetBuilder:
    try:
        return tfds.builder(name, data_dir=_data_dir(data))
    except tfds.core.registered.DatasetNotFoundError as error:
        near = str(error).partition("Did you mean:")[2].strip()
        hint = f" Did you mean {near}?" if near else ""
        ours = f"{AUTO}, {', '.join(tfds_covidct.DATASETS)} are there; so is every data set of TFDS."
        raise ArgumentError("dataset", f"is unknown to TFDS.{hint} {ours}", name) from None
    except Exception as error:  # whatever TFDS makes of a name that it cannot take
        raise ArgumentError("dataset", f"cannot be opened: {reason(error)}.", name) from error


def _prepared(
    builder: tfds.core.DatasetBuilder, name: str, manual_dir: str | None, data: DataConfig
) -> tfds.core.DatasetBuilder:
    if builder.is_prepared():
        return builder
    if not type(builder).__module__.startswith("tfds_covidct."):
        raise ArgumentError(
            "dataset",
            f'is not prepared in {_data_dir(data)}. Prepare it once: python -c "import '
            f"tensorflow_datasets as tfds; tfds.load('{name}', data_dir='{_data_dir(data)}')\"",
            name,
        )
    with _one_at_a_time(builder):
        if not builder.is_prepared():
            _prepare(builder, manual_dir, data)
    return _builder(name, data)


def _prepare(builder, given: str | None, data: DataConfig) -> None:
    log.info("Preparing %s once, in %s …", builder.name, builder.data_path)
    manual_dir = _manual_dir(data, given)
    download = tfds.download.DownloadConfig(manual_dir=manual_dir if manual_dir.is_dir() else None)
    try:
        builder.download_and_prepare(download_config=download)
    except tfds_covidct.SourceUnavailableError:
        raise
    except tfds_covidct.DataError as error:
        raise folders.as_argument_error(error, given) from error
    except storage.errors() as error:
        raise ArgumentError("data_dir", f"cannot be written: {error}.", str(_data_dir(data))) from error


@contextlib.contextmanager
def _one_at_a_time(builder):
    """Lets several trainings that start together prepare a data set once."""
    name = hashlib.sha256(f"{os.getuid()} {builder.data_path}".encode()).hexdigest()[:16]
    with open(Path(tempfile.gettempdir()) / f"covid_gan-{name}.lock", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
