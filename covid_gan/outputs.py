"""Output folders in which a failure leaves nothing half done."""

import contextlib
import shutil
import tempfile
from pathlib import Path

import tensorflow as tf

from covid_gan.errors import ArgumentError, reason

# How the name of an unfinished folder begins, which a killed process leaves behind.
DRAFT = ".draft-"


def contents(folder: Path) -> set[str]:
    """The names of what a folder holds, drafts aside; empty where it is not there."""
    if not folder.exists():
        return set()
    return {path.name for path in folder.iterdir() if not path.name.startswith(DRAFT)}


def replace_all(new: Path, old: Path, out: Path, names: tuple[str, ...]) -> None:
    """Moves files or folders from `new` to `out`; those that were there go to `old`, or come back on an error."""
    moved = []
    try:
        for name in names:
            if (out / name).exists():
                (out / name).replace(old / name)
            moved.append(name)
            (new / name).replace(out / name)
    except BaseException:
        for name in moved:
            if (out / name).exists():
                (out / name).replace(new / name)
            if (old / name).exists():
                (old / name).replace(out / name)
        raise


@contextlib.contextmanager
def draft_in(out: str | Path):
    """A folder to write to inside `out`, gone afterwards, and so is what was made for it and stays empty.

    Raises:
        ArgumentError: (`out`) something could not be written.
    """
    out = Path(out)
    draft = None
    missing = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        out.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=out))
        yield draft
    except (OSError, tf.errors.OpError) as error:
        raise ArgumentError("out", f"cannot be written: {reason(error)}.", str(out)) from error
    finally:
        if draft:
            shutil.rmtree(draft, ignore_errors=True)
        for folder in missing:
            with contextlib.suppress(OSError):
                folder.rmdir()
