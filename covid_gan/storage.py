"""Folders and files that lie on this machine or, as gs://bucket/folder, in a bucket.

A path on this machine is `pathlib`'s, and one in a bucket etils's, which has the same
methods and opens files through `tf.io.gfile`. What they do not share is here: a bucket
has no locks, no appending, and no way to rename a folder at one stroke; but a file in
it appears whole or not at all.
"""

import contextlib
import errno
import shutil
import tempfile
from pathlib import Path

# The file that a move brings last: where it is, a checkpoint is whole.
LAST = ".index"


def errors() -> tuple[type[Exception], ...]:
    """What a place that cannot be read or written raises."""
    import tensorflow as tf

    return OSError, tf.errors.OpError


def path(given: str | Path) -> Path:
    """The path that a user's text stands for, with ~ followed.

    Raises:
        OSError: it begins with xyz://, and no such kind of place is known.
    """
    if not is_remote(given):
        return Path(given).expanduser()
    from etils import epath

    try:
        return epath.Path(given)
    except KeyError as error:
        raise OSError(errno.EPROTONOSUPPORT, f"{error} is no kind of place; gs:// is one") from None


def absolute(given: str | Path) -> Path:
    """The same from any folder."""
    return path(given) if is_remote(given) else path(given).absolute()


def is_remote(given: str | Path) -> bool:
    """Whether a path leads to a bucket."""
    return "://" in str(given)


def move(source: Path, to: Path) -> None:
    """Gives a file or a folder another name; in a bucket, or into one, file by file.

    Args:
        source: what is there.
        to: a file there is replaced; a folder must not be there.
    """
    if not is_remote(source) and not is_remote(to):
        source.replace(to)
        return
    import tensorflow as tf

    if is_remote(source) and is_remote(to) and not source.is_dir():
        tf.io.gfile.rename(str(source), str(to), overwrite=True)
        return
    for file in sorted(_files(source), key=lambda file: (file.suffix == LAST, str(file))):
        copy = to / Path(str(file)).relative_to(str(source)) if source.is_dir() else to
        tf.io.gfile.makedirs(str(copy.parent))
        tf.io.gfile.copy(str(file), str(copy), overwrite=True)
    remove(source)


def remove(doomed: Path) -> None:
    """Removes a file or a folder with all that is in it, where it is there and can be."""
    with contextlib.suppress(*errors()):
        if not doomed.is_dir():
            doomed.unlink()
        elif is_remote(doomed):
            doomed.rmtree()
        else:
            shutil.rmtree(doomed, ignore_errors=True)


def write_whole(file: Path, text: str) -> None:
    """Writes a file, all of it or nothing."""
    draft = file.with_name(f".{file.name}.draft")
    draft.write_text(text)
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
    """Tries to write to the nearest folder that is there.

    Raises:
        OSError, tf.errors.OpError: it cannot be written.
    """
    if is_remote(folder):
        probe = folder / ".writable"
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.write_text("")
        probe.unlink()
        return
    nearest = existing(folder)
    with tempfile.TemporaryFile(dir=nearest):
        pass


def free_bytes(folder: Path) -> float:
    """The room for what will be written to a folder; that of a bucket has no end."""
    return float("inf") if is_remote(folder) else shutil.disk_usage(existing(folder)).free


def existing(folder: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    nearest = absolute(folder)
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    return nearest


def _files(source: Path) -> list[Path]:
    if not source.is_dir():
        return [source]
    import tensorflow as tf

    found = tf.io.gfile.walk(str(source))
    return [path(folder) / name for folder, _, names in found for name in names]
