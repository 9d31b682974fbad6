"""Reports of several runs side by side: a table for each set of scans, and the images under it."""

import dataclasses
import json
from pathlib import Path

import numpy as np
from PIL import Image

from covid_gan import storage
from covid_gan.errors import ArgumentError, reason
from covid_gan.evaluation import RUN_FOLDER, figures, keys, tables
from covid_gan.outputs import contents, draft_in, replace_all
from covid_gan.runs import CONFIG

# The argument of an error about one of them.
PATHS = "paths"
METRICS = "metrics.json"
# Of a report: plain sheets of the same number of images.
GENERATED_SHEET, REAL_SHEET = "figures/generated.png", "figures/real.png"
_FILES = ("compare.md", "compare.csv", "grids.png")
_MOST_SHEETS = 24


@dataclasses.dataclass(frozen=True)
class Report:
    """A report that was read.

    Attributes:
        folder: of the report.
        found: its metrics.json, by `keys`.
    """

    folder: Path
    found: dict

    @property
    def name(self) -> str:
        step = self.found[keys.STEP]
        return self.found[keys.NAME] + (f", step {step:,}" if step is not None else "")

    @property
    def scans(self) -> tuple:
        """What two reports must share, or their numbers mean different things."""
        data = self.found[keys.DATA]
        return data["sha256"], data["image_size"], data["resize"]


def compare(paths: list[str], out: str | Path) -> str:
    """As `covid_gan.evaluation.compare`."""
    _check_out(out)
    reports, without = read(paths)
    groups = {}
    for report in reports:
        groups.setdefault(report.scans, []).append(report)
    text = tables.markdown(list(groups.values()), without)
    with draft_in(out) as draft:
        new, old = draft / "new", draft / "old"
        new.mkdir()
        old.mkdir()
        (new / "compare.md").write_text(text, encoding="utf-8")
        (new / "compare.csv").write_text(tables.spreadsheet(reports), encoding="utf-8")
        figures.save(figures.sheets(_sheets(groups.values())), new / "grids.png")
        replace_all(new, old, storage.path(out), _FILES)
    return text


def read(paths: list[str]) -> tuple[list[Report], list[str]]:
    """The newest report of each run, and the paths that have none.

    Args:
        paths: run folders, or folders with a report; files and other folders count as without one.

    Raises:
        ArgumentError: (`paths`) there is no path, one is not there, one report cannot be read, or there
            is none at all.
    """
    reports, without = [], []
    for path in {storage.resolved(path): path for path in paths}.values():
        folder = storage.path(path)
        if not folder.exists():
            raise ArgumentError(PATHS, "is not there.", path)
        if (folder / METRICS).is_file():
            reports.append(_read(folder))
        else:
            own = [_read(f.parent) for f in folder.glob(f"{RUN_FOLDER}/*/{METRICS}")]
            reports += [max(own, key=lambda report: report.found[keys.TIME])] if own else []
            without += [] if own or not (folder / CONFIG).is_file() else [path]
    if not reports:
        received = " ".join(paths) or "compare"
        message = "no report is there yet; make one with python -m covid_gan.evaluate --run=…, for each run."
        raise ArgumentError(PATHS, message, received)
    return reports, without


def _read(folder: Path) -> Report:
    try:
        found = json.loads((folder / METRICS).read_text(encoding="utf-8"))
        if found[keys.FORMAT] != keys.CURRENT_FORMAT:
            raise ValueError(f"it is of format {found[keys.FORMAT]}")
        report = Report(folder, found)
        _check(report)
        return report
    except (OSError, LookupError, TypeError, ValueError) as error:
        message = f"cannot be read ({type(error).__name__}: {reason(error)}); judge it again."
        raise ArgumentError(PATHS, message, str(folder / METRICS)) from error


def _check(report: Report) -> None:
    """Looks up all that a comparison reads; a LookupError or TypeError tells that something is missing."""
    _ = report.name, report.scans, report.found[keys.TIME], report.found[keys.SETTINGS]["count"]
    _ = report.found[keys.EXTRACTOR], report.found[keys.PRIVACY]
    for measure in report.found[keys.MEASURES].values():
        _ = [measure[part] for part in keys.OF_MEASURE]


def _sheets(groups) -> list[tuple[str, np.ndarray]]:
    """Titles and sheets, uint8 [H, W]: of each set of scans its own, and then those of its runs."""
    sheets = []
    for reports in groups:
        first = reports[0].found[keys.DATA]
        pictures = [(f"scans: {first['name']}, {first['split']}", reports[0].folder / REAL_SHEET)]
        pictures += [(report.name, report.folder / GENERATED_SHEET) for report in reports]
        for title, path in pictures:
            try:
                with path.open("rb") as opened, Image.open(opened) as image:
                    sheets.append((title, np.asarray(image.convert("L"))))
            except (OSError, SyntaxError) as error:
                raise ArgumentError(PATHS, "cannot be read; judge it again.", str(path)) from error
    return sheets[:_MOST_SHEETS]


def _check_out(out):
    out = storage.path(out)
    if out.exists() and (not out.is_dir() or contents(out) - set(_FILES)):
        message = "holds files that are no comparison; give a new or an empty folder, or that of one."
        raise ArgumentError("out", message, str(out))
