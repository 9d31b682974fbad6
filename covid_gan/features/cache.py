"""Where trained encoders lie, so that one data set's is trained once.

~/.cache/covid_gan/encoders/<recipe>/     or below $COVID_GAN_CACHE
    encoder.keras     the network
    encoder.json      its fingerprint, what it was trained on and how, versions, and the network's SHA-256

They hold no images.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import keras

from covid_gan import storage
from covid_gan.errors import ArgumentError, RunError

VARIABLE = "COVID_GAN_CACHE"
NETWORK, FACTS = "encoder.keras", "encoder.json"


class DamagedError(ValueError):
    """An entry cannot be read, or is not what was written."""


def folder() -> Path:
    """The folder of all encoders; it need not be there yet.

    Raises:
        RunError: it is in a bucket.
    """
    given = os.environ.get(VARIABLE) or "~/.cache/covid_gan"
    if storage.is_remote(given):
        raise RunError(f"{VARIABLE}={given}: must be a folder of this machine.")
    return Path(given).expanduser() / "encoders"


def save(path: Path, network: keras.Model, facts: dict) -> None:
    """Writes an entry, all of it or nothing; one that was there is replaced.

    Args:
        path: the entry's folder.
        network: to be saved.
        facts: what is known of it, for JSON.

    Raises:
        ArgumentError: (the environment variable) it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=path.parent))
        try:
            network.save(draft / NETWORK)
            facts = facts | {"network_sha256": _sha256(draft / NETWORK)}
            (draft / FACTS).write_text(json.dumps(facts, indent=2) + "\n")
            shutil.rmtree(path, ignore_errors=True)
            draft.rename(path)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise _unwritable(error) from error


def load(path: Path) -> tuple[keras.Model, dict]:
    """Reads an entry.

    Returns:
        The network, and what `save` was given as facts.

    Raises:
        FileNotFoundError: there is none.
        DamagedError: it cannot be read, or the network is not the one that was written.
    """
    if not path.is_dir():
        raise FileNotFoundError(path)
    try:
        facts = json.loads((path / FACTS).read_text())
        if not facts["fingerprint"] or facts["network_sha256"] != _sha256(path / NETWORK):
            raise ValueError(f"{NETWORK} is not the file that was written")
        return keras.models.load_model(path / NETWORK, compile=False), facts
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise DamagedError(f"{path} cannot be read: {error}") from error


@contextlib.contextmanager
def lock(path: Path):
    """Lets several processes that need an entry make it once.

    Raises:
        ArgumentError: (the environment variable) the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path.parent / f".{path.name}.lock", "a")
    except OSError as error:
        raise _unwritable(error) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _unwritable(error):
    message = f"the cache of encoders cannot be written ({error}); set {VARIABLE} to a folder that can."
    return ArgumentError("features", message, "ct")
