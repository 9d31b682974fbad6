"""Reads a class's image files, by name, out of a zip archive or a folder."""

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath, PureWindowsPath
from typing import Protocol

from etils import epath

from tfds_covidct.errors import DataError

# The largest image file upstream has is well under 1 MB.
MAX_FILE_BYTES = 64 * 2**20

_SYSTEM_FILES = {"thumbs.db", "desktop.ini"}
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)


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
                yield name, _read_limited(stream, str(file))


class _ZipImages:
    """The images inside a zip archive, which is read where it lies."""

    def __init__(self, path: epath.Path):
        self.path = path
        try:
            with path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
                entries = archive.infolist()
        except _UNREADABLE as error:
            raise DataError(f"{path}: not an intact zip archive ({error})") from error
        files = [(_safe_path(path, entry), entry) for entry in entries]
        self._entries = _by_name(path, (file for file in files if not file[1].is_dir()))
        self.names = tuple(sorted(self._entries))

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        with self.path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            for name in names:
                yield name, self._read_entry(archive, self._entries[name])

    def _read_entry(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
        where = f"{self.path}, entry {entry.filename}"
        try:
            with archive.open(entry) as stream:
                return _read_limited(stream, where)
        except _UNREADABLE as error:
            raise DataError(f"{where}: cannot be unpacked ({error})") from error


def _files_below(folder: epath.Path) -> Iterator[epath.Path]:
    """Walks a folder; `epath` has no recursive glob."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files_below(entry)
        else:
            yield entry


def _safe_path(archive: epath.Path, entry: zipfile.ZipInfo) -> PurePosixPath:
    path = PureWindowsPath(entry.filename)  # Knows both kinds of slash, and drives.
    if path.drive or path.root or ".." in path.parts:
        raise DataError(f"{archive}: entry {entry.filename!r} would leave its folder")
    return PurePosixPath(path.as_posix())


def _by_name(source: epath.Path, files: Iterable[tuple[PurePosixPath, object]]) -> dict:
    """Returns {file name: file} without the operating systems' own files."""
    by_name = {}
    for path, file in files:
        if _is_system_file(path):
            continue
        if path.name in by_name:
            raise DataError(f"{source}: holds two files named {path.name}")
        by_name[path.name] = file
    return by_name


def _is_system_file(path: PurePosixPath) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return hidden or "__MACOSX" in path.parts or path.name.lower() in _SYSTEM_FILES


def _read_limited(stream, where: str) -> bytes:
    """Reads the stream; what it declares to hold is not believed."""
    content = stream.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise DataError(f"{where}: larger than {MAX_FILE_BYTES} bytes")
    return content
