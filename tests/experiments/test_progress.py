"""When a study will be done."""

import io

import pytest

from experiments.study.progress import Display, Forecast, step_in


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_the_rest_follows_from_what_was_done():
    clock = Clock()
    forecast = Forecast({"a": 100, "b": 100}, {}, {"a": None, "b": None}, clock=clock)
    assert forecast.seconds_left() is None
    clock.now = 30.0
    forecast.update("a", 50)
    assert forecast.seconds_left() == pytest.approx(90)
    forecast.update("a", 100)
    forecast.update("b", 100)
    assert forecast.seconds_left() == 0


def test_arms_weigh_what_their_steps_take():
    clock = Clock()
    forecast = Forecast({"fast": 100, "slow": 100}, {}, {"fast": 0.1, "slow": 0.3}, jobs=2, clock=clock)
    assert forecast.seconds_left() == pytest.approx(20)  # as planned, two at a time
    clock.now = 10.0
    forecast.update("fast", 100)
    assert forecast.seconds_left() == pytest.approx(30)


def test_steps_of_an_earlier_start_are_no_speed():
    clock = Clock()
    forecast = Forecast({"a": 100}, {"a": 90}, {"a": None}, clock=clock)
    clock.now = 5.0
    forecast.update("a", 40)  # the log of the earlier start
    assert forecast.seconds_left() is None
    forecast.update("a", 95)
    assert forecast.seconds_left() == pytest.approx(5)


def test_a_step_is_read_from_the_end_of_a_log(tmp_path):
    log = tmp_path / "log.txt"
    assert step_in(log) == 0
    log.write_text("step 5/90 · epoch 1\n" + "x" * 10_000 + "\nstep 20/90 · epoch 2\nsaved\n")
    assert step_in(log) == 20
    log.write_text("no step yet\n")
    assert step_in(log) == 0


def test_lines_are_shown_now_and_then():
    stream, clock = io.StringIO(), Clock()
    display = Display(stream, clock)
    for clock.now in (0.0, 10.0, 61.0):
        display.show(1, 3, [f"a at {clock.now:g}"], 65)
    display.say("done")
    assert stream.getvalue().splitlines() == [
        "1 of 3 runs done · a at 0 · about 1:05 to go",
        "1 of 3 runs done · a at 61 · about 1:05 to go",
        "done",
    ]
