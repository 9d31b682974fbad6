"""Hashes in place of names, and the one file on this machine that leads back from them.

`<private>/<hash of the folder's path>.jsonl`, mode 0600, begins with the salt; every further line
leads from an `image_id` to a file. It lies neither with the records nor with the source.
"""

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tfds_covidct.errors import DataError

PRIVATE_DIR = "TFDS_COVIDCT_PRIVATE_DIR"


class Identity:
    """Gives a folder's patients and images their ids.

    Args:
      folder: the user's folder; its salt is drawn when it is first seen.

    Raises:
      DataError: the private file cannot be read or written.
    """

    def __init__(self, folder: str | os.PathLike):
        folder = os.path.realpath(folder)
        name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        self.path = private_dir() / f"{name}.jsonl"
        try:
            self.salt = bytes.fromhex(self._open(folder)["salt"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{self.path}: the file with the salt of this folder's ids cannot be used "
                f"({type(error).__name__}); set {PRIVATE_DIR} to a folder of your own, or remove the file "
                "to start with new ids."
            ) from error

    def patient_id(self, patient: str) -> str:
        """16 hexadecimal digits for a patient: a keyed hash, so that guessing names finds nobody."""
        return self._hash("patient", patient)

    def image_id(self, relative: str, frame: int) -> str:
        """16 hexadecimal digits for a slice of a file."""
        return self._hash("image", relative, str(frame))

    def record(self, name: str, lines: Iterable[dict]) -> None:
        """Notes how a prepared set came about, in place of what stands there under its name.

        Args:
          name: of the set: its config.
          lines: what to note; `image_id`, `file` and `frame` lead back to a slice.
        """
        with self._alone(), self._rewritten() as new, open(self.path) as old:
            new.writelines(line for line in old if json.loads(line).get("set") != name)
            new.writelines(json.dumps({"set": name, **line}) + "\n" for line in lines)

    def _hash(self, *parts: str) -> str:
        message = b"".join(os.fsencode(part) + b"\0" for part in parts)
        return hmac.new(self.salt, message, hashlib.sha256).hexdigest()[:16]

    def _open(self, folder: str) -> dict:
        """The first line of the file, which is made where there is none."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._alone():
            if not self.path.exists():
                with self._rewritten() as new:
                    new.write(json.dumps({"folder": folder, "salt": secrets.token_hex(16)}) + "\n")
            with open(self.path) as file:
                return json.loads(file.readline())

    @contextlib.contextmanager
    def _alone(self):
        """Lets one process at a time rewrite the file: others may prepare the same folder otherwise."""
        with open(self.path.with_suffix(".lock"), "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _rewritten(self):
        """A new file of mode 0600 to write to, which takes the place of the old one when it is whole."""
        with tempfile.NamedTemporaryFile("w", dir=self.path.parent, delete=False) as new:
            try:
                yield new
                new.flush()
                os.replace(new.name, self.path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(new.name)
                raise


def private_dir() -> Path:
    """Where the private files lie: $TFDS_COVIDCT_PRIVATE_DIR, or the user's own data folder."""
    data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(os.environ.get(PRIVATE_DIR) or Path(data_home) / "tfds_covidct").expanduser()
