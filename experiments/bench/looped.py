"""The training loop as it is, timed step by step, with other things timed between its rounds.

Grids, checkpoints and scores come due more often than in a training, so that some of each are timed;
what each costs is then shared out over the steps between two of them in a training.
"""

import contextlib
import logging
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np
from scipy.optimize import least_squares

from covid_gan.config import TrainConfig
from covid_gan.training import loop, watch
from experiments.bench import timing
from experiments.bench.cells import Cell

# Steps between two of each kind while it is timed. Grids are drawn with the checkpoints.
SAVE_EVERY, SCORE_EVERY = 12, 24
# Until all of it happened once, as each is slow at its first time.
WARM_UP = 24


class Looped:
    """Times a cell's training loop.

    Args:
        cell: what is trained.
        arms: what is timed between two rounds of the loop, by name.
        rounds: at most.
        steps: of the loop in a round, and calls of each arm.
        at_most: seconds after which no further round begins once there were three.

    Attributes:
        plain: seconds of a step in which nothing else was due, the median of each round.
        arms: seconds of a call, by arm and round.
        overhead: seconds that curves, guards, grids, checkpoints and scores add to a step of a training.
    """

    def __init__(
        self,
        cell: Cell,
        arms: dict[str, Callable[[], object]],
        rounds: int,
        steps: int = SAVE_EVERY,
        at_most: float = float("inf"),
    ):
        self._given, self._steps, self._rounds = arms, steps, rounds
        self._until = time.monotonic() + at_most
        self._log_every = cell.config.training.log_every
        self._durations, self._left = {}, None
        self.plain, self.arms = [], {name: [] for name in arms}
        for call in arms.values():
            call()
        self._train(cell)
        self.overhead = overhead(self._durations, cell.config.training)

    @property
    def seconds(self) -> np.ndarray:
        """Of a step of a training, with its share of all that is between steps, by round."""
        return np.asarray(self.plain) + self.overhead

    def _train(self, cell):
        total = WARM_UP + self._rounds * self._steps
        config = cell.config.replace(
            steps=total,
            epochs=None,
            sample_every=SAVE_EVERY,
            checkpoint_every=SAVE_EVERY,
            evaluate_every=SCORE_EVERY if cell.config.training.evaluate_every else 0,
            milestone_every=0,
            steps_per_loop=1,  # so that each step can be timed
        )
        with tempfile.TemporaryDirectory() as folder, quiet(), contextlib.suppress(_Enough):
            loop.train(config, runs_dir=folder, on_step=self._on_step)

    def _on_step(self, step):
        now = time.perf_counter()
        if self._left is not None and step > WARM_UP:
            self._durations[step] = now - self._left
            if (step - WARM_UP) % self._steps == 0:
                self._end_round(step)
        self._left = time.perf_counter()

    def _end_round(self, step):
        number = len(self.plain)
        for name, value in timing.one_round(self._given, self._steps, number % 2 == 0).items():
            self.arms[name].append(value)
        own = range(step - self._steps + 1, step + 1)
        plain = [self._durations[i] for i in own if not any(_due(i, self._log_every))]
        self.plain.append(float(np.median(plain)))
        if number + 1 >= 3 and time.monotonic() > self._until:
            raise _Enough


def overhead(durations: dict[int, float], training: TrainConfig) -> float:
    """Seconds that all that is between steps adds to a step of a training.

    Args:
        durations: seconds by step, each with what was due after it, as often as this module lets it be.
        training: says how often it is due in a training.
    """
    due = np.array([_due(step, training.log_every) for step in durations], float)
    seconds = np.array(list(durations.values()))
    unit = float(np.median(seconds))
    design = np.column_stack([np.ones(len(due)), due])
    # Robust, as other work on the machine makes some steps very slow; and no cost is negative.
    costs = least_squares(
        lambda x: (design @ x - seconds) / unit,
        np.full(design.shape[1], unit),
        bounds=(0, np.inf),
        loss="soft_l1",
        f_scale=0.05,
    ).x[1:]
    every = (training.log_every, watch.LOOK_EVERY, training.checkpoint_every, training.evaluate_every)
    return float(sum(cost / n for cost, n in zip(costs, every) if n))


def _due(step: int, log_every: int) -> tuple[bool, ...]:
    """Whether curves, guards, a checkpoint with a grid, and scores are due."""
    return tuple(step % n == 0 for n in (log_every, watch.LOOK_EVERY, SAVE_EVERY, SCORE_EVERY))


class _Enough(BaseException):
    """Ends a training whose rounds took long."""


@contextlib.contextmanager
def quiet():
    """Meanwhile the package prints to stderr, and logs warnings alone: stdout is the table's."""
    logger = logging.getLogger("covid_gan")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        logger.setLevel(level)
