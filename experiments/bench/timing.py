"""Times things in turn, so that what else the machine does falls on all of them alike."""

import dataclasses
import statistics
import threading
import time
from collections.abc import Callable

import numpy as np

from covid_gan.errors import RunError, reason
from covid_gan.evaluation.text import number


@dataclasses.dataclass(frozen=True)
class Spread:
    """The median of some values, and their quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values) -> "Spread":
        low, median, high = np.percentile(np.asarray(values, float), [25, 50, 75])
        return cls(float(median), float(low), float(high))

    def text(self) -> str:
        """Such as `1.23 (1.20 … 1.31)`."""
        return f"{number(self.median)} ({number(self.low)} … {number(self.high)})"


def ratio(numerators, denominators) -> Spread:
    """The ratios of two series, round by round: what slows a round down slows both."""
    return Spread.of(np.divide(numerators, denominators))


def seconds(call: Callable[[], object], times: int = 1) -> float:
    """Seconds that a call takes, the median of `times` calls."""
    durations = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        durations.append(time.perf_counter() - began)
    return statistics.median(durations)


def one_round(arms: dict[str, Callable], times: int, forwards: bool = True) -> dict[str, float]:
    """Seconds of a call of each arm, one arm after the other; every second round goes backwards."""
    names = list(arms) if forwards else list(arms)[::-1]
    return {name: seconds(arms[name], times) for name in names}


def alternate(
    arms: dict[str, Callable[[], object]], rounds: int, times: int = 1, warm_up: int = 2
) -> dict[str, list[float]]:
    """Seconds of a call by arm and round.

    Args:
        arms: what is timed, by name; each does all its work before it returns.
        rounds: in each of which every arm has its turn.
        times: calls in a turn.
        warm_up: calls of each arm before the first round, which compile it.

    Raises:
        ValueError: `rounds` or `times` is less than 1.
    """
    for name, value in (("rounds", rounds), ("times", times)):
        if value < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {name}={value!r}")
    for call in arms.values():
        for _ in range(warm_up):
            call()
    found = {name: [] for name in arms}
    for turn in range(rounds):
        for name, value in one_round(arms, times, turn % 2 == 0).items():
            found[name].append(value)
    return found


class Turns:
    """A loop that is not ours, such as `fit`, as an arm: it runs in a thread, and only in its turns.

    Args:
        loop: called with a function that it has to call after each of its steps.
    """

    def __init__(self, loop: Callable[[Callable[[], None]], None]):
        self._turn, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._ended, self._error = False, None
        self._thread = threading.Thread(target=self._run, args=(loop,), daemon=True)
        self._thread.start()

    def __call__(self) -> None:
        """Lets the loop make one step.

        Raises:
            RunError: it ended, or failed, before.
        """
        self._turn.release()
        self._back.acquire()
        if self._error:
            raise RunError(f"a loop that was timed failed: {reason(self._error)}.") from self._error

    def close(self) -> None:
        """Ends the loop after its next step."""
        self._ended = True
        self._turn.release()
        self._thread.join()

    def _run(self, loop):
        self._turn.acquire()
        if self._ended:
            return
        try:
            loop(self._after_step)
            self._error = RuntimeError("it ended by itself")
        except _Ended:
            pass
        except Exception as error:
            self._error = error
        self._back.release()

    def _after_step(self):
        self._back.release()
        self._turn.acquire()
        if self._ended:
            raise _Ended


class _Ended(BaseException):
    """Leaves a loop of another library."""
