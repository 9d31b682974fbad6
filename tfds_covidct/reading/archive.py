"""What reading a zip archive safely takes: no entry that leaves its folder, none that unpacks without end."""

import io
import re
import stat
import zipfile
from collections.abc import Iterable
from pathlib import PurePosixPath, PureWindowsPath
from typing import BinaryIO

from tfds_covidct.errors import DataError

# The list of contents of an archive of some 300,000 files; `zipfile` keeps ten times that in memory.
MAX_DIRECTORY_BYTES = 32 * 2**20

_SYSTEM_FILES = {"thumbs.db", "desktop.ini"}
# Texts that come with published data, by these names alone: any other text may be a mistake.
_ABOUT_THE_DATA = re.compile(
    r"(licen[sc]e|readme|citation|copying|notice)(\.(md|txt|rst|cff|bib))?", re.IGNORECASE
)
_CHUNK_BYTES = 2**20


class DamagedArchiveError(DataError):
    """It begins like a zip archive, but cannot be read as one."""


def is_no_data(path: PurePosixPath, is_folder: bool = False) -> bool:
    """Says whether an operating system left it there or hides it, or it is a file such as a licence or a README."""
    hidden = any(part.startswith(".") for part in path.parts)
    left_there = "__MACOSX" in path.parts or path.name.lower() in _SYSTEM_FILES
    return hidden or left_there or (not is_folder and bool(_ABOUT_THE_DATA.fullmatch(path.name)))


def list_entries(stream: BinaryIO, where: str) -> list[tuple[PurePosixPath, zipfile.ZipInfo]]:
    """Lists what a zip archive holds, folders and system files too.

    Args:
      stream: the archive, seekable.
      where: what the errors call the archive.

    Returns:
      (path below the archive, entry), in the archive's own order.

    Raises:
      DamagedArchiveError: if it is not an intact zip archive.
      DataError: if an entry would leave its folder, is a link or encrypted, or if entries overlap, as
        only those of a zip bomb do.
    """
    size = stream.seek(0, io.SEEK_END)
    try:
        with zipfile.ZipFile(_Directory(stream)) as archive:
            entries = archive.infolist()
    except DataError as error:
        raise DataError(f"{where}: {error}") from None
    except Exception as error:  # Many types, on a damaged list of contents.
        raise DamagedArchiveError(f"{where}: not an intact zip archive ({type(error).__name__})") from error
    if sum(entry.compress_size for entry in entries) > size:
        raise DataError(f"{where}: its entries overlap, so it is no honest zip archive; remove it")
    return [(_safe_path(where, entry), entry) for entry in entries]


def unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str, limit: int) -> io.BytesIO:
    """Unpacks an entry into memory.

    Args:
      archive: opened for reading.
      entry: of that archive.
      where: what the errors call the entry.
      limit: the most bytes it may unpack to, whatever it declares.

    Raises:
      DataError: if it is larger than `limit`, or cannot be unpacked.
    """
    try:
        with archive.open(entry) as stream:
            return read_limited(stream, where, limit)
    except DataError:
        raise
    except Exception as error:  # Many types, on a damaged entry.
        raise DataError(f"{where}: cannot be unpacked ({type(error).__name__})") from error


def read_limited(stream: BinaryIO, where: str, limit: int) -> io.BytesIO:
    """Reads a stream to its end; what it declares to hold is not believed.

    Raises:
      DataError: if it holds more than `limit` bytes; no more than that is kept in memory.
    """
    content = io.BytesIO()
    while chunk := stream.read(_CHUNK_BYTES):
        content.write(chunk)
        if content.tell() > limit:
            raise DataError(f"{where}: larger than {limit} bytes")
    content.seek(0)
    return content


def refuse_twins(paths: Iterable[PurePosixPath], where: str):
    """Raises DataError if two entries of the archive called `where` have the same path."""
    seen = set()
    for path in paths:
        if path in seen:
            raise DataError(f"{where}: holds two entries named {str(path)!r}")
        seen.add(path)


class _Directory:
    """An archive's stream as `zipfile` reads the list of contents from it: whole, but not of any size."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(
            MAX_DIRECTORY_BYTES + 1 if size < 0 else min(size, MAX_DIRECTORY_BYTES + 1)
        )
        if len(content) > MAX_DIRECTORY_BYTES:
            raise DataError("holds too many files for one zip archive; unpack it, or make several of it")
        return content


def _safe_path(where: str, entry: zipfile.ZipInfo) -> PurePosixPath:
    windows = PureWindowsPath(entry.filename)  # Knows both kinds of slash, and drives.
    path = PurePosixPath(windows.as_posix())
    if windows.drive or windows.root or ".." in path.parts:
        raise DataError(f"{where}: entry {entry.filename!r} would leave its folder")
    if is_no_data(path):
        return path
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise DataError(f"{where}: entry {entry.filename!r} is a symbolic link; pack the file itself")
    if entry.flag_bits & 0x1:
        raise DataError(f"{where}: entry {entry.filename!r} is encrypted; unpack the archive first")
    return path
