"""A run folder: its number and name, its lock, and what explains it.

runs/00000-dcgan-covid_ct-64px-swish/
    config.json      every setting of the run
    data.json        the fingerprint of the images it was trained on
    sessions.jsonl   one line for each start: when, from which step, with which flags, versions and devices
    checkpoints/     see training/checkpoints.py
    samples/         grids of the same latents, as PNG
    events.out.…     what TensorBoard shows
"""

import contextlib
import fcntl
import json
import logging
import re
from pathlib import Path

from covid_gan import storage
from covid_gan.config import AUTO, Config, all_fields
from covid_gan.errors import ArgumentError, RunError, reason

log = logging.getLogger(__name__)

CONFIG, DATA, SESSIONS = "config.json", "data.json", "sessions.jsonl"
# Which of its checkpoints is read; a step is the third way to say it.
NEWEST, BEST = "newest", "best"


class Run:
    """An existing run folder.

    Args:
        path: the folder.

    Raises:
        ArgumentError: (`run`) the folder is not there, or is not one of covid_gan's.
    """

    def __init__(self, path: str | Path):
        try:
            self.path = storage.path(path)
            # `is_dir` says no of a bucket that does not answer.
            is_there = self.path.exists() and self.path.is_dir()
        except storage.errors() as error:
            raise ArgumentError("run", f"cannot be read: {reason(error)}.", str(path)) from error
        if not is_there:
            raise ArgumentError("run", "there is no such folder.", str(path))
        try:
            self.config = Config.from_json((self.path / CONFIG).read_text())
            self.fingerprint = _fingerprint((self.path / DATA).read_text())
        except storage.errors() as error:
            message = f"is no run folder of covid_gan: {reason(error)}."
            raise ArgumentError("run", message, str(path)) from error
        except ValueError as error:
            raise ArgumentError("run", f"cannot be read: {error}.", str(path)) from error

    @property
    def name(self) -> str:
        """The folder's own name, such as 00000-dcgan-covid_ct-64px-swish."""
        return storage.resolved(self.path).name

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    def continued(self, given: dict) -> Config:
        """The run's config, with what a resumed run may change set to what is given.

        Raises:
            ArgumentError: a given setting contradicts the run.
        """
        may_change = {f.name for f in all_fields() if f.metadata["may_change"]}
        for name, value in given.items():
            old = self.config.get(name)
            agrees = value == old or (name in ("dataset", "cache") and value == AUTO)
            if name not in may_change and not agrees:
                raise ArgumentError(
                    name, f"contradicts the run {self.path}, which has {old!r}; leave it out.", value
                )
        changes = {name: value for name, value in given.items() if name in may_change}
        precisions = {changes.get("precision", self.config.compute.precision), self.config.compute.precision}
        if len(precisions) > 1 and "float16" in precisions:
            message = "cannot become or cease to be float16, whose loss scales stand in the checkpoints."
            raise ArgumentError("precision", message, changes["precision"])
        if "steps" in changes:
            changes.setdefault("epochs", None)
        if "epochs" in changes:
            changes.setdefault("steps", None)
        return self.config.replace(**changes)

    def check_same_data(self, fingerprint: dict) -> None:
        """Refuses other images than those that the run was trained on.

        Args:
            fingerprint: of the images at hand, as `Scans.fingerprint`.

        Raises:
            RunError: naming what changed.
        """
        changed = [key for key, value in self.fingerprint.items() if fingerprint.get(key) != value]
        if changed:
            raise RunError(
                f"--run={self.path}: the scans are not those it was trained on; {', '.join(changed)} changed."
            )

    def update_config(self, config: Config) -> None:
        """Writes a changed config, all of it or nothing."""
        self.config = config
        storage.write_whole(self.path / CONFIG, config.to_json())

    def was_started(self) -> bool:
        """Whether an earlier session is on record."""
        return (self.path / SESSIONS).exists()

    def record_session(self, **facts) -> None:
        """Adds a line about this start to `sessions.jsonl`."""
        storage.add_line(self.path / SESSIONS, json.dumps(facts))

    @contextlib.contextmanager
    def lock(self):
        """Holds the run for one writer; the system lets go of it however the process ends.

        A bucket knows no locks; there a warning stands for this one.

        Raises:
            RunError: another process holds it, or the folder cannot be written.
        """
        if storage.is_remote(self.path):
            log.warning("%s is in a bucket, which has no locks: let no other process train it.", self.path)
            yield
            return
        try:
            file = open(self.path / ".lock", "a")
        except OSError as error:
            raise RunError(f"--run={self.path}: cannot be written: {error.strerror}.") from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RunError(f"--run={self.path}: another process is training this run.") from None
            yield


def _fingerprint(text: str) -> dict:
    fingerprint = json.loads(text)
    if not isinstance(fingerprint, dict) or not {"name", "count", "sha256"} <= set(fingerprint):
        raise ValueError(f"{DATA} is no fingerprint of images")
    return fingerprint


def create(runs_dir: str | Path, config: Config, fingerprint: dict) -> Run:
    """Makes the next numbered folder below `runs_dir`, with its config and its data's fingerprint.

    Raises:
        ArgumentError: (`runs_dir`) the folder cannot be written.
    """
    try:
        path = _claim_number(storage.path(runs_dir), config.describe())
        storage.write_whole(path / DATA, json.dumps(fingerprint, indent=2) + "\n")
        storage.write_whole(path / CONFIG, config.to_json())
    except storage.errors() as error:
        raise ArgumentError("runs_dir", f"cannot be written: {reason(error)}.", str(runs_dir)) from error
    return Run(path)


def check_writable(path: str | Path, argument: str = "runs_dir") -> None:
    """Refuses early a folder in which nothing can be made; leaves nothing behind.

    Args:
        path: the folder; it need not be there yet.
        argument: that it was given by.

    Raises:
        ArgumentError: (`argument`) it is a file, or cannot be written.
    """
    try:
        storage.check_writable(storage.path(path))
    except storage.errors() as error:
        raise ArgumentError(argument, f"cannot be written: {reason(error)}.", str(path)) from error


def _claim_number(runs_dir: Path, name: str) -> Path:
    """Makes `NNNNN-name` with a number that no other process gets.

    The number is taken by making `.claim-NNNNN`, which fails for all processes but
    one, and given back unless no folder had the number by then. (A bucket promises no such
    thing: of two runs that are started in it at the same moment both may get a number.)
    """
    runs_dir.mkdir(parents=True, exist_ok=True)
    number = max(_numbers(runs_dir), default=-1) + 1
    while True:
        claim = runs_dir / f".claim-{number:05d}"
        try:
            claim.mkdir()
        except FileExistsError:
            number += 1
            continue
        try:
            if number not in _numbers(runs_dir):
                path = runs_dir / f"{number:05d}-{name}"
                path.mkdir()
                return path
        finally:
            claim.rmdir()
        number += 1


def _numbers(runs_dir: Path) -> set[int]:
    names = (re.match(r"(\d{5,})-", entry.name) for entry in runs_dir.iterdir())
    return {int(match[1]) for match in names if match}
