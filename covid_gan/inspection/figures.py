"""The pictures of an audit's report, drawn by matplotlib without a screen."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from covid_gan.inspection import shortcuts
from covid_gan.inspection.results import Results
from covid_gan.inspection.tallies import named, number

# Distinct to colour-blind eyes (Okabe and Ito 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
# A contact sheet's images; more would not be looked at.
MOST_PAIRS, MOST_MARKED = 24, 32


def _figure(width: float, height: float) -> Figure:
    """A figure of a size in inches, with a canvas of its own."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def _plain(label: str) -> str:
    return named(label).replace("$", r"\$")


def histograms(results: Results) -> Figure:
    """The mean share of each grey level by class; levels that stand out are cut at the top."""
    figure = _figure(7, 3.2)
    axes = figure.subplots()
    highest = 0
    for place, label in enumerate(results.by_label):
        shares = 100 * results.measured.histograms[label]
        axes.plot(shares, color=_colour(place), linewidth=1.2, label=_plain(label))
        highest = max(highest, np.percentile(shares, 97))
    axes.set(xlabel="grey level, 0 = black", ylabel="% of an image's pixels", xlim=(-2, 257))
    axes.set_ylim(0, max(1.3 * highest, 0.1))
    ends = ", ".join(
        f"{_plain(label)} {100 * of[:5].sum():.0f} and {100 * of[-5:].sum():.0f} %"
        for label, of in ((label, results.measured.histograms[label]) for label in results.by_label)
    )
    axes.set_title(f"Cut off at the top; black (0–4) and white (251–255): {ends}", fontsize=8)
    axes.legend(frameon=False)
    return figure


def means(results: Results) -> Figure:
    """The mean picture of each class, each image without flat margins and stretched to a square."""
    labels = results.by_label
    figure = _figure(2.6 * max(len(labels), 2), 3)
    for axes, (label, images) in zip(figure.subplots(1, len(labels), squeeze=False)[0], labels.items()):
        total = np.zeros(images[0].thumbnail.shape)
        for image in images:
            total += image.thumbnail
        axes.imshow(total / len(images), cmap="gray", vmin=0, vmax=255)
        axes.set_title(f"{_plain(label)}, {len(images):,} images", fontsize=9)
        axes.set_axis_off()
    return figure


def sizes(results: Results) -> Figure:
    """Width against height of every image by class."""
    figure = _figure(5, 4)
    axes = figure.subplots()
    for place, (label, images) in enumerate(results.by_label.items()):
        axes.scatter(
            [image.width for image in images],
            [image.height for image in images],
            s=10,
            alpha=0.45,
            color=_colour(place),
            edgecolors="none",
            label=_plain(label),
        )
    axes.set(xlabel="width, pixels", ylabel="height, pixels")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return figure


def aucs(results: Results) -> Figure:
    """AUC with its interval, for each family of cheap facts and each class."""
    measured = [shortcut for shortcut in results.shortcuts if shortcut.auc is not None]
    figure = _figure(7, 1.1 + 0.34 * max(len(measured), 1))
    axes = figure.subplots()
    labels = list(results.by_label)
    for row, found in enumerate(measured):
        bars = [[max(found.auc - found.low, 0)], [max(found.high - found.auc, 0)]]
        colour = _colour(labels.index(found.label))
        axes.errorbar(found.auc, row, xerr=bars, fmt="o", color=colour, capsize=3, markersize=5)
    several = len({found.label for found in measured}) > 1
    names = [f"{s.family}: {_plain(s.label)}" if several else s.family for s in measured]
    axes.set_yticks(range(len(measured)), names)
    axes.axvline(0.5, color="0.6", linewidth=1, linestyle="--")
    above = {"transform": axes.get_xaxis_transform(), "ha": "center", "va": "bottom"}
    axes.text(0.5, 1.02, "guessing", fontsize=8, color="0.4", **above)
    axes.axvline(shortcuts.GIVES_AWAY, color="0.6", linewidth=1, linestyle=":")
    axes.text(shortcuts.GIVES_AWAY, 1.02, "gives the class away", fontsize=8, color="0.4", **above)
    axes.set(xlim=(0.3, 1.02), ylim=(len(measured) - 0.5, -0.5), xlabel="AUC and its 95 % interval")
    return figure


def pairs(results: Results, pictures: Mapping[str, np.ndarray]) -> Figure:
    """The worst pairs side by side, two pairs in a row, their ids beneath.

    Args:
        results: with at least one pair.
        pictures: `name` of an image -> uint8 [H, W].
    """
    shown = results.pairs[:MOST_PAIRS]
    rows = -(-len(shown) // 2)
    figure = _figure(11, 2.5 * rows)
    grid = figure.subplots(rows, 5, squeeze=False, width_ratios=(1, 1, 0.1, 1, 1))
    for axes in grid.flat:
        axes.set_axis_off()
    for n, pair in enumerate(shown):
        places = grid[n // 2, 3 * (n % 2) :]
        for axes, image in zip(places, (pair.first, pair.second)):
            _show(axes, pictures[image.name])
            where = ", ".join(part for part in (image.label, image.split) if part)
            axes.text(0.5, -0.03, f"{_short(image.name)}\n{where}", **_beneath(axes))
        across = (("under two labels", pair.crosses_class), ("in two splits", pair.crosses_split))
        what = ", ".join([f"{n + 1}. {pair.kind} {pair.score:.2f}", *(text for text, yes in across if yes)])
        colour = COLOURS[1] if pair.crosses_class or pair.crosses_split else "black"
        places[0].set_title(what, fontsize=9, loc="left", color=colour)
    return figure


def marked(images: Sequence, pictures: Mapping[str, np.ndarray]) -> Figure:
    """Images with colour or letters, their ids beneath.

    Args:
        images: the first 32 are shown.
        pictures: `name` of an image -> uint8 [H, W].
    """
    shown = images[:MOST_MARKED]
    rows = -(-len(shown) // 4)
    figure = _figure(11, 2.5 * rows)
    grid = figure.subplots(rows, 4, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, image in zip(grid, shown):
        _show(axes, pictures[image.name])
        why = [number(image.letters, "letter")] if image.letters else []
        why += [f"{100 * image.facts.colour:.1f} % coloured"] if image.coloured else []
        axes.text(0.5, -0.03, f"{_short(image.name)}\n{image.label}, {', '.join(why)}", **_beneath(axes))
    return figure


def save(figure: Figure, path: Path) -> None:
    """Writes a figure as PNG."""
    figure.savefig(path, dpi=110)


def _show(axes, picture):
    axes.imshow(picture, cmap="gray", vmin=0, vmax=255)


def _beneath(axes):
    return {"transform": axes.transAxes, "ha": "center", "va": "top", "fontsize": 7.5, "parse_math": False}


def _short(name, most=40):
    return name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[-most // 2 :]}"
