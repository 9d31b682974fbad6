"""What the benchmark measures, part by part. Each ratio is of two things that were timed in turn."""

import dataclasses
import importlib.util
from pathlib import Path

import numpy as np

from covid_gan import data
from covid_gan.config import Config
from covid_gan.evaluation.text import number
from experiments.bench import fresh, growth, scaling, timing, tutorials
from experiments.bench.cells import PRECISIONS, SIZES, BareStep, Cell, all_cells
from experiments.bench.flops import GEMM_SIDES, fastest_product
from experiments.bench.looped import Looped
from experiments.bench.rows import Printed, Row

FULL, LOW = PRECISIONS
# The goals: the least ratio that is aimed at.
LOOP_GOAL, GEMM_GOALS = 0.97, {FULL: 0.9, LOW: 0.75}
FIT_GOAL, TRAIN_ON_BATCH_GOAL, TORCH_GOAL = 1.3, 3.0, 1.3


@dataclasses.dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        config: that all trainings have in common.
        rounds: in which things are timed in turn, at most.
        seconds: after which a cell begins no further round once it has three.
        sizes: image sizes and channels of the cells; the first is that of the comparisons.
        sides: of the matrices for the GEMM peak.
        growth: arguments of `growth.curves`.
        figure: where the figure is drawn; None: nowhere.
    """

    config: Config
    rounds: int = 7
    seconds: float = 60.0
    sizes: tuple[tuple[int, int], ...] = SIZES
    sides: tuple[int, ...] = GEMM_SIDES
    growth: dict = dataclasses.field(default_factory=dict)
    figure: Path | None = None

    def first_cells(self) -> list[Cell]:
        """The smallest cells, one of each model, in float32."""
        return [cell.in_precision(FULL) for cell in all_cells(self.config, self.sizes[:1])]


def quick(plan: Plan) -> Plan:
    """The same with the smallest of everything, to see whether it runs."""
    config = plan.config.replace(batch_size=4, latent_dim=8)
    return dataclasses.replace(
        plan,
        config=config,
        rounds=3,
        seconds=0.0,
        sizes=((16, 4),),
        sides=(64, 128),
        growth={"batches": (2, 4), "sizes": (8, 16), "channels": (4, 8), "counts": (40, 80)},
    )


def cells(plan: Plan, out: Printed) -> None:
    """Every cell in both precisions: step, loop, share of the GEMM peak, memory, first step."""
    products = {precision: fastest_product(precision, plan.sides) for precision in PRECISIONS}
    for cell in all_cells(plan.config, plan.sizes):
        _one_cell(cell, products, plan, out)
        for precision in PRECISIONS:
            found = fresh.measure(cell.in_precision(precision).config)
            peak, cold, warm = found[fresh.PEAK] / 1e9, found[fresh.COLD], found[fresh.WARM]
            text = f"{peak:.2f} GB, {cold:.1f} s, {warm:.1f} s"
            out(Row(cell.name, f"peak memory; first step, cold and warm; {precision}", value=text))


def _one_cell(cell, products, plan, out):
    steps = {precision: BareStep(cell.in_precision(precision)) for precision in PRECISIONS}
    arms = dict(steps) | {_gemm(precision): products[precision][0] for precision in PRECISIONS}
    looped = {FULL: Looped(cell.in_precision(FULL), arms, plan.rounds, at_most=plan.seconds)}
    low = {LOW: steps[LOW]}
    looped[LOW] = Looped(cell.in_precision(LOW), low, plan.rounds, at_most=plan.seconds)
    times, n = looped[FULL].arms, cell.images_per_step
    for precision in PRECISIONS:
        speed = timing.Spread.of(n / np.asarray(times[precision]))
        step_rate = steps[precision].flops / np.asarray(times[precision]) / 1e9
        peak = products[precision][1] / np.asarray(times[_gemm(precision)]) / 1e9
        of = f"its {number(np.median(step_rate))} GFLOP/s to GEMM's {number(np.median(peak))}"
        ratio = timing.ratio(step_rate, peak)
        out(Row(cell.name, f"bare step, {precision}", speed, ratio, of, GEMM_GOALS[precision]))
        loop = looped[precision]
        speed, ratio = timing.Spread.of(n / loop.seconds), timing.ratio(loop.arms[precision], loop.seconds)
        out(Row(cell.name, f"training loop, {precision}", speed, ratio, "to the bare step", LOOP_GOAL))
    ratio = timing.ratio(times[FULL], times[LOW])
    out(Row(cell.name, "bare step, bfloat16", None, ratio, "to float32"))


def _gemm(precision):
    return f"gemm {precision}"


def against_tutorials(plan: Plan, out: Printed) -> None:
    """The whole training loop, in both precisions, against `fit` and `train_on_batch`: DCGAN in float32."""
    cell = plan.first_cells()[0]
    pictures = data.load(cell.config)[1].first(512)
    fits = {
        tutorials.FIT: tutorials.fit(cell, pictures),
        tutorials.FIT_PLAIN: tutorials.fit(cell, pictures, jit_compile=False),
    }
    arms = fits | {tutorials.TRAIN_ON_BATCH: tutorials.TrainOnBatch(cell, pictures)}
    looped = {
        precision: Looped(cell.in_precision(precision), arms, plan.rounds, at_most=plan.seconds)
        for precision in PRECISIONS
    }
    for arm in fits.values():
        arm.close()
    n = cell.images_per_step
    for precision, loop in looped.items():
        out(Row(cell.name, f"training loop, {precision}", timing.Spread.of(n / loop.seconds)))
        for name, times in loop.arms.items():
            goal = TRAIN_ON_BATCH_GOAL if name == tutorials.TRAIN_ON_BATCH else FIT_GOAL
            speed = timing.Spread.of(n / np.asarray(times))
            ratio = timing.ratio(times, loop.seconds)
            of = f"our training loop in {precision} to it"
            out(Row(cell.name, f"{name}, {FULL}", speed, ratio, of, goal))


def against_torch(plan: Plan, out: Printed) -> None:
    """The bare step against PyTorch's, each in its faster precision."""
    if importlib.util.find_spec("torch") is None:
        out.note('No rows for PyTorch: it is not installed; pip install ".[bench]".')
        return
    from experiments.bench import torch_step

    for cell in plan.first_cells():
        reason = torch_step.refusal(cell)
        if reason:
            out.note(f"No rows for PyTorch at {cell.name}: {reason}.")
            continue
        ours = {f"TensorFlow, {p}": BareStep(cell.in_precision(p)) for p in PRECISIONS}
        pictures = next(iter(ours.values())).batch.numpy()
        theirs = {f"PyTorch, {p}": torch_step.TorchStep(cell, pictures, p == LOW) for p in PRECISIONS}
        times = timing.alternate(ours | theirs, plan.rounds, times=3)
        for name in times:
            out(Row(cell.name, name, timing.Spread.of(cell.images_per_step / np.asarray(times[name]))))
        best = [min(arms, key=lambda name: np.median(times[name])) for arms in (theirs, ours)]
        ratio = timing.ratio(*(times[name] for name in best))
        out(Row(cell.name, best[1], None, ratio, f"to {best[0]}", TORCH_GOAL))


def replicas(plan: Plan, out: Printed) -> None:
    """Two devices and two workers against one, with the same batch in all."""
    cell = plan.first_cells()[0]
    times = scaling.measure(cell.config, min(plan.rounds, 3))
    for name, values in times.items():
        speed = timing.Spread.of(cell.images_per_step / np.asarray(values))
        ratio = timing.ratio(times[scaling.ONE], values) if name != scaling.ONE else None
        out(Row(cell.name, name, speed, ratio, "to one device" if ratio else ""))


def as_work_grows(plan: Plan, out: Printed) -> None:
    """Draws the figure; the data set's size has a row, as it should change nothing."""
    cell = plan.first_cells()[0]
    found = growth.curves(cell.config, plan.rounds, **plan.growth)
    drawing = growth.figure(found, cell.name + ", float32")
    if plan.figure:
        plan.figure.parent.mkdir(parents=True, exist_ok=True)
        drawing.savefig(plan.figure, dpi=80)
        out.note(f"Images a second as the work grows: {plan.figure}.")
    flat = found[-1]
    ratio = timing.Spread.of([flat.speeds[-1].median / flat.speeds[0].median])
    text = f"{flat.values[-1]:,} images to {flat.values[0]:,}"
    out(Row(cell.name, "step with its batches", flat.speeds[-1], ratio, text))


PARTS = {
    "cells": cells,
    "tutorials": against_tutorials,
    "torch": against_torch,
    "replicas": replicas,
    "growth": as_work_grows,
}
