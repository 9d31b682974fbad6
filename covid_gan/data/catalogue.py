"""Data sets by name: chosen, prepared and opened; with `examples.py` the only files that know TFDS."""

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
from covid_gan.config import AUTO, FOLDER_SETTINGS, PHANTOM, DataConfig
from covid_gan.data import labels
from covid_gan.errors import ArgumentError, reason
from tfds_covidct import covid_ct
from tfds_covidct.from_folder import FolderBuilder
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
        builders = [_prepared(builder, name, resolved) for builder, name in zip(builders, resolved.parts)]
    except tfds_covidct.SourceUnavailableError as error:
        if data.dataset != AUTO:
            raise ArgumentError("dataset", str(error), data.dataset) from error
        _warn_of_phantom(str(error))
        resolved, builders = _resolve(dataclasses.replace(data, dataset=PHANTOM))
        builders = [_prepared(builders[0], PHANTOM, resolved)]
    return resolved, builders


@_quiet_tfds()
def file_facts(name: str, data: DataConfig) -> dict[str, FileFacts]:
    """What is known of the source files of a resolved data set, by image_id; empty where they are not at hand.

    Raises:
        ArgumentError: (`manual_dir`) the source files cannot be read.
    """
    known = {"covid_ct": covid_ct, "ct_folder": tfds_covidct.ct_folder, "sars_cov2_ct": tfds_covidct.sars_cov2_ct}
    package = known.get(name.partition("/")[0].partition(":")[0])
    if package is None:
        return {}
    if not data.manual_dir:
        log.warning("Without --manual_dir nothing is known of the source files of %s: format, mode, colour.", name)
        return {}
    try:
        return package.file_facts(_manual_dir(data))
    except tfds_covidct.DataError as error:
        raise _as_argument_error(error, data) from error


def _resolve(data: DataConfig) -> tuple[DataConfig, list[tfds.core.DatasetBuilder]]:
    data = dataclasses.replace(data, data_dir=_absolute(data.data_dir), manual_dir=_absolute(data.manual_dir))
    if data.dataset == AUTO:
        data = _choose(data)
    builders = _builders(data)
    for name, builder in zip(data.parts, builders):
        if "image" not in builder.info.features:
            raise ArgumentError("dataset", "has no feature `image`.", name)
    names = [_full_name(builder, name) for builder, name in zip(builders, data.parts)]
    settings = _folder_settings(data, builders)
    classes = labels.resolve(builders, data.classes)
    return dataclasses.replace(data, dataset="+".join(names), classes=classes, **settings), builders


def _full_name(builder: tfds.core.DatasetBuilder, name: str) -> str:
    """The name under which the very same records are found again."""
    return f"{builder.name}/{builder.builder_config.name}" if _folder_class(name) else name


def _folder_class(name: str) -> type[FolderBuilder] | None:
    """The builder of a data set that is made from the user's folder; None for all others."""
    own = {cls.name: cls for cls in (tfds_covidct.ct_folder.Builder, tfds_covidct.sars_cov2_ct.Builder)}
    return own.get(name.partition("/")[0].partition(":")[0])


def _folder_settings(data: DataConfig, builders) -> dict:
    """The settings of `ct_folder` as they will be, or as they were when it was prepared.

    Raises:
        ArgumentError: one is given and no data set has it, or it contradicts the prepared set.
    """
    given = {name: getattr(data, name) for name in FOLDER_SETTINGS}
    config = next((b.builder_config for b in builders if b.name == tfds_covidct.ct_folder.Builder.name), None)
    if config is None:
        for name, value in given.items():
            if value is not None:
                raise ArgumentError(name, f"applies to ct_folder alone, not to {data.dataset}.", value)
        return {}
    settings = {name: getattr(config, name, given[name]) for name in FOLDER_SETTINGS}
    for name, value in given.items():
        if value is not None and value != settings[name]:
            raise ArgumentError(name, f"contradicts the prepared set, which has {settings[name]!r}.", value)
    return settings


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
        f"It is not prepared in {_data_dir(data)}, its files are not in {_manual_dir(data)}, and "
        "its home does not answer."
    )
    return dataclasses.replace(data, dataset=PHANTOM)


def _source_in(data: DataConfig) -> bool:
    try:
        return covid_ct.source_in(_manual_dir(data))
    except tfds_covidct.DataError as error:
        raise _as_argument_error(error, data) from error


def _as_argument_error(error: tfds_covidct.DataError, data: DataConfig) -> ArgumentError:
    if isinstance(error, tfds_covidct.SettingError):
        return ArgumentError(error.setting, error.expected, error.received)
    return ArgumentError("manual_dir", str(error), data.manual_dir)


def _absolute(folder: str | None) -> str | None:
    """So that a run goes on from any folder."""
    return str(Path(folder).expanduser().absolute()) if folder else None


def _data_dir(data: DataConfig) -> Path:
    return Path(data.data_dir or tfds.core.constants.DATA_DIR)


def _manual_dir(data: DataConfig) -> Path:
    """The folder given, or TFDS's own. A given folder that is not there is a mistake."""
    if data.manual_dir and not Path(data.manual_dir).exists():
        raise ArgumentError("manual_dir", "there is no such folder.", data.manual_dir)
    return Path(data.manual_dir or _data_dir(data) / "downloads" / "manual")


def _builders(data: DataConfig) -> list[tfds.core.DatasetBuilder]:
    return [
        _folder_builder(name, data) if _folder_class(name) else _builder(name, data) for name in data.parts
    ]


def _folder_builder(name: str, data: DataConfig) -> tfds.core.DatasetBuilder:
    """The builder of a set made from a folder: the named one, the folder's, or the only one prepared."""
    cls, data_dir = _folder_class(name), _data_dir(data)
    digest = name.partition("/")[2]
    prepared = cls.prepared_names(data_dir)
    try:
        if digest in prepared:
            return tfds.builder(name, data_dir=data_dir)
        if not data.manual_dir:
            return _only_prepared(name, prepared, data)
        own = {setting: getattr(data, setting) for setting in cls.builder_config_cls.settings()}
        own = {setting: value for setting, value in own.items() if value is not None}
        builder = cls(data_dir=data_dir, manual_dir=_manual_dir(data), **own)
    except tfds_covidct.DataError as error:
        if len(data.parts) > 1 and getattr(error, "setting", None) == "manual_dir" and prepared:
            return _only_prepared(name, prepared, data)
        raise _as_argument_error(error, data) from error
    if digest and builder.builder_config.name != digest:
        message = f"is not prepared in {data_dir}, and is not what {data.manual_dir} holds now."
        raise ArgumentError("dataset", message, name)
    return builder


def _only_prepared(name: str, prepared: list[str], data: DataConfig) -> tfds.core.DatasetBuilder:
    if len(prepared) == 1 and name == _folder_class(name).name:
        return tfds.builder(f"{name}/{prepared[0]}", data_dir=_data_dir(data))
    there = ", ".join(f"{name.partition('/')[0]}/{digest}" for digest in prepared)
    message = f"There are {there}." if prepared else f"None is prepared in {_data_dir(data)}."
    raise ArgumentError("dataset", f"is made from a folder: name it with --manual_dir. {message}", name)


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


def _prepared(builder: tfds.core.DatasetBuilder, name: str, data: DataConfig) -> tfds.core.DatasetBuilder:
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
            _prepare(builder, data)
    return _builder(name, data)


def _prepare(builder, data: DataConfig) -> None:
    log.info("Preparing %s once, in %s …", builder.name, builder.data_path)
    manual_dir = _manual_dir(data)
    download = tfds.download.DownloadConfig(manual_dir=manual_dir if manual_dir.is_dir() else None)
    try:
        builder.download_and_prepare(download_config=download)
    except tfds_covidct.SourceUnavailableError:
        raise
    except tfds_covidct.DataError as error:
        raise _as_argument_error(error, data) from error
    except OSError as error:
        raise ArgumentError("data_dir", f"cannot be written: {error}.", str(_data_dir(data))) from error


@contextlib.contextmanager
def _one_at_a_time(builder):
    """Lets several trainings that start together prepare a data set once."""
    name = hashlib.sha256(f"{os.getuid()} {builder.data_path}".encode()).hexdigest()[:16]
    with open(Path(tempfile.gettempdir()) / f"covid_gan-{name}.lock", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
