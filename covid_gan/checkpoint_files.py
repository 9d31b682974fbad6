"""Which checkpoints a folder holds, and reading one; see checkpoints.py for their names."""

import logging
import re
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from covid_gan import storage
from covid_gan.errors import ArgumentError, RunError, reason
from covid_gan.runs import BEST, NEWEST

log = logging.getLogger(__name__)

FILE = "checkpoint"
BEST_PREFIX = "best-"
# The parts of a checkpoint that are all zeros in a healthy one.
SUSPICIONS, SUSPECT = "suspicions", "suspect"
_DAMAGED = "damaged-"
_UNREADABLE = (tf.errors.OpError, LookupError, RuntimeError, ValueError)


class DamagedError(RunError):
    """A checkpoint cannot be read."""


def restore_generator(folder: Path, generator, raw: bool = False, which: str = NEWEST) -> int:
    """Restores a built generator alone.

    Args:
        folder: of a run's checkpoints.
        generator: to be given the averaged weights.
        raw: the weights of that step instead of their average.
        which: "newest" that can be read, "best", or a step.

    Returns:
        The checkpoint's step; 0 where there is none yet.

    Raises:
        ArgumentError: (`checkpoint`) there are others, but not this one.
        RunError: there are checkpoints, and none can be read, or one does not match.
    """
    part = "generator" if raw else "ema_generator"
    state = tf.train.Checkpoint(**{part: [v.value for v in generator.weights]})
    return restore_first(_chosen(folder, which), lambda path: restore(path, state, whole=False))


def paths_in(folder: Path) -> list[Path]:
    """The whole checkpoints in a folder, the newest first."""
    # Not `is_dir`: of a bucket that does not answer it says no.
    found = folder.iterdir() if folder.exists() else ()
    return sorted((p for p in found if step_of(p) is not None and _has_come(p)), key=step_of, reverse=True)


def _has_come(path):
    """Whether a checkpoint in a bucket is whole; elsewhere it gets its name when it is."""
    return not storage.is_remote(path) or (path / f"{FILE}{storage.LAST}").exists()


def _chosen(folder: Path, which: str) -> list[Path]:
    paths = paths_in(folder)
    if which == NEWEST or not paths:
        return paths
    if which == BEST:
        chosen = [path for path in paths if path.name.startswith(BEST_PREFIX)]
    elif re.fullmatch(r"[0-9]+", which):
        chosen = [path for path in paths if step_of(path) == int(which)]
    else:
        raise ArgumentError("checkpoint", f"must be {NEWEST}, {BEST} or a step.", which)
    if not chosen:
        there = ", ".join(path.name for path in reversed(paths))
        raise ArgumentError("checkpoint", f"is not in {folder}; there are {there}.", which)
    return chosen


def restore_first(paths: list[Path], restore: Callable[[Path], None], set_aside: bool = False) -> int:
    """Restores the first of `paths` that can be read.

    Args:
        paths: of checkpoints.
        restore: raises DamagedError for one that cannot be read; a warning names it.
        set_aside: rename those, so that they are taken for checkpoints no more.

    Returns:
        Its step; 0 without any path.

    Raises:
        RunError: none can be read.
    """
    for path in paths:
        try:
            restore(path)
            return step_of(path)
        except DamagedError as error:
            log.warning("%s", error)
            if set_aside:
                aside = path.with_name(f"{_DAMAGED}{path.name}")
                storage.remove(aside)
                storage.move(path, aside)
    if paths:
        names = ", ".join(path.name for path in paths)
        raise RunError(
            f"--run={paths[0].parents[1]}: of its checkpoints, none of these can be read: {names}."
        )
    return 0


def parts_in(path: Path) -> set[str]:
    """The names of the parts that a checkpoint holds; empty where it cannot be read."""
    try:
        names = tf.train.load_checkpoint(str(path / FILE)).get_variable_to_shape_map()
    except _UNREADABLE:
        return set()
    return {name.partition("/")[0] for name in names}


def is_healthy(path: Path) -> bool:
    """Whether the guards suspected nothing when a checkpoint was saved, or there were none yet."""
    try:
        reader = tf.train.load_checkpoint(str(path / FILE))
        names = (f"{part}/0/.ATTRIBUTES/VARIABLE_VALUE" for part in (SUSPICIONS, SUSPECT))
        return not any(reader.has_tensor(name) and reader.get_tensor(name).any() for name in names)
    except _UNREADABLE:
        return False


def restore(path: Path, state: tf.train.Checkpoint, whole: bool) -> None:
    """Restores a state from one checkpoint.

    Args:
        path: of the checkpoint.
        state: what to restore.
        whole: it is all that the checkpoint holds.

    Raises:
        RunError: it does not match.
        DamagedError: it cannot be read.
    """
    try:
        status = state.read(str(path / FILE)).expect_partial()
        status.assert_existing_objects_matched()
        if whole:
            status.assert_consumed()
    except (AssertionError, ValueError) as error:
        raise RunError(
            f"--run={path.parents[1]}: {path.name} does not fit this version of covid_gan: {reason(error)}."
        ) from error
    except (tf.errors.OpError, LookupError, RuntimeError) as error:
        raise DamagedError(f"The checkpoint {path} cannot be read: {reason(error)}.") from error


def step_of(path: Path) -> int | None:
    """The step in a checkpoint's name; None where it is no checkpoint's."""
    match = re.fullmatch(r"(?:step|milestone|best)-(\d+)", path.name)
    return int(match[1]) if match else None
