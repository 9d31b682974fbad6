"""Prints what the default training costs here: start, speed of the loop against its bare step, memory.

python -m experiments.benchmark --data_dir=$HOME/tensorflow_datasets
"""

import dataclasses
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from absl import flags

from covid_gan import cli
from covid_gan.config import Config


def main(argv=None) -> int:
    return cli.run("experiments.benchmark", __doc__, _define, _benchmark, argv)


def _define(values):
    flags.DEFINE_integer("rounds", 7, "alternations of loop and bare step", flag_values=values)
    flags.DEFINE_integer("round_steps", 50, "steps in each", flag_values=values)
    cli.define_settings(values)


def _benchmark(values):
    config = Config().replace(**cli.given_settings(values))
    print(f"{os.cpu_count()} CPUs, {config.model.image_size} px, batch {config.training.batch_size}")
    with tempfile.TemporaryDirectory() as folder:
        start, whole, memory = whole_command(values.flags_into_string(), folder)
        print(f"start to the first step       {start:6.1f} s   (whole command of 30 steps: {whole:.1f} s)")
        print(f"resident memory at its peak   {memory:6.2f} GB")
        loop, bare = loop_and_bare_step(config, folder, values.rounds, values.round_steps)
    images = config.training.batch_size
    ratios = [b / a for a, b in zip(loop, bare)]
    for name, seconds in (("training loop", loop), ("bare compiled step", bare)):
        print(f"{name:<28}  {spread([images / s for s in seconds], '6.0f')} img/s")
    print(f"loop / bare step              {spread(ratios, '6.3f')}")


def spread(values: list[float], style: str) -> str:
    """Median, least and greatest, as text."""
    median, least, most = statistics.median(values), min(values), max(values)
    return f"{median:{style}}   ({least:{style}} …{most:{style}})"


def whole_command(settings: str, folder: str) -> tuple[float, float, float]:
    """Runs the training door for 30 steps on a prepared data set.

    Returns:
        Seconds until the first step was done, seconds in all, peak resident memory in GB.
    """
    kept = [s for s in settings.splitlines() if not s.lstrip("-").startswith(("round", "steps", "epochs"))]
    command = [sys.executable, "-m", "covid_gan.train", *kept, "--steps=30", "--log_every=1"]
    began = time.time()
    subprocess.run([*command, f"--runs_dir={folder}/runs"], check=True, stdout=subprocess.DEVNULL)
    whole = time.time() - began
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e9
    return _first_curve_point(Path(folder) / "runs") - began, whole, memory


def _first_curve_point(runs_dir):
    from covid_gan.training import summaries

    file = next(runs_dir.glob(f"*/{summaries.EVENT_FILES}"))
    return next(event.wall_time for event in summaries.events(file) if event.step == 1)


def loop_and_bare_step(config, folder, rounds, steps):
    """Times the loop as it is, with its curves, and the compiled step on one batch, in turn.

    Returns:
        Two lists of seconds per step.
    """
    from covid_gan import build, data
    from covid_gan.training import loop

    bare_step = _bare_step(build.gan_from(config), data.load(config)[1], config)
    total = steps * (rounds + 1)
    training = dataclasses.replace(config.training, steps=total, epochs=None, checkpoint_every=total)
    loop_times, bare_times, left = [], [], None

    def on_step(step):
        nonlocal left
        if step % steps:
            return
        now = time.perf_counter()
        if left is not None:  # the first round warms up
            loop_times.append((now - left) / steps)
            bare_times.append(_time(bare_step, steps))
        left = time.perf_counter()

    bare_step()
    loop.train(dataclasses.replace(config, training=training), runs_dir=f"{folder}/loop", on_step=on_step)
    return loop_times, bare_times


def _bare_step(gan, scans, config):
    import tensorflow as tf

    from covid_gan import images
    from covid_gan.gans.base import D_LOSS

    batch = next(iter(scans.batches(config.training.batch_size, 0)))
    compiled = tf.function(lambda uint8: gan.train_step(images.normalise(uint8)))
    return lambda: compiled(batch)[D_LOSS].numpy()


def _time(call, times):
    began = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - began) / times


if __name__ == "__main__":
    sys.exit(main())
