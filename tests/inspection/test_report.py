"""The report names what is wrong, worst first, in words, numbers, figures and a list of ids."""

import dataclasses
import json
import re

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from covid_gan.data import Audited
from covid_gan.errors import ArgumentError
from covid_gan.inspection import audit_into, findings, keys
from covid_gan.inspection.results import inspect
from tfds_covidct.reading.facts import FileFacts

FILES = {"report.md", "report.json", "exclude.txt", "figures"}
KEYS = {value for name, value in vars(keys).items() if name.isupper() and not name.startswith("PAIR_")}


@pytest.fixture(scope="module")
def bad_scans(scans, chests):
    """Of everything that can be wrong one case."""
    lettered = np.pad(chests[20], 30)
    picture = Image.fromarray(lettered)
    ImageDraw.Draw(picture).text((5, 4), "A", fill=255, font=ImageFont.load_default(20))
    coloured = FileFacts("PNG", "RGB", 8, 200, 150, 0.02)
    return [
        *scans,
        dataclasses.replace(scans[4], image_id="two classes.png", label="covid"),
        dataclasses.replace(scans[6], image_id="two|splits`.png", split="test"),
        dataclasses.replace(scans[8], image_id="equal.png"),
        dataclasses.replace(scans[20], image_id="letter.png", image=np.asarray(picture)),
        dataclasses.replace(scans[22], image_id="colour.png", facts=coloured, image=chests[22][::-1]),
        dataclasses.replace(scans[24], image_id="tiny.png", image=chests[24][:50, :50]),
    ]


@pytest.fixture(scope="module")
def results(bad_scans, audited):
    return inspect(audited(bad_scans))


@pytest.fixture(scope="module")
def folder(bad_scans, audited, tmp_path_factory):
    return audit_into(audited(bad_scans), tmp_path_factory.mktemp("audits") / "new" / "drawn")


@pytest.fixture(scope="module")
def report(folder):
    return json.loads((folder / "report.json").read_text())


def test_files(folder):
    assert {path.name for path in folder.iterdir()} == FILES


def test_json_has_the_documented_keys(report):
    assert set(report) == KEYS
    pair_keys = {value for name, value in vars(keys).items() if name.startswith("PAIR_")}
    assert all(set(pair) == pair_keys for pair in report[keys.PAIRS])


def test_counts(report):
    assert report[keys.IMAGES] == 46
    assert report[keys.COUNTS] == {
        "covid": {"train": 16, "test": 7},
        "non_covid": {"train": 17, "test": 6},
    }
    assert report[keys.PATIENTS]["non_covid"]["test"] == 3
    assert report[keys.SIZES]["covid"]["width"] == {"min": 200, "median": 200, "max": 200}
    assert report[keys.FILES]["covid"] == {
        "format": {"PNG": 23},
        "mode": {"L": 22, "RGB": 1},
        "bits": {"8": 23},
    }
    assert sum(report[keys.HISTOGRAMS]["covid"]) == pytest.approx(1, abs=1e-3)


def test_leaking_and_doubly_labelled_patients(report):
    assert report[keys.PATIENTS_IN_SPLITS] == [["scan-06.png", "scan-07.png", "two|splits`.png"]]
    assert report[keys.PATIENTS_IN_CLASSES] == [["scan-04.png", "scan-05.png", "two classes.png"]]


def test_findings_are_worst_first(report):
    severities = [finding["severity"] for finding in report[keys.FINDINGS]]
    assert severities == sorted(severities, key=findings.SEVERITIES.index)
    text = " ".join(finding["what"] for finding in report[keys.FINDINGS])
    assert report[keys.FINDINGS][0]["image_ids"] == ["scan-04.png", "two classes.png"]
    for what in (
        "1 pair under two labels",
        "1 pair in two splits",
        "1 patient in more than one split",
        "1 patient in more than one class",
        "1 image with burnt-in colour",
        "with something like letters",
        "1 pair of equal images in one class",
        "with a side below 64",
    ):
        assert what in text
    assert not any("gives the class away" in finding["what"] for finding in report[keys.FINDINGS])


def test_marks(report):
    assert report[keys.COLOURED] == ["colour.png"]
    assert report[keys.LETTERED] == {"letter.png": 1}


def test_exclude_file_is_a_list_of_ids(folder, report):
    lines = (folder / "exclude.txt").read_text().splitlines()
    ids = [line for line in lines if line and not line.startswith("#")]
    assert ids == ["scan-04.png", "two classes.png", "scan-06.png", "equal.png"]
    assert list(report[keys.EXCLUDE]) == ids
    assert {"#colour.png", "#letter.png"} <= set(lines)


def test_the_report_names_no_patient(folder):
    for path in folder.rglob("*"):
        assert path.is_dir() or b"secret-" not in path.read_bytes()


def test_blocks_of_files_are_not_called_patients(scans, audited, tmp_path):
    blocks = [dataclasses.replace(scan, patient_known=False) for scan in scans[:12]]
    blocks[1] = dataclasses.replace(blocks[1], split="test")
    out = audit_into(audited(blocks), tmp_path / "blocks")
    report, text = json.loads((out / "report.json").read_text()), (out / "report.md").read_text()
    assert sum(report[keys.PATIENTS]["covid"].values()) == 0
    assert report[keys.GROUPS]["covid"] == {"train": 3, "test": 0}
    assert report[keys.UNKNOWN_PATIENT] == 12
    assert "12 images, 6 groups (blocks of files; patients unknown), classes" in text
    assert "Images, and groups (blocks of files; patients unknown) in brackets." in text
    assert "1 group in more than one split." in text
    assert "The patient of 12 images of 12 is not known." in text
    assert "known patients in brackets" not in text and "1 patient in" not in text


def test_patients_and_blocks_side_by_side_are_counted_apart(scans, audited, tmp_path):
    mixed = [dataclasses.replace(scan, patient_known=n < 8) for n, scan in enumerate(scans[:12])]
    out = audit_into(audited(mixed), tmp_path / "mixed")
    assert "4 known patients, 2 groups (blocks of files; patients unknown)" in (out / "report.md").read_text()
    report = json.loads((out / "report.json").read_text())
    assert (report[keys.PATIENTS]["covid"]["train"], report[keys.GROUPS]["covid"]["train"]) == (2, 1)


@pytest.mark.parametrize(("mode", "shown"), [("MONOCHROME1", "MONOCHROME1"), ("DOE^JANE", "other")])
def test_a_dicom_mode_is_one_of_the_standard(mode, shown, scans, audited):
    facts = FileFacts("DICOM", mode, 12, 200, 150)
    results = inspect(audited([dataclasses.replace(scan, facts=facts) for scan in scans[:2]]))
    assert {image.facts.mode for image in results.images} == {shown}


def test_every_figure_is_linked_and_there(folder):
    linked = set(re.findall(r"\]\(figures/([\w.]+)\)", (folder / "report.md").read_text()))
    assert linked == {path.name for path in (folder / "figures").iterdir()}
    assert {"pairs.png", "letters.png", "colour.png", "shortcuts.png", "histograms.png"} <= linked
    for name in linked:
        with Image.open(folder / "figures" / name) as image:
            assert len(np.unique(np.asarray(image.convert("L")))) > 20


def test_ids_cannot_break_the_tables(folder):
    text = (folder / "report.md").read_text()
    assert "`two¦splits'.png`" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(blocks) >= 5
    assert all(len({row.count("|") for row in block.splitlines()}) == 1 for block in blocks)
    assert rows


def test_a_clean_set_of_one_class_and_no_files(scan_of, draw_chest, tmp_path):
    scans = [scan_of(draw_chest(seed), label="", split="train", image_id="", facts=None) for seed in range(3)]
    out = audit_into(Audited("own", "", (), (), scans), tmp_path / "own")
    report = json.loads((out / "report.json").read_text())
    assert report[keys.PAIRS] == report[keys.SHORTCUTS] == []
    assert report[keys.EXCLUDE] == {}
    assert report[keys.UNKNOWN_PATIENT] == 3
    text = (out / "report.md").read_text()
    assert "one class" in text and "source files are not at hand" in text


@pytest.mark.parametrize("is_file", [True, False])
def test_nothing_is_overwritten(is_file, scans, audited, tmp_path):
    out = tmp_path / "out"
    if is_file:
        out.write_text("mine")
    else:
        out.mkdir()
        (out / "mine").write_text("mine")
    with pytest.raises(ArgumentError) as caught:
        audit_into(audited(scans), out)
    assert caught.value.argument == "out"
    assert (out if is_file else out / "mine").read_text() == "mine"


def test_an_empty_folder_is_filled(scans, audited, tmp_path):
    audit_into(audited(scans[:4]), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == FILES


def test_a_failure_leaves_nothing(scans, audited, tmp_path):
    def failing():
        yield from scans[:3]
        raise RuntimeError("the disk is on fire")

    with pytest.raises(RuntimeError):
        audit_into(audited(failing()), tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_no_image_is_an_error(audited, tmp_path):
    with pytest.raises(ArgumentError) as caught:
        audit_into(audited([]), tmp_path / "out")
    assert caught.value.argument == "dataset"
