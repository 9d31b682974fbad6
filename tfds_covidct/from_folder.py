"""Data sets made from a folder of the user's, found again only for the same content of it."""

import contextlib
import dataclasses
import functools
import os

import tensorflow_datasets as tfds
from etils import epath
from tensorflow_datasets.core import shuffle

from tfds_covidct import cleanup
from tfds_covidct.errors import DataError, SettingError


@dataclasses.dataclass(eq=False, kw_only=True)
class FolderConfig(tfds.core.BuilderConfig):
    """Which folder, and what is done with it. Subclasses add settings, each with a default.

    Attributes:
      name: a digest of all that determines the records, set by `resolved`.
      manual_dir: the folder; None: the one that `DownloadConfig(manual_dir=…)` names.
      stamps: what tells whether a file was written to since the digest was made, set by `resolved`.
    """

    name: str = "from_manual_dir"
    manual_dir: str | None = None
    stamps: dict = dataclasses.field(default_factory=dict, repr=False)

    def resolved(self) -> "FolderConfig":
        """Reads the whole folder, and returns the config with the digest as its name.

        Raises:
          DataError: the folder is not there or cannot be read; a setting is wrong.
        """
        if not self.manual_dir or not os.path.exists(self.manual_dir):
            raise SettingError("manual_dir", "there is no such folder.", self.manual_dir)
        stamps = self.stamp()  # First, so that whatever changes later shows.
        absolute = os.path.abspath(self.manual_dir)
        return dataclasses.replace(self, name=self.digest(), manual_dir=absolute, stamps=stamps)

    def digest(self) -> str:
        """16 hexadecimal digits that differ wherever the records would."""
        raise NotImplementedError

    def stamp(self) -> dict:
        """What differs as soon as a file of the folder is written to."""
        return {}

    @classmethod
    def settings(cls) -> dict:
        """The settings that the subclass adds: {name: default}."""
        own = {f.name: f.default for f in dataclasses.fields(cls)}
        return {name: own[name] for name in own if name not in _COMMON}


_COMMON = {f.name for f in dataclasses.fields(FolderConfig)}


class FolderBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """A builder whose config is named by what is in the folder.

    The folder is given as `manual_dir`, in the config, or with `DownloadConfig` when preparing.
    Where none is given by the time records are asked for, the one set that is prepared in
    `data_dir` is taken. Settings of the config may be given by their names.

    Raises:
      DataError: the folder is not there or cannot be read; a setting is wrong.
    """

    builder_config_cls: type[FolderConfig]

    def __init__(
        self, *, config=None, manual_dir=None, data_dir=None, version=None, file_format=None, **settings
    ):
        if manual_dir is not None or settings:
            if config is not None:
                raise SettingError("config", "cannot be given beside manual_dir and settings.", config)
            config = self._config(manual_dir, settings)
        if (
            isinstance(config, FolderConfig)
            and config.manual_dir
            and config.name.startswith(FolderConfig.name)
        ):
            config = config.resolved()
        self._rest = dict(data_dir=data_dir, version=version, file_format=file_format)
        super().__init__(config=config, **self._rest)

    @functools.cached_property
    def info(self) -> tfds.core.DatasetInfo:
        """As TFDS's own property, which is kept for each builder for good, and this one may become another."""
        return self._info()

    @classmethod
    def _config(cls, manual_dir, settings) -> FolderConfig:
        unknown = set(settings) - set(cls.builder_config_cls.settings())
        if unknown:
            known = ", ".join(cls.builder_config_cls.settings()) or "none"
            raise TypeError(f"{cls.name} has no setting {sorted(unknown)[0]!r}; it has {known}.")
        if manual_dir is None:  # It may come when preparing; TFDS wants a name that no listed config has.
            return cls.builder_config_cls(name=f"{FolderConfig.name}_with_settings", **settings)
        if not os.fspath(manual_dir):
            raise SettingError("manual_dir", "is empty.", manual_dir)
        return cls.builder_config_cls(manual_dir=os.fspath(manual_dir), **settings)

    @classmethod
    def prepared_names(cls, data_dir=None) -> list[str]:
        """The names of the configs that are prepared in `data_dir`, TFDS's own folder where None."""
        root = epath.Path(data_dir or tfds.core.constants.DATA_DIR).expanduser() / cls.name
        return sorted(p.parent.parent.name for p in root.glob(f"*/{cls.VERSION}/dataset_info.json"))

    def as_dataset(self, *args, **kwargs):
        """As TFDS's own."""
        self._take_only_prepared()
        return super().as_dataset(*args, **kwargs)

    def as_data_source(self, *args, **kwargs):
        """As TFDS's own."""
        self._take_only_prepared()
        return super().as_data_source(*args, **kwargs)

    def _take_only_prepared(self) -> None:
        """Not sooner than needed: `tfds.load` passes `DownloadConfig` on only while nothing is prepared."""
        if self.builder_config in self.BUILDER_CONFIGS:
            names = self.prepared_names(self._data_dir_root)
            if len(names) == 1:
                self._become(self.builder_config_cls(name=names[0]))

    def download_and_prepare(self, *, download_dir=None, download_config=None, **kwargs):
        """Prepares the data set as TFDS does, and leaves nothing behind if that fails.

        Raises:
          DataError: there is no folder, or its files are not what a data set is made of.
        """
        given, own = getattr(download_config, "manual_dir", None), self.builder_config.manual_dir
        if given and own and os.path.realpath(given) != os.path.realpath(own):
            raise SettingError(
                "manual_dir", f"contradicts the builder's, {own}; give one of them.", str(given)
            )
        if given and not own:
            self._become(dataclasses.replace(self._blank(), manual_dir=os.fspath(given)).resolved())
        self._take_only_prepared()
        if not self.is_prepared() and not self.builder_config.manual_dir:
            raise DataError(self._no_folder())
        self._prepare(download_dir=download_dir, download_config=download_config, **kwargs)

    def _prepare(self, download_dir, **kwargs) -> None:
        """Prepares what is resolved, or leaves nothing; subclasses may hold things ready meanwhile."""
        with cleanup.leaving_nothing_on_error(self, download_dir), _shuffled_on_disk():
            super().download_and_prepare(download_dir=download_dir, **kwargs)

    def _blank(self) -> FolderConfig:
        """The config with its settings, and without what ties it to a folder."""
        return dataclasses.replace(self.builder_config, name=FolderConfig.name, manual_dir=None, stamps={})

    def _become(self, config: FolderConfig) -> None:
        """Starts anew as the builder of another, resolved config: its name stands in all paths."""
        rest = self._rest
        self.__dict__.clear()
        self.__init__(config=config, **rest)

    def _no_folder(self) -> str:
        names = self.prepared_names(self._data_dir_root)
        there = f" Prepared there: {', '.join(f'{self.name}/{name}' for name in names)}." if names else ""
        return (
            f"{self.name} is made from a folder, and none was named: give --manual_dir=FOLDER, or in Python "
            f'tfds.load("{self.name}", builder_kwargs=dict(manual_dir=FOLDER)).{there}'
        )


# Bytes of a split's records that TFDS may hold in memory to put them in order; it takes 1 GB by itself.
_IN_MEMORY = 2**28


@contextlib.contextmanager
def _shuffled_on_disk():
    """Bounds what TFDS holds in memory, so that it does not grow with the number of files; the order is the same."""
    before = shuffle.MAX_MEM_BUFFER_SIZE
    shuffle.MAX_MEM_BUFFER_SIZE = min(before, _IN_MEMORY)
    try:
        yield
    finally:
        shuffle.MAX_MEM_BUFFER_SIZE = before
