"""Data sets that are made from the user's own folder: found by its content or by the name of its records."""

import dataclasses
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import tensorflow_datasets as tfds

import tfds_covidct
from covid_gan.config import FOLDER_SETTINGS, DataConfig
from covid_gan.errors import ArgumentError
from tfds_covidct.ct_folder import CtFolderConfig
from tfds_covidct.from_folder import FolderBuilder
from tfds_covidct.reading.facts import FileFacts

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Name:
    """The parts of a TFDS name: set/config:version."""

    dataset: str
    config: str = ""
    version: str = ""


def parse(name: str) -> Name:
    path, _, version = name.partition(":")
    dataset, _, config = path.partition("/")
    return Name(dataset, config, version)


def builder_class(name: str) -> type[FolderBuilder] | None:
    """The builder of a set that is made from a folder; None for all others."""
    package = tfds_covidct.DATASETS.get(parse(name).dataset)
    made_from_folder = package is not None and issubclass(package.Builder, FolderBuilder)
    return package.Builder if made_from_folder else None


def full_name(builder: tfds.core.DatasetBuilder) -> str:
    """The name that stands for the very same records: with the digest, where they come from a folder."""
    if builder_class(builder.name):
        return f"{builder.name}/{builder.builder_config.name}"
    return builder.name


def open_builder(
    name: str, data_dir: Path, manual_dir: str | None, data: DataConfig
) -> tfds.core.DatasetBuilder:
    """The builder of a set made from a folder: the named one, else the folder's, else the only one prepared.

    Raises:
        ArgumentError: there is none, it cannot be told which, or the folder cannot be read.
    """
    cls, digest = builder_class(name), parse(name).config
    prepared = cls.prepared_names(data_dir)
    if digest in prepared:
        return tfds.builder(f"{cls.name}/{digest}", data_dir=data_dir)
    if manual_dir is None:
        return _only_prepared(name, prepared, data_dir)
    given = {setting: getattr(data, setting) for setting in cls.builder_config_cls.settings()}
    given = {setting: value for setting, value in given.items() if value is not None}
    try:
        builder = cls(data_dir=data_dir, manual_dir=manual_dir, **given)
    except tfds_covidct.DataError as error:
        raise as_argument_error(error, manual_dir) from error
    if digest and builder.builder_config.name != digest:
        raise ArgumentError(
            "dataset", f"is not prepared in {data_dir}, and is not what {manual_dir} holds now.", name
        )
    return builder


def as_argument_error(error: tfds_covidct.DataError, manual_dir: str | None) -> ArgumentError:
    """The same mistake, by the name of the setting that has to change."""
    if isinstance(error, tfds_covidct.SettingError):
        return ArgumentError(error.setting, error.expected, error.received)
    return ArgumentError("manual_dir", str(error), manual_dir)


def settings(data: DataConfig, builders: Sequence[tfds.core.DatasetBuilder]) -> dict:
    """The settings of `ct_folder` as they will be, or as they were when it was prepared.

    Raises:
        ArgumentError: one is given and no data set has it, it is wrong, or a prepared set has another.
    """
    given = {name: getattr(data, name) for name in FOLDER_SETTINGS if getattr(data, name) is not None}
    own = [b for b in builders if builder_class(b.name) is tfds_covidct.ct_folder.Builder]
    if not own:
        for name, value in given.items():
            raise ArgumentError(name, f"applies to ct_folder alone, not to {data.dataset}.", value)
        return {}
    try:
        CtFolderConfig(**given)
        all_settings = [tfds_covidct.ct_folder.settings_of(builder) for builder in own]
        for known in all_settings:
            _check_agree(known, given)
    except tfds_covidct.SettingError as error:
        raise as_argument_error(error, None) from error
    return all_settings[0] if all(known == all_settings[0] for known in all_settings) else {}


def file_facts(name: str, data_dir: Path, manual_dir: str | None, data: DataConfig) -> dict[str, FileFacts]:
    """What is known of the source files of a resolved data set, by image_id; empty where they are not at hand.

    Raises:
        ArgumentError: (`manual_dir`) the source files cannot be read.
    """
    package = tfds_covidct.DATASETS.get(parse(name).dataset)
    if not hasattr(package, "file_facts"):
        return {}
    if manual_dir is None:
        log.warning(
            "Without --manual_dir nothing is known of the source files of %s: format, mode, colour.", name
        )
        return {}
    try:
        cls = builder_class(name)
        if cls and not _is_made_from(cls, name, data_dir, manual_dir, data):
            log.warning(
                "%s does not hold the source files of %s any more; nothing is known of them.",
                manual_dir,
                name,
            )
            return {}
        return package.file_facts(manual_dir)
    except tfds_covidct.DataError as error:
        raise as_argument_error(error, manual_dir) from error


def _is_made_from(cls, name, data_dir, manual_dir, data) -> bool:
    own = {setting: getattr(data, setting) for setting in cls.builder_config_cls.settings()}
    own = {setting: value for setting, value in own.items() if value is not None}
    return cls(data_dir=data_dir, manual_dir=manual_dir, **own).builder_config.name == parse(name).config


def _check_agree(known: dict, given: dict) -> None:
    """Compares as the settings are meant: a window by its name or by its numbers is the same."""
    before, now = CtFolderConfig(**known).determining(), CtFolderConfig(**{**known, **given}).determining()
    for name in given:
        if before[name] != now[name]:
            message = f"contradicts the prepared set, which has {known[name]!r}."
            raise tfds_covidct.SettingError(name, message, given[name])


def _only_prepared(name: str, prepared: list[str], data_dir: os.PathLike) -> tfds.core.DatasetBuilder:
    dataset = parse(name).dataset
    if len(prepared) == 1 and name == dataset:
        return tfds.builder(f"{dataset}/{prepared[0]}", data_dir=data_dir)
    there = ", ".join(f"{dataset}/{digest}" for digest in prepared)
    message = f"There are {there}." if prepared else f"None is prepared in {data_dir}."
    raise ArgumentError("dataset", f"is made from a folder: name it with --manual_dir. {message}", name)
