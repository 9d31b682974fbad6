"""Alternating, spreads, loops that wait for their turn, and what the loop adds to a step."""

import numpy as np
import pytest

from covid_gan.config import TrainConfig
from covid_gan.errors import RunError
from experiments.bench import looped, timing
from experiments.bench.timing import Spread


class Clock:
    """A machine that gets ten times slower, where an arm's call takes as long as its name says."""

    def __init__(self, monkeypatch, slower=1.1):
        self.now, self.slower, self.pace, self.called = 0.0, slower, 1.0, []
        monkeypatch.setattr(timing.time, "perf_counter", lambda: self.now)

    def arm(self, cost):
        def call():
            self.called.append(cost)
            self.now += cost * self.pace
            self.pace *= self.slower

        return call


def test_a_spread_is_the_median_and_the_quartiles():
    assert Spread.of([5, 1, 2, 4, 3]) == Spread(3, 2, 4)
    assert Spread(0.9851, 0.9, 1234.5).text() == "0.985 (0.900 … 1234)"


def test_a_call_is_timed_by_its_median(monkeypatch):
    clock, costs = Clock(monkeypatch, slower=1), iter([1, 100, 2])
    assert timing.seconds(lambda: clock.arm(next(costs))(), 3) == 2


def test_a_machine_that_slows_down_does_not_move_a_ratio_measured_in_turn(monkeypatch):
    clock = Clock(monkeypatch, slower=1.05)
    times = timing.alternate({1: clock.arm(1), 2: clock.arm(2)}, rounds=8, warm_up=0)
    assert times[1][-1] > 1.8 * times[1][0]
    assert timing.ratio(times[2], times[1]).median == pytest.approx(2, rel=0.01)
    assert clock.called[:8] == [1, 2, 2, 1, 1, 2, 2, 1]


def test_the_warm_up_is_not_timed(monkeypatch):
    clock, costs = Clock(monkeypatch, slower=1), iter([500, 500, 1, 1, 1])
    assert timing.alternate({"a": lambda: clock.arm(next(costs))()}, rounds=3)["a"] == [1, 1, 1]


@pytest.mark.parametrize("arguments", [dict(rounds=0), dict(rounds=1, times=0)])
def test_at_least_one_round_and_one_call(arguments):
    with pytest.raises(ValueError, match="must be at least 1"):
        timing.alternate({}, **arguments)


def test_a_foreign_loop_steps_in_its_turns_alone():
    steps = []

    def loop(after_step):
        for i in range(10**6):
            steps.append(i)
            after_step()

    turns = timing.Turns(loop)
    assert steps == []
    for count in (1, 2, 3):
        turns()
        assert len(steps) == count
    turns.close()
    assert len(steps) == 3


def test_a_foreign_loop_may_be_closed_before_its_first_turn():
    steps = []
    timing.Turns(lambda after_step: steps.append(1)).close()
    assert steps == []


@pytest.mark.parametrize("why, loop", [("no room", None), ("ended by itself", lambda after_step: None)])
def test_a_foreign_loop_that_fails_or_ends_says_so(why, loop):
    def fail(after_step):
        raise OSError("no room")

    with pytest.raises(RunError, match=why):
        timing.Turns(loop or fail)()


def test_what_is_between_steps_is_shared_out_over_the_steps_of_a_training():
    training, rng = (
        TrainConfig(log_every=10, checkpoint_every=250, evaluate_every=500),
        np.random.default_rng(0),
    )
    durations = {}
    for step in range(looped.WARM_UP + 1, 200):
        durations[step] = 0.1 * rng.uniform(0.98, 1.02) + 0.02 * (step % 10 == 0) + 0.05 * (step % 50 == 0)
        durations[step] += 0.5 * (step % looped.SAVE_EVERY == 0) + 2.0 * (step % looped.SCORE_EVERY == 0)
    for step in (30, 77, 101, 150):
        durations[step] += 3.0  # another program
    expected = 0.02 / 10 + 0.05 / 50 + 0.5 / 250 + 2.0 / 500
    assert looped.overhead(durations, training) == pytest.approx(expected, rel=0.1)
    without = TrainConfig(log_every=10, checkpoint_every=250, evaluate_every=0)
    assert looped.overhead(durations, without) == pytest.approx(expected - 2.0 / 500, rel=0.15)
