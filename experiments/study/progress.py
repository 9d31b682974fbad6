"""How far a study is, and when it will be done."""

import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from covid_gan.progress import clock as as_clock

# Seconds between two lines, on a terminal and elsewhere.
LIVE, PLAIN = 1.0, 60.0


class Forecast:
    """How long the rest takes, by what was done since the start.

    Args:
        steps: of each run that is to be made, by name.
        done: steps that were there already, by name.
        seconds: of a step, by name; all None where it is not known.
        jobs: runs at a time.
        clock: seconds.
    """

    def __init__(
        self,
        steps: Mapping[str, int],
        done: Mapping[str, int],
        seconds: Mapping[str, float | None],
        jobs: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ):
        known = all(seconds.values())
        self._cost = {name: seconds[name] if known else 1.0 for name in steps}
        self._planned = known and jobs
        self._steps, self._done = dict(steps), dict(done)
        self._clock, self._began = clock, clock()
        self._at_start = self._left()

    def update(self, name: str, step: int) -> None:
        """Notes that a run has come to a step."""
        self._done[name] = max(self._done.get(name, 0), step)

    def seconds_left(self) -> float | None:
        """Of all runs together; None where nothing is known yet."""
        left = self._left()
        done = self._at_start - left
        if done > 0:
            return (self._clock() - self._began) * left / done
        return left / self._planned if self._planned else None

    def _left(self):
        return sum(
            max(0, steps - self._done.get(name, 0)) * self._cost[name] for name, steps in self._steps.items()
        )


class Display:
    """A line that updates itself on a terminal, and now and then a plain one elsewhere."""

    def __init__(self, stream=None, clock: Callable[[], float] = time.monotonic):
        self._stream, self._clock = stream or sys.stdout, clock
        self._live = self._stream.isatty()
        self._shown, self._width = None, 0

    def show(self, done: int, total: int, current: list[str], seconds_left: float | None) -> None:
        """Shows the state, unless it was shown a moment ago.

        Args:
            done: runs that are finished.
            total: runs in all.
            current: what is at work, as phrases.
            seconds_left: of the study.
        """
        now = self._clock()
        if self._shown is not None and now - self._shown < (LIVE if self._live else PLAIN):
            return
        self._shown = now
        left = f" · about {as_clock(seconds_left)} to go" if seconds_left is not None else ""
        line = f"{done} of {total} runs done · {', '.join(current)}{left}"
        if self._live:
            self._print("\r" + line.ljust(self._width))
            self._width = len(line)
        else:
            self._print(line + "\n")

    def say(self, line: str) -> None:
        """Prints a line of its own."""
        if self._live and self._width:
            self._print("\r" + " " * self._width + "\r")
            self._width = 0
        self._print(line + "\n")

    def _print(self, text):
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # a reader that went away is no reason to stop
            pass


def step_in(log: Path) -> int:
    """The step that a training's log told last; 0 where it told none."""
    try:
        with open(log, "rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 4096))
            found = re.findall(rb"\bstep (\d+)/", file.read())
    except OSError:
        return 0
    return int(found[-1]) if found else 0
