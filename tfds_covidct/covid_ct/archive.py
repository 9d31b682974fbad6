"""Reads a class's image files, by name, out of a zip archive or a folder."""

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Protocol

from etils import epath

from tfds_covidct.errors import DataError
from tfds_covidct.reading.archive import is_no_data, list_entries, read_limited, unpack

# The largest image file upstream has is well under 1 MB.
MAX_FILE_BYTES = 64 * 2**20


class Images(Protocol):
    """Image files that are known by name and read one after the other.

    Attributes:
      path: the archive or folder that holds them.
      names: their sorted file names, without folders.
    """

    path: epath.Path
    names: tuple[str, ...]

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yields (name, content of the file); raises DataError if a file cannot be read."""


def open_images(path: epath.Path) -> Images:
    """Lists the images of an archive or a folder, passing over what operating systems leave there.

    Args:
      path: a zip archive, or the folder it was unpacked to; subfolders are searched too.

    Raises:
      DataError: if it is not an intact zip archive, if an entry would leave its folder, or if two
        images have the same name.
    """
    return _FolderImages(path) if path.is_dir() else _ZipImages(path)


class _FolderImages:
    """The images of an unpacked archive."""

    def __init__(self, path: epath.Path):
        self.path = path
        files = list(_files_below(path))
        relative = [PurePosixPath(file.relative_to(path).as_posix()) for file in files]
        self._files = _by_name(path, zip(relative, files))
        self.names = tuple(sorted(self._files))

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        for name in names:
            file = self._files[name]
            with file.open("rb") as stream:
                yield name, read_limited(stream, str(file), MAX_FILE_BYTES).getvalue()


class _ZipImages:
    """The images inside a zip archive, which is read where it lies."""

    def __init__(self, path: epath.Path):
        self.path = path
        try:
            with path.open("rb") as stream:
                files = list_entries(stream, str(path))
        except OSError as error:
            raise DataError(f"{path}: cannot be opened ({type(error).__name__})") from error
        self._entries = _by_name(path, (file for file in files if not file[1].is_dir()))
        self.names = tuple(sorted(self._entries))

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        with self.path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            for name in names:
                where = f"{self.path}, entry {name}"
                yield name, unpack(archive, self._entries[name], where, MAX_FILE_BYTES).getvalue()


def _files_below(folder: epath.Path) -> Iterator[epath.Path]:
    """Walks a folder; `epath` has no recursive glob."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files_below(entry)
        else:
            yield entry


def _by_name(source: epath.Path, files: Iterable[tuple[PurePosixPath, object]]) -> dict:
    """Returns {file name: file} without the operating systems' own files."""
    by_name = {}
    for path, file in files:
        if is_no_data(path):
            continue
        if path.name in by_name:
            raise DataError(f"{source}: holds two files named {path.name}")
        by_name[path.name] = file
    return by_name
