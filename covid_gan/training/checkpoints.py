"""Checkpoints: everything a run needs to go on as if it had never stopped.

Each is a folder, written under another name and renamed when it is whole, so that
there is no moment at which a half-written one could be taken for one:

    checkpoints/step-00000250/          one of the newest
    checkpoints/milestone-00001000/     kept for good
    checkpoints/damaged-step-00001250/  could not be read, and was set aside
"""

import logging
import re
import shutil
from pathlib import Path

import tensorflow as tf

from covid_gan.errors import RunError, reason

log = logging.getLogger(__name__)

_FILE = "checkpoint"
_DRAFT = ".draft-"
_DAMAGED = "damaged-"


class DamagedError(RunError):
    """A checkpoint cannot be read."""


class Checkpoints:
    """The checkpoints of one run.

    They hold both networks, the averaged generator, both optimizers, the step, the
    trackers and the adaptive share of changed images. Latents, dropout, data order and flips are functions of (seed, step) and
    need no state.

    Args:
        folder: of the checkpoints; made when the first is saved.
        gan: a compiled `Gan`.
        keep: how many of the newest are kept.
        milestone_every: steps between two that are kept for good; 0 for none.
    """

    def __init__(self, folder: Path, gan, keep: int = 3, milestone_every: int = 0):
        self.folder = folder
        self.keep = keep
        self.milestone_every = milestone_every
        self._gan = gan
        self._state = tf.train.Checkpoint(**_variables(gan))

    def paths(self) -> list[Path]:
        """The whole checkpoints, the newest first."""
        return paths_in(self.folder)

    def is_milestone(self, step: int) -> bool:
        """Whether the checkpoint of `step` is kept for good."""
        return bool(self.milestone_every) and step % self.milestone_every == 0

    def save(self) -> Path:
        """Saves the state as it is; afterwards older checkpoints may go.

        Raises:
            RunError: it could not be written; those before it are untouched.
        """
        step = int(self._gan.step)
        path = self.folder / f"{'milestone' if self.is_milestone(step) else 'step'}-{step:08d}"
        draft = self.folder / f"{_DRAFT}{path.name}"
        if path.is_dir():
            return path
        try:
            self._remove_drafts()
            draft.mkdir(parents=True)
            self._state.write(str(draft / _FILE))
            draft.rename(path)
        except (OSError, tf.errors.OpError) as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise RunError(
                f"--run={self.folder.parent}: the checkpoint of step {step} could not be written: "
                f"{reason(error)}. {self.last_good()}"
            ) from error
        self._prune()
        return path

    def restore_newest(self) -> int:
        """Restores the newest checkpoint that can be read.

        One that cannot is named in a warning and set aside, so that it is neither taken
        for a good one nor in the way of the next of its step.

        Returns:
            Its step; 0 where the run has none yet.

        Raises:
            RunError: there are checkpoints, and none can be read, or one does not match.
        """
        return _restore_newest(self.folder, self._state, whole=True)

    def last_good(self) -> str:
        """A sentence that names the newest checkpoint."""
        paths = self.paths()
        return f"The last good checkpoint is {paths[0]}." if paths else "There is no checkpoint yet."

    def _prune(self):
        """Removes all but the newest, milestones apart; a folder is renamed before it is taken apart."""
        for path in self.paths()[self.keep :]:
            if path.name.startswith("step-"):
                doomed = path.rename(self.folder / f"{_DRAFT}{path.name}")
                shutil.rmtree(doomed, ignore_errors=True)

    def _remove_drafts(self):
        for draft in self.folder.glob(f"{_DRAFT}*"):
            shutil.rmtree(draft, ignore_errors=True)


def nbytes(gan) -> int:
    """The size of a checkpoint of a compiled `Gan` in bytes."""
    return sum(v.dtype.size * v.shape.num_elements() for part in _variables(gan).values() for v in part)


def restore_generator(folder: Path, generator, raw: bool = False) -> int:
    """Restores a built generator alone, from the newest checkpoint that can be read.

    Args:
        folder: of a run's checkpoints.
        generator: to be given the averaged weights.
        raw: the weights of that step instead of their average.

    Returns:
        The checkpoint's step; 0 where there is none yet.

    Raises:
        RunError: there are checkpoints, and none can be read, or one does not match.
    """
    part = "generator" if raw else "ema_generator"
    state = tf.train.Checkpoint(**{part: [v.value for v in generator.weights]})
    return _restore_newest(folder, state, whole=False)


def paths_in(folder: Path) -> list[Path]:
    """The whole checkpoints in a folder, the newest first."""
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted((p for p in found if _step(p) is not None), key=_step, reverse=True)


def _restore_newest(folder: Path, state: tf.train.Checkpoint, whole: bool) -> int:
    """`whole`: the state is all that a checkpoint holds, and what cannot be read is set aside."""
    paths = paths_in(folder)
    for path in paths:
        try:
            _restore(path, state, whole)
            return _step(path)
        except DamagedError as error:
            log.warning("%s", error)
            if whole:
                shutil.rmtree(folder / f"{_DAMAGED}{path.name}", ignore_errors=True)
                path.rename(folder / f"{_DAMAGED}{path.name}")
    if paths:
        raise RunError(f"--run={folder.parent}: none of its checkpoints can be read.")
    return 0


def _restore(path: Path, state: tf.train.Checkpoint, whole: bool) -> None:
    try:
        status = state.read(str(path / _FILE)).expect_partial()
        status.assert_existing_objects_matched()
        if whole:
            status.assert_consumed()
    except (AssertionError, ValueError) as error:
        raise RunError(
            f"--run={path.parents[1]}: {path.name} does not fit this version of covid_gan: {reason(error)}."
        ) from error
    except (tf.errors.OpError, LookupError, RuntimeError) as error:
        raise DamagedError(f"The checkpoint {path} cannot be read: {reason(error)}.") from error


def _variables(gan) -> dict[str, list[tf.Variable]]:
    """All that makes up a GAN's state, each part in the order in which its network makes it.

    They are listed one by one, since `tf.train.Checkpoint` of a Keras model passes
    over the layers that the model holds in a list.
    """
    trackers = [v for tracker in gan.trackers.values() for v in tracker.variables]
    parts = {
        "generator": gan.generator.weights,
        "discriminator": gan.discriminator.weights,
        "ema_generator": gan.ema_generator.weights,
        "generator_optimizer": gan.generator_optimizer.variables,
        "discriminator_optimizer": gan.discriminator_optimizer.variables,
        "trackers": trackers,
    }
    adaptive = {"augmented": [gan.augmented]} if gan.ada_target is not None else {}
    return {"step": [gan.step]} | adaptive | {name: [v.value for v in part] for name, part in parts.items()}


def _step(path: Path) -> int | None:
    match = re.fullmatch(r"(?:step|milestone)-(\d+)", path.name)
    return int(match[1]) if match else None
