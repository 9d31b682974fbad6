"""Output folders in which a failure leaves nothing half done."""

import contextlib
import shutil
import tempfile
from pathlib import Path

import tensorflow as tf

from covid_gan.errors import ArgumentError, reason


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
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=out))
        yield draft
    except (OSError, tf.errors.OpError) as error:
        raise ArgumentError("out", f"cannot be written: {reason(error)}.", str(out)) from error
    finally:
        if draft:
            shutil.rmtree(draft, ignore_errors=True)
        for folder in missing:
            with contextlib.suppress(OSError):
                folder.rmdir()
