"""Runs on training sets of several sizes, held against one set of scans: for `experiments.data_size`."""

import functools
from pathlib import Path

import numpy as np

from covid_gan import data, metrics
from covid_gan.evaluation import keys
from covid_gan.evaluation.config import NO_FEATURES
from covid_gan.evaluation.text import MISSING, code, table
from covid_gan.evaluation.words import base_of, title_of
from covid_gan.judge import Judge
from covid_gan.runs import Run
from experiments.study import figures, pictures, words
from experiments.study.results import Result, Results

COUNT = 1000
SHOWN = (metrics.KID, metrics.COVERAGE, metrics.SPECTRUM, metrics.DIVERSITY_BLURRED)
# Against its own training scans: how far from being copies of them.
OWN = metrics.AUTHENTICITY


def sections(results: Results, folder: Path) -> list[str]:
    """Markdown: quality and diversity against all scans of the class, memorisation against a run's own."""
    judged = results.judged
    real, judge = reference(judged[0].run.path, judged[0].task.evaluation.features)
    scores = {result.name: _score(result, judge) for result in judged}
    shown = [key for base in SHOWN for key in next(iter(scores.values())) if base_of(key) == base]
    rows, points = [], {}
    for arm in results.arms:
        own = [result for result in results.of(arm) if result.report]
        if not own:
            continue
        count = own[0].report.found[keys.DATA]["count"]
        columns = {key: [scores[result.name][key] for result in own] for key in shown}
        if results.keys_of(OWN):
            columns[OWN] = [v for key in results.keys_of(OWN) for v in results.values(arm, key)]
        points[count] = columns
        verdicts = {(r.report.found[keys.PRIVACY] or {}).get("verdict", MISSING) for r in own}
        cells = map(words.mean_and_spread, columns.values())
        rows.append([code(arm), count, *cells, ", ".join(sorted(verdicts))])
    figures.save(_figure(points), folder / "sizes.png")
    head = ["arm", "training scans", *map(title_of, shown)]
    head += ["authenticity, own scans"] * bool(results.keys_of(OWN)) + ["privacy, own scans"]
    caption = "By the number of training scans, every seed a dot"
    return [
        f"## By the number of scans\n\nEach run against the same {len(real)} scans, all of the first arm's "
        "class: runs on few scans have not seen most of them. Authenticity and privacy are against the scans "
        f"that a run was trained on.\n\n{table(head, rows)}\n\n![{caption}](figures/sizes.png)"
    ]


@functools.cache  # reports are written again after each run
def reference(path: Path, features: str) -> tuple[np.ndarray, Judge]:
    """All scans of a run's class in its data set, and what measures against them.

    Args:
        path: of the run.
        features: the extractor's name, or none.
    """
    from covid_gan import features as extractors

    config, scans = data.load(Run(path).config.replace(split="all"))
    real = data.all_images(scans)
    return real, Judge(real, None if features == NO_FEATURES else extractors.get(features, config))


_SCORES = {}


def _score(result: Result, judge: Judge) -> dict[str, float]:
    """All measures of a run's images, made once for each run and reference."""
    about = (result.run.path, result.step, id(judge))
    if about not in _SCORES:
        _SCORES[about] = judge.measure(pictures.generated(result, COUNT), interval=False)[0]
    return _SCORES[about]


def _figure(points):
    names = list(next(iter(points.values())))
    drawing = figures.figure(2.6 * len(names), 2.6)
    panels = drawing.subplots(1, len(names), squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        for count, columns in points.items():
            axes.plot([count] * len(columns[name]), columns[name], "o", color="#d55e00", markersize=4)
        axes.set(xscale="log")
        axes.set_xticks(list(points), map(str, points), fontsize=7)
        axes.minorticks_off()
        axes.set_title(title_of(name), fontsize=8)
        axes.tick_params(labelsize=7)
    return drawing
