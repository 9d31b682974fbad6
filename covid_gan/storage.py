"""Folders and files that lie on this machine or, as gs://bucket/folder, in a bucket.

A path on this machine is `pathlib`'s, and one in a bucket etils's, which has the same
methods and opens files through `tf.io.gfile`. What they do not share is here: a bucket
has no locks, no appending, and no way to rename a folder at one stroke; but a file in
it appears whole or not at all.
"""

import contextlib
import errno
import os
import shutil
import sys
import tempfile
import uuid
from pathlib import Path

# The files that a move brings last: where one is, a checkpoint or a SavedModel is whole.
LAST = ".index"
_LAST_OF_MODEL = "saved_model.pb"


class PlaceError(OSError):
    """A path leads to no kind of place that is known, or to nobody's home."""


def errors() -> tuple[type[Exception], ...]:
    """What a place that cannot be read or written raises."""
    import tensorflow as tf

    return OSError, tf.errors.OpError


def refusals() -> tuple[type[Exception], ...]:
    """Of those the ones that are no mistake of a program."""
    if "tensorflow" not in sys.modules:
        return (PlaceError,)
    import tensorflow as tf

    refused = tf.errors.PermissionDeniedError, tf.errors.UnauthenticatedError, tf.errors.UnavailableError
    return PlaceError, *refused, tf.errors.NotFoundError


def is_about_files(error: Exception) -> bool:
    """Whether one of `errors` tells of a file, a disk or a bucket, and not of what TensorFlow computes."""
    import tensorflow as tf

    computing = tf.errors.ResourceExhaustedError, tf.errors.InternalError, tf.errors.InvalidArgumentError
    return not isinstance(error, computing) or "space" in str(error).lower()


def path(given: str | Path) -> Path:
    """The path that a user's text stands for, with ~ followed.

    Raises:
        PlaceError: it begins with xyz:// or ~xyz, and there is no such kind of place, or user.
    """
    try:
        if not is_remote(given):
            return Path(given).expanduser()
        from etils import epath

        return epath.Path(given)
    except KeyError as error:
        message = f"{given} is nowhere: {error} is not known; a bucket is gs://name"
        raise PlaceError(errno.EPROTONOSUPPORT, message) from None
    except RuntimeError:
        message = f"{given} is nowhere: there is no such user here; write the folder out"
        raise PlaceError(errno.ENOENT, message) from None


def absolute(given: str | Path) -> Path:
    """The same from any folder."""
    return path(given) if is_remote(given) else path(given).absolute()


def resolved(given: str | Path) -> Path:
    """The same by its own name, without links and dots."""
    return path(given) if is_remote(given) else path(given).resolve()


def is_remote(given: str | Path) -> bool:
    """Whether a path leads to a bucket."""
    return "://" in str(given)


def move(source: Path, to: Path) -> None:
    """Gives a file or a folder another name; in a bucket, or into one, file by file.

    Args:
        source: what is there.
        to: a file there is replaced; a folder must not be there.

    Raises:
        OSError, tf.errors.OpError: it cannot be; in a bucket part of a folder may have been moved.
    """
    if not is_remote(source) and not is_remote(to):
        source.replace(to)
        return
    import tensorflow as tf

    is_folder = source.is_dir()
    if is_remote(source) and is_remote(to) and not is_folder:
        tf.io.gfile.rename(str(source), str(to), overwrite=True)
        return
    for file in sorted(_files(source) if is_folder else [source], key=_when_moved):
        copy = to / Path(str(file)).relative_to(str(source)) if is_folder else to
        tf.io.gfile.makedirs(str(copy.parent))
        tf.io.gfile.copy(str(file), str(copy), overwrite=True)
    _delete(source)


def remove(doomed: Path) -> None:
    """Removes a file or a folder with all that is in it, where it is there and can be."""
    with contextlib.suppress(*errors()):
        _delete(doomed)


def write_whole(file: Path, text: str) -> None:
    """Writes a file, all of it or nothing."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)


def add_line(file: Path, line: str) -> None:
    """Adds a line to a file, which is made where it is not there."""
    if is_remote(file):
        before = file.read_text() if file.exists() else ""
        write_whole(file, f"{before}{line}\n")
        return
    with open(file, "a") as opened:
        opened.write(f"{line}\n")


def scratch(folder: Path, prefix: str) -> Path:
    """A new folder to write to: inside `folder`, or on this machine where that is in a bucket."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=None if is_remote(folder) else folder))


def check_writable(folder: Path) -> None:
    """Tries to write to a folder, or to the nearest above it that is there; leaves nothing behind.

    Raises:
        OSError, tf.errors.OpError: it cannot be written.
    """
    if is_remote(folder):
        probe = folder / f".writable-{uuid.uuid4().hex}"
        probe.write_text("")
        _delete(probe)
        return
    try:
        with tempfile.TemporaryFile(dir=existing(folder)):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror) from error  # without a name that nobody gave


def free_bytes(folder: Path) -> float:
    """The room for what will be written to a folder; that of a bucket has no end."""
    return float("inf") if is_remote(folder) else shutil.disk_usage(existing(folder)).free


def existing(folder: Path) -> Path:
    """The folder itself, or the nearest above it that is there; in a bucket itself, as it has no folders."""
    nearest = absolute(folder)
    while not is_remote(folder) and not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    return nearest


def _files(folder: Path) -> list[Path]:
    import tensorflow as tf

    found = tf.io.gfile.walk(str(folder))
    return [path(above) / name for above, _, names in found for name in names]


def _when_moved(file: Path) -> tuple:
    return file.name == _LAST_OF_MODEL, file.suffix == LAST, str(file)


def _delete(doomed: Path) -> None:
    if not doomed.is_dir():
        doomed.unlink()
    elif not is_remote(doomed):
        shutil.rmtree(doomed, ignore_errors=True)
    else:
        for last in doomed.glob(f"*{LAST}"):
            last.unlink()  # first: without it a checkpoint counts no more
        doomed.rmtree()
