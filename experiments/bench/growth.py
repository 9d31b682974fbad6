"""Images a second as the work grows: batch, image, channels and data set, each alone. One figure."""

import dataclasses

import numpy as np
import tensorflow as tf

from covid_gan.config import Config
from covid_gan.data.scans import Scans
from experiments.bench import timing
from experiments.bench.cells import BareStep, Cell

BATCHES, SIZES, CHANNELS = (4, 8, 16, 32, 64), (16, 32, 64, 128), (8, 16, 32, 64)
COUNTS = (200, 2_000, 20_000)
COLOUR = "#31688e"


@dataclasses.dataclass(frozen=True)
class Curve:
    """Images a second against one thing.

    Attributes:
        label: what grows.
        values: of it.
        speeds: at each value.
    """

    label: str
    values: tuple[int, ...]
    speeds: list[timing.Spread]


def curves(
    config: Config, rounds: int, batches=BATCHES, sizes=SIZES, channels=CHANNELS, counts=COUNTS
) -> list[Curve]:
    """Times the step of `config`, and of its like with one setting changed.

    Args:
        config: where the curves meet.
        rounds: of each curve, in each of which all its points have their turn.
        batches, sizes, channels: values of `batch_size`, `image_size` and `base_channels`.
        counts: images in the data set; these steps take their batches from it, shuffled and mirrored.
    """
    found = []
    for label, setting, values in (
        ("batch size", "batch_size", batches),
        ("image size, pixels", "image_size", sizes),
        ("channels of the largest maps", "base_channels", channels),
    ):
        cells = {value: Cell(config.replace(**{setting: value})) for value in values}
        arms = {value: BareStep(cell) for value, cell in cells.items()}
        found.append(_curve(label, arms, {v: c.images_per_step for v, c in cells.items()}, rounds))
    cell = Cell(config)
    step = BareStep(cell)
    arms = {count: _with_data(step, config, count) for count in counts}
    found.append(_curve("images in the data set", arms, dict.fromkeys(counts, cell.images_per_step), rounds))
    return found


def _curve(label, arms, images, rounds):
    times = timing.alternate(arms, rounds, times=3)
    speeds = [timing.Spread.of(images[value] / np.asarray(times[value])) for value in arms]
    return Curve(label, tuple(arms), speeds)


def _with_data(step, config, count):
    """The step with a batch of its own each time, out of `count` images in memory."""
    size = config.model.image_size
    noise = np.random.default_rng(0).integers(0, 256, (count, size, size, 1), np.uint8)
    records = tf.data.Dataset.from_tensor_slices(noise[:1])
    scans = Scans(config.data, {"count": count}, records, tf.constant(noise), ())
    batches = iter(scans.batches(len(step.batch), config.training.seed))

    def call():
        step.batch = next(batches)
        step()

    return call


def figure(found: list[Curve], title: str):
    """All curves side by side, as a Matplotlib figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(3 * len(found), 3.2), layout="constrained")
    FigureCanvasAgg(drawing)
    for axes, curve in zip(drawing.subplots(1, len(found), squeeze=False)[0], found):
        medians = np.array([speed.median for speed in curve.speeds])
        low, high = (np.array([getattr(speed, name) for speed in curve.speeds]) for name in ("low", "high"))
        axes.errorbar(
            curve.values, medians, [medians - low, high - medians], marker="o", capsize=3, color=COLOUR
        )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(curve.values, [str(value) for value in curve.values], fontsize=8)
        axes.minorticks_off()
        axes.set_xlabel(curve.label)
        axes.grid(alpha=0.3)
        # The same scale everywhere, so that a flat curve looks flat.
        axes.set_ylim(*_limits(found))
    drawing.axes[0].set_ylabel("images a second, bare step")
    drawing.suptitle(title, fontsize=9)
    return drawing


def _limits(found):
    speeds = [speed for curve in found for speed in curve.speeds]
    return min(s.low for s in speeds) / 1.5, max(s.high for s in speeds) * 1.5
