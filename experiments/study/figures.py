"""The figures that every study has: its main numbers by arm, and samples of every run beside each other."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from covid_gan.evaluation import keys
from covid_gan.evaluation.figures import GENERATED, GRID, TRAINING
from covid_gan.evaluation.words import title_of
from covid_gan.privacy.verdict import MEMORISED
from experiments.study.results import Results, mean

DPI = 80
# Rows of a sheet of samples that are shown of a run: two of six images.
_SHEET_ROWS = 2
# Of more runs than this only the first seeds are shown.
_MOST_COLUMNS = 3
# A PNG of as many colours is half as large, and the eye sees no difference.
_COLOURS = 256
# A mean of more than this times the median of the arms runs out of its panel, with its value beside.
_FAR = 8


def figure(width: float, height: float) -> Figure:
    """A figure of a size in inches, drawn without a screen."""
    drawing = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(drawing)
    return drawing


def save(drawing: Figure, path: Path) -> None:
    """Writes a figure as a small PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    drawing.canvas.draw()
    pixels = Image.fromarray(np.asarray(drawing.canvas.buffer_rgba())).convert("RGB")
    # This method keeps rare colours too, such as that of the letters.
    pixels.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


def comparison(results: Results, bases: Sequence[str]) -> Figure | None:
    """A panel for each measure: a dot for each seed, a bar for the mean, the floor dashed.

    A bar that is far longer than the others leaves its panel, with its mean written in it.

    Args:
        results: of the study.
        bases: the measures, by the start of their keys.

    Returns:
        None where there are no numbers.
    """
    shown = [key for base in bases for key in results.keys_of(base)]
    if not shown:
        return None
    arms = results.arms
    drawing = figure(1.6 + 3.2 * len(shown), 0.9 + 0.28 * len(arms))
    panels = drawing.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    for axes, key in zip(panels, shown, strict=True):
        for row, arm in enumerate(arms):
            values = results.values(arm, key)
            if values:
                axes.barh(row, mean(values), color="0.85", height=0.6)
                axes.plot(values, [row] * len(values), "o", color=GENERATED, markersize=4)
        floors = {result.value(key, keys.FLOOR) for result in results.judged} - {None}
        for floor in floors:
            axes.axvline(floor, color=TRAINING, linestyle="--", linewidth=1)
        keep_in_sight(axes, [results.values(arm, key) for arm in arms])
        axes.set_title(title_of(key), fontsize=9)
        axes.tick_params(labelsize=8)
    panels[0].set_yticks(range(len(arms)), arms)
    panels[0].invert_yaxis()
    return drawing


def keep_in_sight(axes, values: Sequence[Sequence[float]]) -> None:
    """Ends a panel after the longest bar that is not far, and writes into those that go on.

    Args:
        axes: with a bar at row 0, 1, ….
        values: of each row, which the bar is the mean of; none where there is no bar.
    """
    means = {row: mean(of_arm) for row, of_arm in enumerate(values) if of_arm}
    limit = _FAR * float(np.median([*means.values()])) if means else 0.0
    far = {row: value for row, value in means.items() if value > limit}
    if limit <= 0 or not far:
        return
    near = [value for row in means.keys() - far.keys() for value in values[row]]
    axes.set_xlim(min(0.0, *(1.2 * value for value in near)), right := 1.2 * max(near))
    for row, value in far.items():
        axes.annotate(f"{value:.3g} →", (right, row), ha="right", va="center", fontsize=8)


def samples(
    results: Results,
    arms: Sequence[str] | None = None,
    real: bool = True,
    most_columns: int = _MOST_COLUMNS,
) -> Figure | None:
    """The first images of every run's evaluation, by seed. None without any.

    Args:
        results: of the study.
        arms: that are shown; all where not given.
        real: real scans in the first row. Without them the figure is one to publish, and runs that are
            judged to have memorised patients are left out too.
        most_columns: seeds that are shown, the first ones.
    """
    seeds, rows = results.plan.seeds[:most_columns], []
    if real:
        found = [next((r.real_sheet for r in results.judged if r.task.seed == s), None) for s in seeds]
        rows.append(("real", found))
    for arm in results.arms if arms is None else arms:
        shown = [result for result in results.of(arm) if real or result.verdict != MEMORISED]
        by_seed = {result.task.seed: result.sheet() for result in shown}
        rows.append((arm, [by_seed.get(seed) for seed in seeds]))
    rows = [(name, own) for name, own in rows if any(sheet is not None for sheet in own)]
    sheets = [sheet for _, own in rows for sheet in own if sheet is not None]
    if not sheets:
        return None
    drawing = figure(1.0 + 4.9 * len(seeds), 0.3 + 1.72 * len(rows))
    places = drawing.subplots(len(rows), len(seeds), squeeze=False)
    for place, (name, row) in enumerate(rows):
        own = places[place]
        for axes, sheet, seed in zip(own, row, seeds, strict=True):
            axes.set_xticks([])
            axes.set_yticks([])
            for side in axes.spines.values():
                side.set_visible(False)
            if sheet is not None:
                axes.imshow(_top(sheet), cmap="gray", vmin=0, vmax=255)
            if place == 0:
                axes.set_title(f"seed {seed}", fontsize=9)
        own[0].set_ylabel(name, fontsize=9)
    return drawing


def _top(sheet: np.ndarray) -> np.ndarray:
    return sheet[: _SHEET_ROWS * sheet.shape[0] // GRID]
