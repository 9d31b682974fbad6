"""Checkpoints: everything a run needs to go on as if it had never stopped.

Each is a folder, written under another name and renamed when it is whole, so that
there is no moment at which a half-written one could be taken for one:

    checkpoints/step-00000250/       one of the newest
    checkpoints/milestone-00001000/  kept for good
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


class Checkpoints:
    """The checkpoints of one run.

    They hold both networks, the averaged generator, both optimizers, the step and the
    trackers. Latents, dropout, data order and flips are functions of (seed, step) and
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
        self._variables = _variables(gan)
        self._state = tf.train.Checkpoint(**self._variables)

    def nbytes(self) -> int:
        """The size of one checkpoint in bytes."""
        return sum(
            v.dtype.size * v.shape.num_elements() for part in self._variables.values() for v in part
        )

    def paths(self) -> list[Path]:
        """The whole checkpoints, the newest first."""
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        return sorted((p for p in found if _step(p) is not None), key=_step, reverse=True)

    def save(self) -> Path:
        """Saves the state as it is; afterwards older checkpoints may go.

        Raises:
            RunError: it could not be written; those before it are untouched.
        """
        step = int(self._gan.step)
        milestone = self.milestone_every and step % self.milestone_every == 0
        path = self.folder / f"{'milestone' if milestone else 'step'}-{step:08d}"
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
        """Restores the newest checkpoint that can be read, and says so where one cannot.

        Returns:
            Its step; 0 where the run has none yet.

        Raises:
            RunError: there are checkpoints, and none can be read.
        """
        paths = self.paths()
        for path in paths:
            try:
                self.restore(path)
                return _step(path)
            except RunError as error:
                log.warning("%s", error)
        if paths:
            raise RunError(f"--run={self.folder.parent}: none of its checkpoints can be read.")
        return 0

    def restore(self, path: Path) -> None:
        """Restores one checkpoint.

        Raises:
            RunError: it is damaged, or does not match the networks to the last variable.
        """
        try:
            self._state.read(str(path / _FILE)).assert_consumed()
        except (tf.errors.OpError, AssertionError, LookupError, RuntimeError, ValueError) as error:
            raise RunError(f"The checkpoint {path} is damaged: {reason(error)}.") from error

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
    return {"step": [gan.step]} | {name: [v.value for v in part] for name, part in parts.items()}


def _step(path: Path) -> int | None:
    match = re.fullmatch(r"(?:step|milestone)-(\d+)", path.name)
    return int(match[1]) if match else None
