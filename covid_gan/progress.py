"""How far a run is: one line that updates itself on a terminal, plain lines elsewhere."""

import contextlib
import sys
import time


class Progress:
    """Prints the state of a run, at most every few seconds.

    Args:
        start: steps done before this session.
        total: steps in all.
        batch_size: images in a step.
        epoch_images: images in an epoch.
        stream: where to print; stdout where not given.
    """

    def __init__(self, start: int, total: int, batch_size: int, epoch_images: int, stream=None):
        self._total = total
        self._batch_size, self._epoch_images = batch_size, epoch_images
        self._stream = stream or sys.stdout
        self._live = self._stream.isatty()
        self._interval = 0.5 if self._live else 15.0
        self._first = None
        self._shown = self._logged = (start, time.monotonic())
        self._width = 0
        self._estimated = False

    def update(self, step: int, values: dict[str, float]) -> None:
        """Notes that `step` is done; the first one starts the clock, as it was compiled before."""
        now = time.monotonic()
        if self._first is None:
            self._first = self._shown = self._logged = (step, now)
            return
        if not self._estimated and now - self._first[1] > 3.0 and step < self._total:
            self._estimate(step, now)
        if now - self._shown[1] >= self._interval or step == self._total:
            self._show(step, now, values)
            self._shown = (step, now)

    def images_per_second(self, step: int) -> float | None:
        """The speed since this was last asked; None where no step was timed yet."""
        now, (last_step, last) = time.monotonic(), self._logged
        self._logged = (step, now)
        return (step - last_step) * self._batch_size / (now - last) if step > last_step else None

    def pause(self, seconds: float) -> None:
        """Leaves out of the speed what was spent on something else than steps."""
        step, last = self._logged
        self._logged = (step, last + seconds)

    def end(self) -> None:
        """Leaves the updating line, so that the next print starts a new one."""
        if self._live and self._width:
            self._print("\n")
            self._width = 0

    def _remaining(self, step, now):
        first_step, first_time = self._first
        return (self._total - step) * (now - first_time) / max(step - first_step, 1)

    def _estimate(self, step, now):
        self._estimated = True
        remaining = self._remaining(step, now)
        if remaining < 10:
            return
        at = time.strftime("%a %H:%M", time.localtime(time.time() + remaining))
        self._write(f"{self._total - step} steps to go take about {clock(remaining)}, until {at}.", True)

    def _show(self, step, now, values):
        epoch = step * self._batch_size / self._epoch_images
        speed = (step - self._shown[0]) * self._batch_size / max(now - self._shown[1], 1e-9)
        losses = " ".join(f"{name} {value:.3f}" for name, value in values.items())
        self._write(
            f"step {step}/{self._total} · epoch {epoch:.1f} · {speed:.0f} img/s · {losses} · "
            f"ETA {clock(self._remaining(step, now))}",
            not self._live,
        )

    def _write(self, line, keep):
        if self._live:
            self._print("\r" + line.ljust(self._width) + ("\n" if keep else ""))
            self._width = 0 if keep else len(line)
        else:
            self._print(line + "\n")

    def _print(self, text):
        """A reader that went away, as `| head` does, is no reason to stop training."""
        with contextlib.suppress(OSError):
            self._stream.write(text)
            self._stream.flush()


def clock(seconds: float) -> str:
    """A time span for a person: 0:42, 14:05, 3:02:01."""
    minutes, seconds = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
