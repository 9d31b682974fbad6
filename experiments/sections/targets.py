"""What the defaults have to reach, and whether they beat the plain recipe: the tables of defaults.py."""

import statistics
from pathlib import Path

from covid_gan import metrics
from covid_gan.evaluation.text import code, number, table
from covid_gan.evaluation.words import title_of
from experiments.study.results import Results
from experiments.study.words import badness

BASELINE = "plain"
# Upper limits of the median over the seeds; of KID the share of the baseline's.
SPECTRUM, SWD, HISTOGRAM, KID_SHARE = 0.06, 0.05, 3.0, 0.25
# Lower limit in each seed.
DISTINCT = 50
_MET, _MISSED = "✓", "✗"


def sections(results: Results, folder: Path) -> list[str]:
    """Markdown: the targets by arm, and arm against baseline seed by seed."""
    del folder
    return [_reached(results), _beaten(results)]


def _reached(results):
    limits = {key: SPECTRUM for key in results.keys_of(metrics.SPECTRUM)}
    limits |= {key: SWD for key in results.keys_of(metrics.SWD)}
    limits |= {key: HISTOGRAM for key in results.keys_of(metrics.HISTOGRAM)}
    for key in results.keys_of(metrics.KID):
        plain = results.values(BASELINE, key)
        if plain:
            limits[key] = KID_SHARE * statistics.median(plain)
    head = ["arm", *(f"{title_of(key)} ≤ {number(limit, 2)}" for key, limit in limits.items())]
    distinct = results.keys_of(metrics.DISTINCT)
    head += [f"distinct of {metrics.DISTINCT_OF} ≥ {DISTINCT}, least"] * bool(distinct)
    rows = []
    for arm in results.arms:
        values = {key: results.values(arm, key) for key in limits}
        cells = [
            _judged(statistics.median(v), v and statistics.median(v) <= limits[k]) if v else "–"
            for k, v in values.items()
        ]
        for key in distinct:
            found = results.values(arm, key)
            cells.append(_judged(min(found), min(found) >= DISTINCT) if found else "–")
        rows.append([code(arm), *cells])
    note = f"KID: a quarter of the median of `{BASELINE}`." if BASELINE in results.arms else ""
    return f"## Targets\n\nThe median over the seeds. {note}\n\n{table(head, rows)}"


def _judged(value, met):
    return f"{number(value)} {_MET if met else _MISSED}"


def _beaten(results):
    """A line for each run that has a baseline of its seed: better, or not, by each measure."""
    plain = {r.task.seed: r for r in results.of(BASELINE) if r.report} if BASELINE in results.arms else {}
    swd = results.keys_of(metrics.SWD)
    single = [
        *results.keys_of(metrics.KID),
        *results.keys_of(metrics.SPECTRUM),
        *swd,
        *results.keys_of(metrics.HISTOGRAM),
        *results.keys_of(metrics.DIVERSITY_BLURRED),
    ]
    rows = []
    for result in results.judged:
        other = plain.get(result.task.seed)
        if other is None or result.task.arm == BASELINE:
            continue
        cells = [_against(_badness(result, key), _badness(other, key)) for key in single]
        levels = [_badness(r, *swd) for r in (result, other)]
        rows.append([code(result.name), *cells, _against(*levels)])
    if not rows:
        return ""
    head = ["run", *map(title_of, single), "SWD, mean of levels"]
    return (
        f"## Against `{BASELINE}` of the same seed\n\nIts value, then that of `{BASELINE}`; of diversity "
        f"the distance to 1.\n\n{table(head, rows)}"
    )


def _badness(result, *keys):
    """The mean over some measures; None where one of them was not made."""
    values = [result.value(key) for key in keys]
    known = values and None not in values
    return statistics.fmean(map(badness, keys, values)) if known else None


def _against(own, other):
    mark = "" if None in (own, other) else f" {_MET if own < other else _MISSED}"
    return f"{number(own)} : {number(other)}{mark}"
