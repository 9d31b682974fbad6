"""The pictures of an evaluation's report, drawn by matplotlib without a screen."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.decomposition import PCA

from covid_gan import images as images_lib
from covid_gan.evaluation.curves import Curves
from covid_gan.evaluation.measuring import Measure
from covid_gan.evaluation.subjects import Subject, Subjects
from covid_gan.metrics.histogram import histogram
from covid_gan.metrics.spectrum import radial_spectrum

# Distinct to colour-blind eyes (Okabe and Ito 2008).
GENERATED, TRAINING, UNSEEN = "#d55e00", "#0072b2", "#009e73"
_LINES = (GENERATED, TRAINING, UNSEEN, "#cc79a7", "#e69f00", "#56b4e9")
# Images on a side of each grid, and points of each set in the embedding.
GRID, POINTS = 6, 500


def _figure(width: float, height: float) -> Figure:
    """A figure of a size in inches, with a canvas of its own."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _named(subjects: Subjects):
    """Each set that there is, with its name and colour; the generated images last, on top."""
    sets = {
        "training scans": (subjects.training, TRAINING),
        "held-out scans": (subjects.unseen, UNSEEN),
        "generated": (subjects.generated, GENERATED),
    }
    return {name: pair for name, pair in sets.items() if len(pair[0])}


def sample_of(training: Subject, seed: int) -> np.ndarray:
    """36 scans drawn at random, or all where there are fewer: uint8 [n, S, S, 1]."""
    return training.images[np.random.default_rng(seed).permutation(len(training))[: GRID**2]]


def grids(subjects: Subjects, seed: int) -> Figure:
    """36 training scans, drawn at random, beside the first 36 generated images."""
    scans, made = sample_of(subjects.training, seed), subjects.generated.images[: GRID**2]
    of = f"{len(subjects.training):,} training scans", f"{len(subjects.generated):,} generated images"
    return sheets(
        [
            (f"{len(scans)} of the {of[0]}", images_lib.grid(scans, GRID)[..., 0]),
            (f"the first {len(made)} of the {of[1]}", images_lib.grid(made, GRID)[..., 0]),
        ],
        columns=2,
    )


def sheets(pictures: Sequence[tuple[str, np.ndarray]], columns: int = 3) -> Figure:
    """Pictures beside each other.

    Args:
        pictures: title and uint8 [H, W] of each.
        columns: in a row.
    """
    rows = -(-len(pictures) // columns)
    figure = _figure(11, (11 / columns + 0.35) * rows)
    places = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in places:
        axes.set_axis_off()
    for axes, (title, picture) in zip(places, pictures):
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
        axes.set_title(title, fontsize=9, parse_math=False)
    return figure


def spectra(subjects: Subjects) -> Figure:
    """Mean power against spatial frequency: on the right blur lies low and speckle high."""
    figure = _figure(10, 3.4)
    left, right = figure.subplots(1, 2)
    reference = radial_spectrum(subjects.training.images)
    for name, (subject, colour) in _named(subjects).items():
        power = radial_spectrum(subject.images)
        cycles = np.arange(1, len(power) + 1)
        left.plot(cycles, power, color=colour, label=name, linewidth=1.6)
        right.plot(cycles, power / reference, color=colour, linewidth=1.6)
    left.set(yscale="log", xlabel="cycles per image side: coarse to fine", ylabel="power")
    right.set(yscale="log", xlabel="cycles per image side", ylabel="power relative to training scans")
    left.legend(frameon=False)
    return figure


def histograms(subjects: Subjects) -> Figure:
    """The share of each grey level; levels that stand out are cut at the top."""
    figure = _figure(7, 3.4)
    axes = figure.subplots()
    highest, ends = 0.0, []
    for name, (subject, colour) in _named(subjects).items():
        shares = 100 * histogram(subject.images)
        axes.plot(shares, color=colour, label=name, linewidth=1.4)
        highest = max(highest, np.percentile(shares, 97))
        ends.append(f"{name} {shares[:5].sum():.0f} and {shares[-5:].sum():.0f} %")
    axes.set(xlabel="grey level, 0 = black", ylabel="% of pixels", xlim=(-2, 257))
    axes.set_ylim(0, max(1.3 * highest, 0.1))
    axes.set_title(f"Cut off at the top. Black (0–4) and white (251–255):\n{', '.join(ends)}", fontsize=8)
    axes.legend(frameon=False)
    return figure


def embedding(subjects: Subjects, key: str, seed: int) -> Figure:
    """The features of all sets along the two directions in which those of the scans vary most.

    Args:
        subjects: with features.
        key: of the extractor.
        seed: of which points are shown.
    """
    named, rng = _named(subjects), np.random.default_rng(seed)
    scans = np.concatenate([s.features for s, _ in named.values() if s is not subjects.generated])
    plane = PCA(2, svd_solver="full").fit(scans)
    figure = _figure(7, 5.2)
    axes = figure.subplots()
    for name, (subject, colour) in named.items():
        shown = rng.permutation(len(subject))[:POINTS]
        points = plane.transform(subject.features[shown])
        look = dict(s=14, alpha=0.6, color=colour, edgecolors="none")
        axes.scatter(*points.T, label=f"{name} ({len(shown)})", **look)
    share = 100 * plane.explained_variance_ratio_
    axes.set(xlabel=f"first direction, {share[0]:.0f} % of the scans' variance")
    axes.set(ylabel=f"second direction, {share[1]:.0f} %")
    axes.set_title(f"Features of {key}", fontsize=10)
    axes.legend(frameon=False, fontsize=8)
    return figure


def curves(found: Curves, groups: Mapping[str, Sequence[str]], measures: Mapping[str, Measure]) -> Figure:
    """Measures over the steps of the training, with the floor between real halves dashed.

    Args:
        found: the curves.
        groups: title of a panel -> the keys in it.
        measures: by key, for their floors.
    """
    columns = min(3, len(groups))
    rows = -(-len(groups) // columns)
    figure = _figure(4 * columns, 2.8 * rows)
    places = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in places[len(groups) :]:
        axes.set_axis_off()
    for axes, (title, keys) in zip(places, groups.items()):
        for key, colour in zip(keys, _LINES):
            steps, values = zip(*found.series[key])
            axes.plot(steps, values, color=colour, marker=".", label=key)
            if key in measures and measures[key].floor is not None:
                axes.axhline(measures[key].floor, color=colour, linestyle="--", linewidth=0.9, alpha=0.8)
        axes.set_title(title, fontsize=9)
        axes.set_xlabel("step", fontsize=8)
        axes.tick_params(labelsize=8)
        if len(keys) > 1:
            axes.legend(frameon=False, fontsize=7)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Writes a figure as PNG."""
    figure.savefig(path, dpi=110)
