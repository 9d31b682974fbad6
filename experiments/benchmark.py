"""Prints what training costs on this machine, as one Markdown table, and draws a figure of how it grows.

    python -m experiments.benchmark --dataset=covid_ct --manual_dir=COVID-CT
    python -m experiments.benchmark --quick --only=cells,torch

Every ratio is of two things that were timed in turn in one run; a number is the median of the rounds, with
the quartiles in brackets. A rate counts the real images that a step takes; bare steps are
given noise. The parts are: cells (step, loop, share
of the machine's GEMM peak, bfloat16, memory and the time to the first step), tutorials (loops as keras.io and
the projects of 2020 write them), torch (PyTorch, of the extra `bench`), replicas (two devices, two workers)
and growth (the figure). The whole takes about an hour on two cores.
"""

import sys

from absl import flags

from covid_gan import cli, runs, storage
from covid_gan.config import Config
from covid_gan.errors import ArgumentError, RunError, reason

FIGURE = "experiments/figures/benchmark.png"
PARTS = ("cells", "tutorials", "torch", "replicas", "growth")
# What a cell sets itself, and what the benchmark does.
_OWN = ("model", "image_size", "base_channels", "precision", "strategy", "devices", "steps", "epochs",
        "log_every", "sample_every", "checkpoint_every", "milestone_every", "profile",
        "steps_per_loop")  # fmt: skip
# Neither the tutorials nor the PyTorch step have it.
_COMMON = {"augment": ()}


def main(argv=None) -> int:
    return cli.run("experiments.benchmark", __doc__, _define, _benchmark, argv)


def _define(values):
    where = {"flag_values": values}
    flags.DEFINE_string("only", ",".join(PARTS), f"parts, of {','.join(PARTS)}", **where)
    flags.DEFINE_integer("rounds", 7, "in which things are timed in turn", lower_bound=3, **where)
    flags.DEFINE_float("cell_seconds", 60.0, "after which a cell has rounds enough", lower_bound=0, **where)
    flags.DEFINE_bool("quick", False, "the smallest of everything: does it run?", **where)
    flags.DEFINE_string("figure", None, f"where to draw it (default: {FIGURE}; --quick: nowhere)", **where)
    cli.define_settings(values, without=_OWN)


def _benchmark(values):
    chosen = tuple(filter(None, values.only.split(",")))
    if not chosen or set(chosen) - set(PARTS):
        raise ArgumentError("only", f"must be of {', '.join(PARTS)}.", values.only)
    import tensorflow as tf

    from experiments.bench import machine, parts, rows

    config = Config().replace(**_COMMON | cli.given_settings(values))
    figure = values.figure or (None if values.quick else FIGURE)
    if figure:
        figure = storage.path(figure)
        runs.check_writable(figure.parent, "figure")
    plan = parts.Plan(config, values.rounds, values.cell_seconds, figure=figure)
    if values.quick:
        plan = parts.quick(plan)
    out = rows.Printed()
    out.note(f"{machine.described()}.")
    try:
        for part in chosen:
            parts.PARTS[part](plan, out)
    except (OSError, tf.errors.OpError) as error:
        raise RunError(f"Stopped: {reason(error)}.") from error
    finally:
        out.note(machine.load())
        out.end()


if __name__ == "__main__":
    sys.exit(main())
