"""python -m covid_gan.compare: the best of each column, and nothing compared that cannot be."""

import csv
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from covid_gan import compare
from covid_gan.evaluation import keys, tables
from covid_gan.evaluation.comparing import read

SCANS = {"name": "drawn", "version": "1.0.0", "split": "train", "classes": ["covid"], "count": 99,
         "sha256": "ab" * 32, "image_size": 16, "resize": "pad"}  # fmt: skip


def measured(value, low=None, high=None, ratio=None):
    blank = dict.fromkeys([keys.FLOOR, keys.FLOOR_SPREAD, keys.MATCHED, keys.HELD_OUT_VALUE, keys.UNSEEN])
    return {keys.VALUE: value, keys.LOW: low, keys.HIGH: high, keys.RATIO: ratio} | blank


@pytest.fixture
def report(tmp_path):
    """Writes a run with a report of the given measures; returns the run's folder."""

    def write(name, step=100, verdict="no sign of memorisation", time="2026-01-01T00:00:00+0000", **more):
        run = tmp_path / "runs" / name
        folder = run / "evaluation" / f"step-{step:08d}"
        (folder / "figures").mkdir(parents=True)
        (run / "config.json").touch()
        for picture in ("real.png", "generated.png"):
            Image.fromarray(np.zeros((96, 96), np.uint8)).save(folder / "figures" / picture)
        found = {keys.FORMAT: 1, keys.TIME: time, keys.NAME: name, keys.STEP: step, keys.DATA: SCANS,
                 keys.SETTINGS: {"count": 1000}, keys.EXTRACTOR: {"key": "ct-0a1b2c"},
                 keys.PRIVACY: {"verdict": verdict}, keys.MEASURES: {}} | more  # fmt: skip
        (folder / "metrics.json").write_text(json.dumps(found))
        return run

    return write


@pytest.fixture
def three(report):
    """Three runs: the first best by KID, the second not told apart from it, the third best by spectrum."""
    values = [(0.10, 0.08, 0.12, 0.3, 1.5), (0.11, 0.09, 0.13, 0.2, 0.9), (0.5, 0.4, 0.6, 0.1, 0.4)]
    return [
        report(f"0000{n}-run", measures={
            "kid_ct-0a1b2c": measured(kid, low, high, 0.2),
            "spectrum": measured(spectrum),
            "coverage_ct-0a1b2c": measured(1 - spectrum),
            "diversity_blurred": measured(diversity, ratio=min(diversity, 1 / diversity)),
        })
        for n, (kid, low, high, spectrum, diversity) in enumerate(values)
    ]  # fmt: skip


def rows_of(text):
    lines = [line for line in text.splitlines() if line.startswith("| 0")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_best_of_each_column_is_bold_and_look_alikes_are_marked(three, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert compare.main([*map(str, three), str(tmp_path / "runs" / "..")]) == 0, capsys.readouterr().err
    shown = capsys.readouterr().out
    text = (tmp_path / "comparison" / "compare.md").read_text()
    assert text in shown and (tmp_path / "comparison" / "grids.png").stat().st_size > 1000
    first, second, third = rows_of(text)
    head = next(line for line in text.splitlines() if line.startswith("| run"))
    assert head.count("↓") == 2 and head.count("↑") == 1 and head.count("→") == 1
    # run, KID, coverage, spectrum, diversity
    assert first[1] == "**0.100 [0.080, 0.120]** · 0.20" and second[1].startswith("*0.110")
    assert third[1] == "0.500 [0.40, 0.60] · 0.20"
    assert [row[3].startswith("**") for row in (first, second, third)] == [False, False, True]
    assert third[2].startswith("**") and second[4].startswith("**")


def test_the_spreadsheet_has_every_number(three, tmp_path):
    out = tmp_path / "out"
    assert compare.main([*map(str, three), f"--out={out}"]) == 0
    lines = list(csv.DictReader((out / "compare.csv").read_text().splitlines()))
    assert len(lines) == 12 and {line["run"] for line in lines} == {run.name for run in three}
    kid = next(line for line in lines if line["measure"] == "kid_ct-0a1b2c" and line["run"] == "00002-run")
    assert (kid["value"], kid["low"], kid["high"], kid["step"], kid["floor"]) == (
        "0.5",
        "0.4",
        "0.6",
        "100",
        "",
    )
    assert {path.name for path in out.iterdir()} == {"compare.md", "compare.csv", "grids.png"}


def test_extractors_have_columns_of_their_own_and_other_scans_a_table(report, tmp_path):
    a = report("00000-a", measures={"kid_ct-0a1b2c": measured(0.1)})
    b = report("00001-b", measures={"kid_ct-ffffff": measured(0.2)}, extractor={"key": "ct-ffffff"})
    c = report("00002-c", measures={"kid_ct-0a1b2c": measured(0.3)}, data=SCANS | {"sha256": "cd" * 32})
    reports, _ = read([str(a), str(b)])
    text = tables.markdown([reports], [])
    first, second = rows_of(text)
    assert (first[1:3], second[1:3]) == (["0.100", "–"], ["–", "0.200"])
    assert "KID (ct-0a1b2c)" in text and "KID (ct-ffffff)" in text and "different extractors" in text
    assert compare.main([str(a), str(c), f"--out={tmp_path / 'out'}"]) == 0
    text = (tmp_path / "out" / "compare.md").read_text()
    assert text.count("| run |") == 2 and "cannot be compared" in text
    assert all("**" not in row[1] for row in rows_of(text)), "one run alone is not the best"


def test_the_newest_report_of_a_run_counts(report, tmp_path):
    report("00000-a", step=100, time="2026-01-02T00:00:00+0000", measures={"spectrum": measured(1.0)})
    run = report("00000-a", step=200, time="2026-01-01T00:00:00+0000", measures={"spectrum": measured(2.0)})
    (newest,), without = read([str(run)])
    assert newest.found[keys.STEP] == 100 and not without
    (other,), _ = read([str(run / "evaluation" / "step-00000200")])
    assert other.found[keys.STEP] == 200


def test_a_run_without_a_report_is_named_with_the_way_to_one(three, tmp_path, capsys):
    bare = tmp_path / "runs" / "00009-bare"
    bare.mkdir()
    (bare / "config.json").touch()
    (tmp_path / "runs" / "notes.txt").touch()
    assert compare.main([*map(str, sorted((tmp_path / "runs").iterdir())), f"--out={tmp_path / 'out'}"]) == 0
    assert f"python -m covid_gan.evaluate --run={bare}" in capsys.readouterr().out


@pytest.mark.parametrize("line, message", [
    ([], "compare: no report is there yet"),
    (["/nonexistent"], "/nonexistent: is not there"),
    (["{tmp}"], "{tmp}: no report is there yet"),
    (["{run}", "--out=/etc/passwd"], "--out=/etc/passwd: holds files that are no comparison"),
    (["{run}", "--out={tmp}"], "--out={tmp}: holds files that are no comparison"),
    (["{run}", "--bogus=1"], "--bogus: there is no such flag"),
])  # fmt: skip
def test_mistakes_are_one_line(line, message, three, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    places = {"tmp": tmp_path, "run": three[0]}
    assert compare.main([part.format(**places) for part in line]) == 2
    error = capsys.readouterr().err
    assert error.startswith(message.format(**places)) and error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


@pytest.mark.parametrize("change", ["{", "[]", '{"format": 9}', '{"format": 1}', "without a key"])
def test_a_damaged_report_is_named(change, three, tmp_path, capsys):
    path = next(three[0].rglob("metrics.json"))
    path.write_text(path.read_text().replace(keys.MATCHED, "x") if change == "without a key" else change)
    assert compare.main([str(three[0]), f"--out={tmp_path / 'out'}"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"{path}: cannot be read") and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_missing_sheet_is_named(three, tmp_path, capsys):
    shutil.rmtree(next(three[1].rglob("figures")))
    assert compare.main([*map(str, three), f"--out={tmp_path / 'out'}"]) == 2
    assert re.search(r"generated.png: cannot be read", capsys.readouterr().err)
    assert not (tmp_path / "out").exists()
