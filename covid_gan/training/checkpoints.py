"""Checkpoints: everything a run needs to go on as if it had never stopped.

Each is a folder, written under another name and renamed when it is whole, so that
there is no moment at which a half-written one could be taken for one. (In a bucket it
counts when TensorFlow has written its last file, the index.)

    checkpoints/step-00000250/          one of the newest
    checkpoints/milestone-00001000/     kept for good
    checkpoints/best-00001500/          the one with the best score, renamed again when one beats it
    checkpoints/damaged-step-00001250/  could not be read, and was set aside
"""

import itertools
from pathlib import Path

import tensorflow as tf

from covid_gan import storage
from covid_gan.checkpoint_files import (
    BEST_PREFIX,
    FILE,
    is_healthy,
    parts_in,
    paths_in,
    restore,
    restore_first,
    step_of,
)
from covid_gan.errors import RunError, reason

_DRAFT = ".draft-"


class Checkpoints:
    """The checkpoints of one run.

    They hold both networks, the averaged generator, both optimizers, the step, the number
    of restarts, the trackers, the adaptive share of changed images and what the guards
    remember. Latents, dropout, data order and flips are functions of (seed, step) and need
    no state.

    Args:
        folder: of the checkpoints; made when the first is saved.
        gan: a compiled `Gan`.
        keep: how many of the newest are kept, and the newest healthy one beside them.
        milestone_every: steps between two that are kept for good; 0 for none.
        watch: a `Watch` whose memory is saved too; a checkpoint is healthy where it suspected nothing.
    """

    def __init__(self, folder: Path, gan, keep: int = 3, milestone_every: int = 0, watch=None):
        self.folder = folder
        self.keep = keep
        self.milestone_every = milestone_every
        self._gan = gan
        self._parts = _variables(gan)
        self._later = {"restarts": [gan.restarts]}
        if watch is not None:
            self._later |= watch.memory

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
        step = int(self._gan.step.numpy())
        for path in self.paths():
            if step_of(path) == step:
                return path
        path = self.folder / self._name(step)
        draft = path if storage.is_remote(path) else self.folder / f"{_DRAFT}{path.name}"
        try:
            self._remove_drafts()
            storage.remove(draft)  # in a bucket a killed process may have left a part of it
            draft.mkdir(parents=True)
            tf.train.Checkpoint(**self._parts, **self._later).write(str(draft / FILE))
            if draft != path:
                draft.rename(path)
        except storage.errors() as error:
            storage.remove(draft)
            raise RunError(
                f"--run={self.folder.parent}: the checkpoint of step {step} could not be written: "
                f"{reason(error)}. {self.last_good()}"
            ) from error
        self._prune()
        return path

    def restore_newest(self, set_aside: bool = True) -> int:
        """Restores the newest checkpoint that can be read.

        One that cannot is named in a warning and set aside, so that it is neither taken
        for a good one nor in the way of the next of its step.

        Args:
            set_aside: false for who only reads the run.

        Returns:
            Its step; 0 where the run has none yet.

        Raises:
            RunError: there are checkpoints, and none can be read, or one does not match.
        """
        return restore_first(self.paths(), self._restore_all, set_aside)

    def restore_healthy(self) -> int:
        """Restores the newest healthy checkpoint and removes all later ones.

        Returns:
            Its step; 0 where there is none, and then nothing is changed.

        Raises:
            RunError: those that are healthy cannot be read.
        """
        healthy = [path for path in self.paths() if is_healthy(path)]
        step = restore_first(healthy, self._restore_all, set_aside=True)
        for path in self.paths() if step else ():
            if step_of(path) > step:
                self._remove(path)
        return step

    def mark_best(self, step: int | None) -> None:
        """Names the checkpoint of `step` the best and keeps it; None: none is.

        The best before it gets its other name again, and may go as any other.
        """
        for path in self.paths():
            if step_of(path) != step and path.name.startswith(BEST_PREFIX):
                storage.move(path, self.folder / self._name(step_of(path)))
            elif step_of(path) == step and not path.name.startswith(BEST_PREFIX):
                storage.move(path, self.folder / f"{BEST_PREFIX}{step:08d}")
        self._prune()

    def healthy_steps(self) -> set[int]:
        """The steps of which there is a checkpoint that nothing was suspected of."""
        return {step_of(path) for path in self.paths() if is_healthy(path)}

    def last_good(self) -> str:
        """A sentence that names the newest checkpoint."""
        paths = self.paths()
        return f"The last good checkpoint is {paths[0]}." if paths else "There is no checkpoint yet."

    def last_healthy(self) -> str:
        """A sentence that names the newest healthy checkpoint."""
        path = self._newest_healthy()
        return f"The last healthy checkpoint is {path}." if path else "There is no healthy checkpoint."

    def _newest_healthy(self):
        return next((path for path in self.paths() if is_healthy(path)), None)

    def _name(self, step):
        return f"{'milestone' if self.is_milestone(step) else 'step'}-{step:08d}"

    def _prune(self):
        """Removes all but the newest, the newest healthy one, milestones and the best."""
        old = [path for path in self.paths()[self.keep :] if path.name.startswith("step-")]
        if old:
            healthy = self._newest_healthy()
            for path in old:
                if path != healthy:
                    self._remove(path)

    def _remove(self, path):
        """A folder is renamed before it is taken apart; in a bucket its mark of being whole goes first."""
        if not storage.is_remote(path):
            path = path.rename(self.folder / f"{_DRAFT}{path.name}")
        storage.remove(path)

    def _restore_all(self, path):
        """Restores all that a checkpoint holds; what came later than it starts from zero."""
        for variable in itertools.chain(*self._later.values()):
            variable.assign(tf.zeros_like(variable))
        later = {name: part for name, part in self._later.items() if name in parts_in(path)}
        restore(path, tf.train.Checkpoint(**self._parts, **later), whole=True)

    def _remove_drafts(self):
        for draft in self.folder.glob(f"{_DRAFT}*"):
            storage.remove(draft)


def nbytes(gan) -> int:
    """The size of a checkpoint of a compiled `Gan` in bytes."""
    return sum(v.dtype.size * v.shape.num_elements() for part in _variables(gan).values() for v in part)


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
    }
    adaptive = {"augmented": [gan.augmented]} if gan.ada_target is not None else {}
    keras_parts = {name: [v.value for v in part] for name, part in parts.items()}
    return {"step": [gan.step]} | adaptive | keras_parts | {"trackers": trackers}
