"""Output folders in which a failure leaves nothing half done."""

import contextlib
from pathlib import Path

from covid_gan import storage
from covid_gan.errors import ArgumentError, RunError, reason

# How the name of an unfinished folder begins, which a killed process leaves behind.
DRAFT = ".draft-"


def contents(folder: Path) -> set[str]:
    """The names of what a folder holds, drafts aside; empty where it is not there."""
    if not folder.exists():
        return set()
    return {path.name for path in folder.iterdir() if not path.name.startswith(DRAFT)}


def replace_all(new: Path, old: Path, out: Path, names: tuple[str, ...]) -> None:
    """Moves files or folders from `new` to `out`; those there before go to `old`, or back on an error."""
    moved = []
    try:
        for name in names:
            if (out / name).exists():
                storage.move(out / name, old / name)
            moved.append(name)
            storage.move(new / name, out / name)
    except BaseException:
        for name in moved:
            if (out / name).exists():
                storage.move(out / name, new / name)
            if (old / name).exists():
                storage.move(old / name, out / name)
        raise


@contextlib.contextmanager
def draft_in(out: str | Path):
    """A folder to write to inside `out`, gone afterwards, and so is what was made for it and stays empty.

    Where `out` is in a bucket it is on this machine; either way `storage.move` brings its files to `out`.

    Raises:
        ArgumentError: (`out`) something could not be written.
        RunError: TensorFlow failed otherwise, as when a GPU's memory does not suffice.
    """
    draft, missing = None, []
    try:
        out = storage.path(out)
        # A bucket has no folders above, but itself.
        above = (out,) if storage.is_remote(out) else (out, *out.parents)
        missing = [folder for folder in above if not folder.exists()]
        out.mkdir(parents=True, exist_ok=True)
        draft = storage.scratch(out, DRAFT)
        yield draft
    except storage.errors() as error:
        if not storage.is_about_files(error):
            raise RunError(f"{reason(error)}.") from error
        raise ArgumentError("out", f"cannot be written: {reason(error)}.", str(out)) from error
    finally:
        if draft:
            storage.remove(draft)
        for folder in missing:
            with contextlib.suppress(*storage.errors()):
                if not any(folder.iterdir()):
                    folder.rmdir()
