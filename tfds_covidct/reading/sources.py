"""The files of a user's folder, those inside its zip archives too, and a digest of what they hold."""

import concurrent.futures
import dataclasses
import functools
import hashlib
import io
import os
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from tfds_covidct.errors import DataError
from tfds_covidct.reading import archive, folder

# A volume may be read in place, piece by piece; what is read into memory has to fit there.
MAX_FILE_BYTES = 2**30
MAX_CONTENT_BYTES = 2**29

_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_BATCH = 1024


@dataclasses.dataclass(frozen=True, order=True)
class Source:
    """A file of the user's folder, or an entry of a zip archive in it.

    Attributes:
      relative: its path below the root, with "/"; an entry's starts with its archive's, such as
        "scans.zip/a.png". Always printable: what is not, as bytes that are no UTF-8, is escaped.
      path: where the file, or the archive, lies.
      size: bytes; of an entry, unpacked and as declared.
      member: the entry's name in the archive, or None for a file.
      label: the first folder below the root, or the first-level archive without ".zip"; "" for a
        file that lies in the root itself.
    """

    relative: str
    path: str
    size: int
    member: str | None = None
    label: str = ""

    def open(self) -> BinaryIO:
        """Opens the content, seekable; an entry is unpacked into memory.

        Raises:
          DataError: if it is larger than `MAX_FILE_BYTES` (an entry: `MAX_CONTENT_BYTES`), cannot be
            opened, or cannot be unpacked.
        """
        if self.member is not None:
            return self._unpack()
        if self.size > MAX_FILE_BYTES:
            raise DataError(f"{self.relative}: larger than {MAX_FILE_BYTES} bytes")
        try:
            return open(self.path, "rb")
        except OSError as error:
            raise DataError(f"{self.relative}: cannot be opened ({type(error).__name__})") from error

    def read(self) -> bytes:
        """Reads the whole content.

        Raises:
          DataError: if it is larger than `MAX_CONTENT_BYTES`, or cannot be read.
        """
        if self.size > MAX_CONTENT_BYTES:
            raise DataError(f"{self.relative}: larger than {MAX_CONTENT_BYTES} bytes")
        try:
            with self.open() as stream:
                if self.member is None:
                    stream = archive.read_limited(stream, self.relative, MAX_CONTENT_BYTES)
                return stream.getvalue()
        except OSError as error:
            raise DataError(f"{self.relative}: cannot be read ({type(error).__name__})") from error

    def _unpack(self) -> io.BytesIO:
        if self.size > MAX_CONTENT_BYTES:
            raise DataError(f"{self.relative}: larger than {MAX_CONTENT_BYTES} bytes")
        try:
            state = os.stat(self.path)
            packed = _opened(self.path, state.st_mtime_ns, state.st_size)
            entry = packed.getinfo(self.member)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise DataError(f"{self.relative}: cannot be opened ({type(error).__name__})") from error
        return archive.unpack(packed, entry, self.relative, MAX_CONTENT_BYTES)


@dataclasses.dataclass(frozen=True)
class Inventory:
    """What a user's folder holds.

    Attributes:
      root: its absolute path.
      sources: every file that is not an operating system's, in natural order (slice2, slice10).
      folders: the first level's folders, empty ones too, and archives without ".zip": the labels.
    """

    root: str
    sources: tuple[Source, ...]
    folders: tuple[str, ...]


def list_sources(root: str | os.PathLike) -> Inventory:
    """Lists a folder tree; a zip archive in it stands for a folder of its name, one inside another for a file.

    A damaged archive is listed as the file it is, for its reader to refuse.

    Args:
      root: a folder, or one zip archive.

    Raises:
      DataError: if there is no such folder, if part of it cannot be listed or is no regular file, if a
        symbolic link leaves it, leads nowhere or in a circle, or if an archive is not to be trusted.
    """
    real_root = os.path.realpath(os.fspath(root))
    if os.path.isfile(real_root) and _is_zip(real_root):
        sources = list(_entries(real_root, printable(os.path.basename(real_root)), "", None))
        folders = {source.label for source in sources if source.label}
    elif not os.path.isdir(real_root):
        raise DataError(f"{printable(os.fspath(root))}: no such folder; name the one that holds the scans")
    else:
        sources, folders = _below(real_root)
    sources.sort(key=lambda source: natural_key(source.relative))
    return Inventory(real_root, tuple(sources), tuple(sorted(folders, key=natural_key)))


def content_digest(sources: Sequence[Source]) -> str:
    """Digests paths, sizes and contents, whatever the order, the time stamps or the folder's own place.

    An entry counts with its whole archive as packed: packing the same files anew changes the digest.
    A file that cannot be read counts as just that; reading it later says why.

    Args:
      sources: as `list_sources` gives them.

    Returns:
      SHA-256, as 64 hex digits.
    """
    digest = hashlib.sha256()
    ordered = sorted(sources)
    packed = sorted({source.path for source in ordered if source.member is not None})
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        archives = dict(zip(packed, pool.map(_file_digest, packed)))
        for start in range(0, len(ordered), _BATCH):
            batch = ordered[start : start + _BATCH]
            contents = pool.map(lambda s: archives.get(s.path) or _file_digest(s.path), batch)
            for source, content in zip(batch, contents):
                digest.update(f"{source.relative}\0{source.size}\0{content}\n".encode())
    return digest.hexdigest()


def natural_key(relative: str) -> tuple:
    """Sorts paths folder by folder, and numbers in names by value: slice2 before slice10."""
    return tuple(map(_natural_part, relative.split("/"))), relative


def printable(name: str) -> str:
    """Escapes what no log and no terminal can show: bytes that are not UTF-8, control characters."""
    unshown = {"Cc", "Cs", "Zl", "Zp"}
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in unshown else char
        for char in name
    )


def _natural_part(name: str) -> tuple:
    pieces = re.split("([0-9]+)", name)
    pieces[1::2] = [(len(digits.lstrip("0")), digits.lstrip("0")) for digits in pieces[1::2]]
    return tuple(pieces)


def _below(root: str) -> tuple[list[Source], set[str]]:
    """Returns the sources of a folder, and the names of its first level."""
    sources, folders = [], set()
    for found in folder.walk(root):
        relative = printable(found.relative)
        top, below, _ = relative.partition("/")
        if found.is_folder:
            folders.update([] if below else [top])
        elif found.relative.lower().endswith(".zip") and _is_zip(found.path):
            label = top if below else top[: -len(".zip")]
            folders.add(label)
            sources += _archive(found, relative, label)
        else:
            sources.append(Source(relative, found.path, found.size, None, top if below else ""))
    return sources, folders


def _archive(found: folder.Found, relative: str, label: str) -> list[Source]:
    try:
        return list(_entries(found.path, relative, relative + "/", label))
    except archive.DamagedArchiveError:
        return [Source(relative, found.path, found.size, None, label)]


def _entries(path: str, where: str, prefix: str, label: str | None) -> Iterator[Source]:
    """Yields the files of an archive; their label is their first folder where `label` is None."""
    with open(path, "rb") as stream:
        entries = archive.list_entries(stream, where)
    files = [
        (inner, entry) for inner, entry in entries if not entry.is_dir() and not archive.is_no_data(inner)
    ]
    archive.refuse_twins((inner for inner, _ in files), where)
    for inner, entry in files:
        relative = printable(inner.as_posix())
        own = relative.partition("/")[0] if "/" in relative else ""
        yield Source(
            prefix + relative, path, entry.file_size, entry.filename, own if label is None else label
        )


def _is_zip(path: str) -> bool:
    """Tells by content."""
    try:
        with open(path, "rb") as stream:
            return stream.read(4) in _ZIP_MAGIC
    except OSError:
        return False  # Opening it as a source says why.


@functools.lru_cache(maxsize=4)
def _opened(path: str, mtime_ns: int, size: int) -> zipfile.ZipFile:
    """Keeps an archive open, for reading its list of contents takes longer than an entry."""
    return zipfile.ZipFile(path)


def _file_digest(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return "unreadable"
