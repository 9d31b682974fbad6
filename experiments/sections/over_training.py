"""Measures over the steps of a study's trainings: the figure of `experiments.long_run`."""

import statistics
from pathlib import Path

from covid_gan import metrics
from covid_gan.evaluation.text import code, number, table
from covid_gan.evaluation.words import base_of, title_of
from covid_gan.training import evaluations
from experiments.study import figures
from experiments.study.results import Result, Results

SHOWN = (metrics.KID, metrics.SPECTRUM, metrics.DIVERSITY_BLURRED)
# Distinct to colour-blind eyes (Okabe and Ito 2008).
_COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")


def sections(results: Results, folder: Path) -> list[str]:
    """Markdown: a curve for each run, and how unsteady each arm was."""
    curves = {result.name: curves_of(result) for result in results.all}
    keys = [
        k
        for base in SHOWN
        for k in dict.fromkeys(k for c in curves.values() for k in c)
        if base_of(k) == base
    ]
    if not keys:
        return ["## Over the training\n\nThe runs are too short for scores on the way; see --evaluate_every."]
    figures.save(_figure(results, curves, keys), folder / "curves.png")
    caption = "Measures on the way, a line for each seed, against the scans that the training scores by"
    return [
        f"## Over the training\n\n![{caption}](figures/curves.png)\n\n{caption}.",
        _table(results, curves, keys),
    ]


def curves_of(result: Result) -> dict[str, list[tuple[int, float]]]:
    """What a training scored on the way: points (step, value) by key."""
    found = {}
    for line in evaluations.read(result.run.path / evaluations.FILE) if result.run else ():
        for key, value in line.items():
            if (
                base_of(key) in SHOWN
                and isinstance(value, float)
                and not key.endswith((metrics.LOW, metrics.HIGH))
            ):
                found.setdefault(key, []).append((line[evaluations.STEP], value))
    return found


def _figure(results, curves, keys):
    drawing = figures.figure(9, 2.4 * len(keys))
    panels = drawing.subplots(len(keys), 1, sharex=True, squeeze=False)[:, 0]
    for axes, key in zip(panels, keys, strict=True):
        for place, arm in enumerate(results.arms):
            label = arm
            for result in results.of(arm):
                points = curves[result.name].get(key)
                if points:
                    axes.plot(
                        *zip(*points, strict=True),
                        color=_COLOURS[place % len(_COLOURS)],
                        label=label,
                        linewidth=1,
                    )
                    label = None
        axes.set_title(title_of(key), fontsize=9)
        axes.tick_params(labelsize=8)
    panels[0].legend(frameon=False, fontsize=8, ncols=len(results.arms))
    panels[-1].set_xlabel("step", fontsize=8)
    return drawing


def _table(results, curves, keys):
    """Of each arm the best score, the last one, and the mean change from one score to the next."""
    rows = []
    for arm in results.arms:
        for key in keys[:1]:
            series = [[v for _, v in curves[r.name][key]] for r in results.of(arm) if key in curves[r.name]]
            if not series:
                continue
            best, last = (statistics.fmean(take(s) for s in series) for take in (min, lambda s: s[-1]))
            jumps = [abs(b - a) for s in series for a, b in zip(s, s[1:], strict=False)]
            jump = number(statistics.fmean(jumps)) if jumps else number(None)
            rows.append([code(arm), number(best), number(last), jump])
    head = ["arm", f"best {title_of(keys[0])} on the way", "last", "mean change from score to score"]
    return table(head, rows)
