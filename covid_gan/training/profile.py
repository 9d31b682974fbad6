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
        self._folder, self._steps, self._runs = folder, steps, False

    def before(self, step: int) -> None:
        """To be called before `step` is taken."""
        if step in self._steps and not self._runs:
            tf.profiler.experimental.start(str(self._folder))
            self._runs = True

    def after(self, step: int) -> None:
        """To be called after `step` is taken."""
        if self._runs and step >= self._steps[-1]:
            self.end()
            first, last = self._steps[0], self._steps[-1]
            log.info("The profile of steps %d to %d is in %s/plugins/profile.", first, last, self._folder)

    def end(self) -> None:
        """Ends a profile whose last step will not come."""
        if self._runs:
            tf.profiler.experimental.stop()
            self._runs = False
