"""How long a step of each arm takes here: all arms in turn, so that what else the machine does hits all.

Runs in a process of its own, so that the memory of all networks is given back:

    python -m experiments.study.timing < configs.json
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

from absl import flags

from covid_gan import cli
from covid_gan.config import Config
from covid_gan.errors import RunError

ROUNDS, SECONDS_A_ROUND = 5, 2.0
WARM_UP = 3


def seconds_per_step(
    steps: Mapping[str, Callable[[], int]],
    rounds: int = ROUNDS,
    seconds_a_round: float = SECONDS_A_ROUND,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Times steps in turn.

    Args:
        steps: by arm, a function that takes some steps, and returns how many when they are done.
        rounds: in which each arm is timed once.
        seconds_a_round: about how long an arm is timed in each.
        clock: seconds.

    Returns:
        The median over the rounds, by arm.
    """
    calls = {}
    for arm, take in steps.items():
        for _ in range(WARM_UP):  # the first one compiles
            began = clock()
            take()
        calls[arm] = max(1, round(seconds_a_round / max(clock() - began, 1e-6)))
    found = {arm: [] for arm in steps}
    for _ in range(rounds):
        for arm, take in steps.items():
            began = clock()
            count = sum(take() for _ in range(calls[arm]))
            found[arm].append((clock() - began) / count)
    return {arm: statistics.median(times) for arm, times in found.items()}


def measure(configs: Mapping[str, Config], minutes: float, threads: int | None) -> dict[str, float]:
    """Seconds per step by arm, measured in another process.

    Args:
        configs: by arm.
        minutes: that each will train; no arm is timed for more than a quarter of it.
        threads: that a training will have; None: all.

    Raises:
        RunError: it failed there.
    """
    texts = {arm: json.loads(config.to_json()) for arm, config in configs.items()}
    seconds = min(SECONDS_A_ROUND, 60 * minutes / 4 / ROUNDS)
    done = subprocess.run(
        [sys.executable, "-m", "experiments.study.timing", f"--seconds={seconds}"],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        env=environment(threads),
    )
    if done.returncode:
        line = (done.stderr.strip() or "no message").splitlines()[-1]
        raise RunError(f"--budget_minutes: a step could not be timed: {line}")
    return json.loads(done.stdout.splitlines()[-1])


def environment(threads: int | None) -> dict[str, str]:
    """The environment of a process that TensorFlow gives so many threads."""
    if threads is None:
        return dict(os.environ)
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    return os.environ | dict.fromkeys(names, str(threads))


def _stepper(config: Config) -> Callable[[], int]:
    """Steps as the training loop takes them, on their own batches."""
    from covid_gan import build
    from covid_gan.compute import strategies
    from covid_gan.training import preparing
    from covid_gan.training.steps import Steps

    strategy = strategies.make(config.compute)  # first, as it chooses the devices
    config, scans = preparing.load(build.resolve(config))
    with strategy.scope():
        gan = build.gan_from(config)
    steps = Steps(gan, config, strategy)
    batches = steps.batches(scans, 0)

    def take():
        steps.take(batches, steps.most)
        return steps.most

    return take


def main(argv=None) -> int:
    return cli.run("experiments.study.timing", __doc__, _define, _time, argv)


def _define(values):
    flags.DEFINE_float("seconds", SECONDS_A_ROUND, "of each arm in a round", flag_values=values)


def _time(values):
    texts = json.load(sys.stdin)
    takers = {arm: _stepper(Config.from_json(json.dumps(text))) for arm, text in texts.items()}
    print(json.dumps(seconds_per_step(takers, seconds_a_round=values.seconds)))


if __name__ == "__main__":
    sys.exit(main())
