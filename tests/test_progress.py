"""The progress line and the guards that speak before harm is done."""

import io
import os
import signal

import pytest

from covid_gan import progress
from covid_gan.errors import RunError
from covid_gan.training import guards


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def now(monkeypatch):
    """A clock that a test sets: now[0] seconds."""
    seconds = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: seconds[0])
    return seconds


def run(now, stream, seconds_per_step=2.0, total=100):
    line = progress.Progress(0, total, batch_size=10, epoch_images=50, stream=stream)
    for step in range(1, total + 1):
        now[0] += seconds_per_step
        line.update(step, {"d_loss": 0.5})
    line.end()
    return stream.getvalue()


@pytest.mark.parametrize("seconds, shown", [(42.4, "0:42"), (845, "14:05"), (10921, "3:02:01")])
def test_clock(seconds, shown):
    assert progress.clock(seconds) == shown


def test_without_a_terminal_there_are_plain_lines_with_speed_and_eta(now):
    lines = run(now, io.StringIO()).splitlines()
    assert lines[0].startswith("97 steps to go take about 3:14, until ")
    assert "step 9/100 · epoch 1.8 · 5 img/s · d_loss 0.500 · ETA 3:02" in lines
    assert lines[-1].startswith("step 100/100 · epoch 20.0") and lines[-1].endswith("ETA 0:00")
    assert len(lines) < 20  # one in 15 seconds, not one a step


def test_on_a_terminal_one_line_updates_itself(now):
    shown = run(now, Terminal())
    assert shown.count("\n") == 2  # after the estimate, and at the end
    assert shown.count("\r") > 90


def test_speed_leaves_out_compilation_and_pauses(now):
    line = progress.Progress(0, 100, batch_size=10, epoch_images=50, stream=io.StringIO())
    now[0] = 60.0  # the first step compiles
    line.update(1, {})
    assert line.images_per_second(1) is None
    now[0] += 9.0
    line.pause(5.0)
    assert line.images_per_second(3) == pytest.approx(2 * 10 / 4)


def test_checkpoints_that_do_not_fit_are_refused_before_any_is_written(tmp_path):
    guards.check_disk(tmp_path / "not" / "there", 1000, 3)
    with pytest.raises(RunError, match="2 more checkpoints of .* GB need .* are free"):
        guards.check_disk(tmp_path / "not" / "there", 10**18, 2)
    assert not list(tmp_path.iterdir())


def test_after_the_first_signal_every_second_one_stops_at_once():
    with guards.StopSignals().watch() as signals:
        assert signals.received is None
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.received == signal.SIGTERM
        assert signal.getsignal(signal.SIGINT) == signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
