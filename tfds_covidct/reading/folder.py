"""Walks a user's folder without leaving it, going in circles, or waiting at a pipe."""

import dataclasses
import heapq
import os
import stat
from collections.abc import Iterator
from pathlib import PurePosixPath

from tfds_covidct.errors import DataError
from tfds_covidct.reading.archive import is_no_data


@dataclasses.dataclass(frozen=True)
class Found:
    """A file or a folder.

    Attributes:
      relative: its path below the root, as the file system gives it.
      path: where it really lies, links resolved.
      size: bytes; 0 for a folder.
      is_folder: which of the two it is.
    """

    relative: str
    path: str
    size: int = 0
    is_folder: bool = False


def walk(root: str) -> Iterator[Found]:
    """Yields what lies below a folder, each once, in no order; hidden and system files are passed over.

    A symbolic link counts only where its target lies below the root and is not found without it, as
    where the target's folder is hidden.

    Args:
      root: an absolute path without links in it.

    Raises:
      DataError: if a folder cannot be listed, if something is no regular file, or if a link leaves the
        root, leads nowhere or in a circle.
    """
    seen, links = set(), []
    ahead = [("", root)]
    while ahead or links:
        if ahead:
            relative, path = ahead.pop()
        else:  # Only now, for what a link leads to is mostly found without it.
            relative, path = heapq.heappop(links)
            path = _target(root, relative, path)
        if path in seen:
            continue
        seen.add(path)
        found = _found(relative, path)
        if found.is_folder:
            _list(found, ahead, links)
        if relative:
            yield found


def _found(relative: str, path: str) -> Found:
    try:
        state = os.lstat(path)
    except OSError as error:
        raise DataError(f"{_shown(relative)}: cannot be read ({type(error).__name__})") from error
    if stat.S_ISDIR(state.st_mode):
        return Found(relative, path, is_folder=True)
    if stat.S_ISREG(state.st_mode):
        return Found(relative, path, state.st_size)
    raise DataError(
        f"{_shown(relative)}: neither a file nor a folder, but a pipe, socket or device; remove it"
    )


def _list(found: Found, ahead: list, links: list):
    """Adds (relative, path) of what a folder holds; the links are a heap, so their order is by name."""
    try:
        with os.scandir(found.path) as entries:
            for entry in entries:
                if not is_no_data(PurePosixPath(entry.name), entry.is_dir(follow_symlinks=False)):
                    relative = f"{found.relative}/{entry.name}" if found.relative else entry.name
                    if entry.is_symlink():
                        heapq.heappush(links, (relative, entry.path))
                    else:
                        ahead.append((relative, entry.path))
    except OSError as error:
        where = _shown(found.relative or found.path)
        raise DataError(f"{where}: cannot be listed ({type(error).__name__})") from error


def _target(root: str, relative: str, path: str) -> str:
    try:
        target = os.path.realpath(path, strict=True)
    except OSError as error:
        raise DataError(
            f"{_shown(relative)}: a symbolic link that leads nowhere or in a circle; remove it"
        ) from error
    if target != root and not target.startswith(os.path.join(root, "")):
        raise DataError(f"{_shown(relative)}: a symbolic link that leaves the folder; copy the files instead")
    if os.path.commonpath([target, path]) == target:
        raise DataError(f"{_shown(relative)}: a symbolic link that leads in a circle; remove it")
    return target


def _shown(relative: str) -> str:
    return relative.encode("utf-8", "backslashreplace").decode()
