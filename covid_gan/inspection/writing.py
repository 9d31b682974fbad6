"""A folder with an audit's results: report.md, report.json, exclude.txt and figures."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from covid_gan.data import Scan
from covid_gan.inspection import figures, findings, keys, looks, tallies
from covid_gan.inspection.exclusion import Exclusion, choose
from covid_gan.inspection.findings import Finding
from covid_gan.inspection.markdown import report
from covid_gan.inspection.results import Results

_PICTURE = 300  # pixels of the longer side on a contact sheet


def write(results: Results, scans: Iterable[Scan], folder: Path) -> None:
    """Writes report.md, report.json, exclude.txt and figures/*.png into an empty folder.

    Args:
        results: what was found.
        scans: the same images again, in the same order.
        folder: must be there.
    """
    found, exclusion = findings.find(results), choose(results)
    (folder / "figures").mkdir()
    drawn = _draw(results, scans, folder / "figures")
    (folder / "report.md").write_text(report(results, found, exclusion, drawn), encoding="utf-8")
    text = json.dumps(as_json(results, found, exclusion), indent=1, ensure_ascii=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    (folder / "exclude.txt").write_text(exclusion.text(), encoding="utf-8")


def as_json(results: Results, found: list[Finding], exclusion: Exclusion) -> dict:
    """All numbers, by the keys of `keys`; names of images, no paths, nothing of a file's header."""
    images, classes, splits = results.images, results.classes, results.splits
    return {
        keys.DATASET: results.name,
        keys.VERSION: results.version,
        keys.IMAGES: len(images),
        keys.FINDINGS: [
            {"severity": f.severity, "what": f.what, "advice": f.advice, "image_ids": list(f.image_ids)}
            for f in found
        ],
        keys.COUNTS: tallies.counts(images, classes, splits),
        keys.PATIENTS: tallies.patients(images, classes, splits),
        keys.GROUPS: tallies.patients(images, classes, splits, known=False),
        keys.UNKNOWN_PATIENT: sum(not image.known_patient for image in images),
        keys.PATIENTS_IN_SPLITS: _names(tallies.patients_in_several(images, "split")),
        keys.PATIENTS_IN_CLASSES: _names(tallies.patients_in_several(images, "label")),
        keys.SIZES: {label: tallies.sizes(own) for label, own in results.by_label.items()},
        keys.FILES: {label: tallies.files(own) for label, own in results.by_label.items()},
        keys.GREY: {
            label: {
                "mean": round(float(np.mean([image.mean for image in own])), 2),
                "deviation": round(float(np.mean([image.deviation for image in own])), 2),
            }
            for label, own in results.by_label.items()
        },
        keys.PAIRS: [_pair(pair) for pair in results.pairs],
        keys.COLOURED: [image.name for image in results.coloured],
        keys.LETTERED: {image.name: image.letters for image in results.lettered},
        keys.SHORTCUTS: [
            {name: _rounded(value) for name, value in vars(shortcut).items()}
            for shortcut in results.shortcuts
        ],
        keys.HISTOGRAMS: {
            label: [round(float(share), 6) for share in shares]
            for label, shares in results.measured.histograms.items()
        },
        keys.EXCLUDE: exclusion.sure,
    }


def _names(groups):
    return [[image.name for image in own] for own in groups]


def _rounded(value):
    return round(value, 4) if isinstance(value, float) else value


def _pair(pair):
    return {
        keys.PAIR_FIRST: pair.first.name,
        keys.PAIR_SECOND: pair.second.name,
        keys.PAIR_KIND: pair.kind,
        keys.PAIR_SCORE: round(pair.score, 4),
        keys.PAIR_CLASS: pair.crosses_class,
        keys.PAIR_SPLIT: pair.crosses_split,
        keys.PAIR_PATIENT: pair.crosses_patient,
    }


def _draw(results, scans, folder):
    """Draws what there is to see; returns the names of the files."""
    drawn = {"histograms.png": figures.histograms(results), "means.png": figures.means(results)}
    drawn["sizes.png"] = figures.sizes(results)
    if any(shortcut.auc is not None for shortcut in results.shortcuts):
        drawn["shortcuts.png"] = figures.aucs(results)
    paired = [i for pair in results.pairs[: figures.MOST_PAIRS] for i in (pair.first, pair.second)]
    lettered = results.lettered[: figures.MOST_MARKED]
    coloured = results.coloured[: figures.MOST_MARKED]
    pictures = _pictures(results, scans, {image.name for image in (*paired, *lettered, *coloured)})
    if paired:
        drawn["pairs.png"] = figures.pairs(results, pictures)
    if lettered:
        drawn["letters.png"] = figures.marked(lettered, pictures)
    if coloured:
        drawn["colour.png"] = figures.marked(coloured, pictures)
    for name, figure in drawn.items():
        figures.save(figure, folder / name)
    return set(drawn)


def _pictures(results, scans, names):
    """The wanted images by name, uint8 [H, W] of 300 pixels at the longer side."""
    found = {}
    if not names:
        return found
    for image, scan in zip(results.images, scans):
        if image.name in names:
            scale = _PICTURE / max(scan.image.shape)
            height, width = (max(1, round(scale * side)) for side in scan.image.shape)
            found[image.name] = looks.shrink(scan.image, height, width)
            if len(found) == len(names):
                break
    return found
