"""A comparison of several reports as Markdown and as CSV."""

import csv
import io
from collections.abc import Sequence

from covid_gan import metrics
from covid_gan.evaluation import keys, words
from covid_gan.evaluation.text import MISSING, code, interval, listed, number, table

_INTERVALS = (keys.LOW, keys.HIGH)


def markdown(groups: Sequence[Sequence], without: Sequence[str]) -> str:
    """A table for each group of reports on the same scans, and the sheets of images under it.

    Args:
        groups: of `comparing.Report`.
        without: runs that have no report.
    """
    parts = ["# Runs side by side"]
    if len(groups) > 1:
        parts.append(
            f"These reports are on {len(groups)} different sets of scans. **Numbers of two tables cannot be "
            "compared.**"
        )
    for reports in groups:
        parts += [_heading(reports[0]), _table(reports), *_notes(reports)]
    parts += [
        f"- {code(path)} has no report yet: `python -m covid_gan.evaluate --run={path}`" for path in without
    ]
    parts += [
        "![Scans and generated images](grids.png)",
        "Against the training scans, with 95 % intervals in brackets and the best in bold; *italic*: its "
        "interval reaches the best one's, so these two are not told apart. ↓: less is better, ↑: more, "
        "→: what real halves have. After the dot the ratio to the floor: 1 is as good as real.",
    ]
    return "\n\n".join(parts) + "\n"


def spreadsheet(reports: Sequence) -> str:
    """All measures of all reports as CSV, a line for each measure of each report."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["run", "step", "scans", "image_size", "measure", *keys.OF_MEASURE])
    for report in reports:
        found = report.found
        data = found[keys.DATA]
        about = [found[keys.NAME], found[keys.STEP], data["sha256"][:12], data["image_size"]]
        for key, measure in found[keys.MEASURES].items():
            lines.writerow([*about, key, *(measure[column] for column in keys.OF_MEASURE)])
    return text.getvalue()


def _heading(report):
    data = report.found[keys.DATA]
    classes = listed(data["classes"]) or "all classes"
    return (
        f"## {data['name']} {data['version']}, {data['split']}, {classes}: {data['count']:,} scans of "
        f"{data['image_size']} × {data['image_size']} pixels"
    )


def _shown_keys(reports) -> list[str]:
    """The columns: each headline that any report has; of SWD every level."""
    there = list(dict.fromkeys(key for report in reports for key in report.found[keys.MEASURES]))
    return [key for base in words.HEADLINES for key in there if words.base_of(key) == base]


def _table(reports):
    shown = _shown_keys(reports)
    columns = {
        key: _column(key, [report.found[keys.MEASURES].get(key) for report in reports]) for key in shown
    }
    head = ["run", *(f"{words.title_of(key)} {_ARROWS[metrics.direction(key)]}" for key in shown), "privacy"]
    rows = [
        [report.name, *(columns[key][n] for key in shown), _verdict(report)]
        for n, report in enumerate(reports)
    ]
    return table(head, rows)


_ARROWS = {metrics.LOWER: "↓", metrics.HIGHER: "↑", metrics.REAL: "→"}


def _column(key, measures) -> list[str]:
    """The cells of a measure, the best in bold, those that are not told apart from it in italics."""
    known = [measure for measure in measures if measure]
    best = _best(key, known) if len(known) > 1 else None
    cells = []
    for measure in measures:
        if measure is None:
            cells.append(MISSING)
            continue
        cell = f"{number(measure[keys.VALUE])} {interval(*(measure[end] for end in _INTERVALS))}".strip()
        if best and measure[keys.VALUE] == best[keys.VALUE]:
            cell = f"**{cell}**"
        elif _overlap(measure, best):
            cell = f"*{cell}*"
        ratio = measure[keys.RATIO]
        cells.append(cell + (f" · {number(ratio, 2)}" if ratio is not None else ""))
    return cells


def _best(key, measures):
    toward = metrics.direction(key)
    if toward == metrics.REAL:
        known = [measure for measure in measures if measure[keys.RATIO] is not None]
        return max(known, key=lambda measure: measure[keys.RATIO], default=None)
    choose = min if toward == metrics.LOWER else max
    return choose(measures, key=lambda measure: measure[keys.VALUE])


def _overlap(measure, best):
    if best is None or any(m[end] is None for m in (measure, best) for end in _INTERVALS):
        return False
    return measure[keys.LOW] <= best[keys.HIGH] and best[keys.LOW] <= measure[keys.HIGH]


def _verdict(report):
    return report.found[keys.PRIVACY]["verdict"] if report.found[keys.PRIVACY] else "not examined"


def _notes(reports):
    """What makes even these numbers differ in meaning."""
    counts = {report.found[keys.SETTINGS]["count"] for report in reports}
    extractors = {(report.found[keys.EXTRACTOR] or {}).get("key", "none") for report in reports}
    notes = []
    if len(counts) > 1:
        shown = listed([f"{count:,}" for count in sorted(counts)])
        notes.append(f"Judged on different numbers of images, {shown}: FID falls with more of them.")
    if len(extractors) > 1:
        notes.append(
            f"Judged by different extractors, {listed(sorted(extractors))}, each with columns of its own."
        )
    return notes
