"""A profile of some steps, for TensorBoard's profile plug-in."""

import logging
from pathlib import Path

import tensorflow as tf

log = logging.getLogger(__name__)


class Profile:
    """Writes where the time of some steps goes; with no steps it does nothing.

    Args:
        folder: of the run.
        steps: consecutive ones.
    """

    def __init__(self, folder: Path, steps: range):
        self._folder, self._steps = folder, steps
        self._first, self._last = None, None  # of those that are being profiled

    def before(self, step: int) -> None:
        """To be called before `step` is taken."""
        if step in self._steps and self._first is None:
            tf.profiler.experimental.start(str(self._folder))
            self._first = step

    def after(self, step: int) -> None:
        """To be called after `step` is taken."""
        self._last = step
        if step >= self._steps.stop - 1:
            self.end()

    def end(self) -> None:
        """Writes the profile, also where its last step did not come."""
        if self._first is not None:
            tf.profiler.experimental.stop()
            where = f"{self._folder}/plugins/profile"
            log.info("The profile of steps %d to %s is in %s.", self._first, self._last, where)
            self._first = None
