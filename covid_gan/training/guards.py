"""What stops a run before it does harm: losses that are no numbers, a full disk, a signal."""

import contextlib
import math
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from covid_gan import storage
from covid_gan.errors import DivergenceError, RunError


def check_finite(step: int, values: dict[str, float], last_good: Callable[[], str]) -> None:
    """Stops a run whose losses are NaN or infinite.

    Args:
        step: the number of the step.
        values: its losses by name.
        last_good: gives a sentence that names the newest checkpoint.

    Raises:
        DivergenceError: naming the step, the values and the last good checkpoint.
    """
    bad = [f"{name} is {value}" for name, value in values.items() if not math.isfinite(value)]
    if bad:
        raise DivergenceError(
            f"--steps: training diverged at step {step}: {', '.join(bad)}. {last_good()} A smaller "
            "--learning_rate may help."
        )


def check_weights(step: int, gan, last_good: Callable[[], str]) -> None:
    """Stops a run before weights that are no numbers are saved: a loss shows them a step later.

    Raises:
        DivergenceError: naming the step, the weight and the last good checkpoint.
    """
    for network in (gan.generator, gan.discriminator):
        for weight in network.trainable_weights:
            if not np.isfinite(weight.numpy()).all():
                raise DivergenceError(
                    f"--steps: training diverged at step {step}: {weight.path} is not finite. "
                    f"{last_good()} A smaller --learning_rate may help."
                )


def check_disk(folder: Path, checkpoint_bytes: int, count: int) -> None:
    """Refuses a run whose checkpoints would not fit on the disk.

    Args:
        folder: where they will be; it need not be there yet.
        checkpoint_bytes: the size of one.
        count: how many more there will be at the same time.

    Raises:
        RunError: naming what is needed and what is free.
    """
    needed, free = checkpoint_bytes * count, storage.free_bytes(folder)
    if needed > free:
        raise RunError(
            f"{folder}: {count} more checkpoints of {size_text(checkpoint_bytes)} need "
            f"{size_text(needed)}, and {size_text(free)} are free; lower --checkpoints_to_keep or "
            "raise --milestone_every."
        )


def size_text(count: int) -> str:
    """A number of bytes for a person: 4.8 GB, 12 MB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


_STOPS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """Turns the first SIGINT or SIGTERM into a wish to stop; the second one stops at once.

    Used as a context manager; `received` is the signal's number, or None.
    """

    def __init__(self):
        self.received = None

    def _receive(self, signum, frame):
        self.received = signum
        for each in _STOPS:
            signal.signal(each, signal.SIG_DFL)

    @contextlib.contextmanager
    def watch(self):
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {s: signal.signal(s, self._receive) for s in _STOPS}
        try:
            yield self
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)
