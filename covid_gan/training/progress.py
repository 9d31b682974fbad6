"""How far a run is: one line that updates itself on a terminal, plain lines elsewhere."""

import sys
import time


class Progress:
    """Prints the state of a run, at most every `interval` seconds.

    Args:
        start: steps done before this session.
        total: steps in all.
        batch_size: images in a step.
        epoch_images: images in an epoch.
        stream: where to print; stdout where not given.
    """

    def __init__(self, start: int, total: int, batch_size: int, epoch_images: int, stream=None):
        self._start, self._total = start, total
        self._batch_size, self._epoch_images = batch_size, epoch_images
        self._stream = stream or sys.stdout
        self._live = self._stream.isatty()
        self._interval = 0.5 if self._live else 15.0
        self._first = self._last = None
        self._shown = float("-inf")
        self._width = 0
        self._estimated = False

    def update(self, step: int, values: dict[str, float]) -> float:
        """Notes that `step` is done; returns the images per second since the update before, 0 at first.

        The first update starts the clock: what came before it was compilation.
        """
        now = time.monotonic()
        if self._first is None:
            self._first = self._last = (step, now)
            return 0.0
        speed = (step - self._last[0]) * self._batch_size / max(now - self._last[1], 1e-9)
        self._last = (step, now)
        if not self._estimated:
            self._estimate(step, now)
        if now - self._shown >= self._interval or step == self._total:
            self._shown = now
            self._show(step, now, speed, values)
        return speed

    def pause(self, seconds: float) -> None:
        """Leaves out of the speed what was spent on something else than steps."""
        if self._last:
            self._last = (self._last[0], self._last[1] + seconds)

    def end(self) -> None:
        """Leaves the updating line, so that the next print starts a new one."""
        if self._live and self._width:
            self._stream.write("\n")
            self._stream.flush()
            self._width = 0

    def _remaining(self, step, now):
        first_step, first_time = self._first
        return (self._total - step) * (now - first_time) / max(step - first_step, 1)

    def _estimate(self, step, now):
        if now - self._first[1] < 3.0 or step == self._total:
            return
        self._estimated = True
        remaining = self._remaining(step, now)
        at = time.strftime("%H:%M", time.localtime(time.time() + remaining))
        self._write(f"{self._total - step} steps to go take about {clock(remaining)}, until {at}.", True)

    def _show(self, step, now, speed, values):
        epoch = step * self._batch_size / self._epoch_images
        losses = " ".join(f"{name} {value:.3f}" for name, value in values.items())
        self._write(
            f"step {step}/{self._total} · epoch {epoch:.1f} · {speed:.0f} img/s · {losses} · "
            f"ETA {clock(self._remaining(step, now))}",
            not self._live,
        )

    def _write(self, line, keep):
        if self._live:
            self._stream.write("\r" + line.ljust(self._width) + ("\n" if keep else ""))
            self._width = 0 if keep else len(line)
        else:
            self._stream.write(line + "\n")
        self._stream.flush()


def clock(seconds: float) -> str:
    """A time span for a person: 0:42, 14:05, 3:02:01."""
    minutes, seconds = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
