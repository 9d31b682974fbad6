"""What a training costs in a process of its own: memory at its peak, and the time to its first step.

python -m experiments.bench.fresh SECONDS [FOLDER] < config.json    SECONDS: when it was started
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from covid_gan import cli
from covid_gan.config import Config
from covid_gan.errors import RunError

# Of the numbers: seconds to the first step of a new process, and of another training in the same
# process; bytes of resident memory; seconds of a step.
COLD, WARM, PEAK, STEP = "cold", "warm", "peak", "step"
STEPS, WARM_UP = 24, 4


def measure(config: Config) -> dict[str, float]:
    """Trains in a new process for a few steps, with a grid, a checkpoint and scores.

    Returns:
        The numbers `COLD`, `WARM`, `PEAK` and `STEP`.

    Raises:
        RunError: it failed, with its last line.
    """
    with started(config) as process:
        return result(process)


def started(config: Config, folder: str = "", **environment) -> subprocess.Popen:
    """Starts such a training; `environment` is added to this process's.

    Args:
        config: what is trained.
        folder: for the run, which workers share; one of its own where not given.
    """
    command = [sys.executable, "-m", "experiments.bench.fresh", repr(time.time()), *filter(None, [folder])]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = subprocess.Popen(command, text=True, env=os.environ | environment, **pipes)
    process.stdin.write(config.to_json())
    process.stdin.close()
    process.stdin = None  # or `communicate` would close it once more
    return process


def result(process: subprocess.Popen) -> dict[str, float]:
    """Waits for its end, and returns its numbers.

    Raises:
        RunError: it failed, with its last line.
    """
    try:
        out, errors = process.communicate()
    except BaseException:
        process.kill()
        raise
    if process.returncode:
        lines = errors.strip().splitlines() or [f"exit code {process.returncode}"]
        raise RunError(f"A training in a process of its own failed: {lines[-1]}")
    return json.loads(out.strip().splitlines()[-1])


def main(argv=None) -> int:
    return cli.run(
        "experiments.bench.fresh", __doc__, lambda values: None, _train, argv, paths="SECONDS [FOLDER]"
    )


def _train(values, paths):
    from covid_gan.training import loop
    from experiments.bench import looped
    from experiments.bench.cells import BareStep, Cell

    began, config = float(paths[0]), Config.from_json(sys.stdin.read())
    half = STEPS // 2
    config = config.replace(
        steps=STEPS, epochs=None, sample_every=half, checkpoint_every=half, milestone_every=0,
        evaluate_every=STEPS if config.training.evaluate_every else 0, steps_per_loop=1,
    )  # fmt: skip
    steps = {}
    with tempfile.TemporaryDirectory() as folder, looped.quiet():
        loop.train(
            config,
            runs_dir=paths[1] if paths[1:] else folder,
            on_step=lambda step: steps.setdefault(step, time.time()),
        )
    between = np.diff([steps[i] for i in range(WARM_UP, half)])
    found = {COLD: steps[1] - began, PEAK: peak_memory(), STEP: float(np.median(between))}
    again = time.time()
    BareStep(Cell(config))()
    print(json.dumps(found | {WARM: time.time() - again}))


def peak_memory() -> float:
    """The most bytes that this process had resident."""
    status = Path("/proc/self/status")
    if status.is_file():
        # `ru_maxrss` of a child begins with what its parent had when it was started.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024.0
    scale = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale)


if __name__ == "__main__":
    sys.exit(main())
