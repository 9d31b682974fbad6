"""The door of the audit: what it asks the library for, what it leaves on the disk, its errors in one line."""

import json
import shutil

import pydicom
import pytest

from covid_gan import audit, data, inspection, train
from covid_gan.config import Config
from covid_gan.errors import ArgumentError
from covid_gan.inspection import keys

FILES = {"report.md", "report.json", "exclude.txt", "figures"}
SECRET = "QUETZAL"


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """The configs and folders that the library was asked for."""
    calls = []

    def remember(config, out):
        calls.append((config.data, out))
        return tmp_path

    monkeypatch.setattr(inspection, "audit", remember)
    return calls


def test_everything_is_audited_unless_told_otherwise(asked, capsys):
    assert audit.main(["--dataset=covid_ct"]) == 0
    assert audit.main(["--dataset=covid_ct", "--split=train", "--classes=covid", "--out=there"]) == 0
    (first, out), (second, there) = asked
    assert (first.split, first.classes, out) == ("all", (), None)
    assert (second.split, second.classes, there) == ("train", ("covid",), "there")
    assert "report.md" in capsys.readouterr().out


def test_help(capsys):
    assert audit.main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(flag in text for flag in ("--out", "--manual_dir", "--split=all", "--classes=\n", "--window"))
    assert not any(flag in text for flag in ("--learning_rate", "--flip", "--resize", "--cache"))


@pytest.mark.parametrize("line", ["--bogus=1", "--split=", "--batch_size=3", "--flip=false", "--cache=none"])
def test_mistakes_are_one_line(line, capsys):
    assert audit.main([line]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith(line.partition("=")[0])


def test_a_full_folder_is_refused_before_anything_is_read(tmp_path, capsys, monkeypatch):
    def read(config):
        raise RuntimeError("was read")

    monkeypatch.setattr(data, "audit_scans", read)
    (tmp_path / "report.md").write_text("mine")
    assert audit.main([f"--out={tmp_path}"]) == 2
    assert capsys.readouterr().err.startswith(f"--out={tmp_path}: is there already")


def test_the_folder_is_named_after_the_resolved_data_set(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "resolve", lambda config: config.replace(dataset="one/3f2a:1.0+three"))
    monkeypatch.setattr(data, "audit_scans", lambda config: data.Audited(config.data.dataset, "", (), (), []))
    monkeypatch.chdir(tmp_path)
    folders = []
    monkeypatch.setattr(inspection, "audit_into", lambda audited, out: folders.append(str(out)))
    inspection.audit(Config())
    assert folders == ["audits/one_3f2a_1.0+three"]


def test_a_full_default_folder_is_refused_before_anything_is_prepared(
    tmp_path, tiny_data_dir, monkeypatch, capsys
):
    def read(config):
        raise RuntimeError("was read")

    monkeypatch.setattr(data, "audit_scans", read)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "audits" / "tiny_scans").mkdir(parents=True)
    (tmp_path / "audits" / "tiny_scans" / "report.md").write_text("mine")
    assert audit.main(["--dataset=tiny_scans", f"--data_dir={tiny_data_dir}"]) == 2
    assert capsys.readouterr().err.startswith("--out=audits/tiny_scans: is there already")


@pytest.fixture
def scans_folder(tmp_path, write_picture):
    """Two labels of three patients each, four pictures a patient; one stands under both labels, one twice."""
    seed = 0
    for label in ("covid", "normal"):
        for patient in range(3):
            for n in range(4):
                seed += 1
                write_picture(tmp_path / "scans" / label / f"p{patient}" / f"{n}.png", seed)
    shutil.copy(tmp_path / "scans/covid/p0/0.png", tmp_path / "scans/normal/p0/0.png")
    shutil.copy(tmp_path / "scans/covid/p1/0.png", tmp_path / "scans/covid/p1/1.png")
    return tmp_path / "scans"


def test_from_the_folder_to_a_training_without_what_is_wrong(scans_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    flags = ["--dataset=ct_folder", f"--manual_dir={scans_folder}", f"--data_dir={tmp_path / 'tfds'}"]
    assert audit.main(flags) == 0, capsys.readouterr().err
    (out,) = (tmp_path / "audits").iterdir()
    assert out.name.startswith("ct_folder_") and {path.name for path in out.iterdir()} == FILES
    report = json.loads((out / "report.json").read_text())
    assert report[keys.IMAGES] == sum(n for own in report[keys.COUNTS].values() for n in own.values()) == 24
    assert [pair[keys.PAIR_KIND] for pair in report[keys.PAIRS]] == ["exact", "exact"]
    assert "1 pair under two labels" in (out / "report.md").read_text()
    ids = [line for line in (out / "exclude.txt").read_text().splitlines() if line[:1] not in ("#", "")]
    assert len(ids) == 3 and ids == list(report[keys.EXCLUDE])
    assert str(out.relative_to(tmp_path)) in capsys.readouterr().out

    assert audit.main(flags) == 2  # there is a report by now
    assert capsys.readouterr().err.startswith("--out=audits/ct_folder_")
    exclude = f"--exclude={out / 'exclude.txt'}"
    assert train.main([*flags, "--classes=", "--batch_size=2", exclude, "--dry_run"]) == 0
    assert sorted(json.loads(capsys.readouterr().out)["data"]["exclude"]) == sorted(ids)
    assert audit.main([*flags, exclude, "--out=again"]) == 0
    again = json.loads((tmp_path / "again" / "report.json").read_text())
    assert again[keys.IMAGES] == 21 and again[keys.PAIRS] == []


def test_two_folders_have_two_reports(scans_folder, tmp_path, monkeypatch):
    outs = []
    monkeypatch.setattr(inspection, "audit_into", lambda audited, out: outs.append(out) or out)
    shutil.copytree(scans_folder, tmp_path / "more")
    shutil.rmtree(tmp_path / "more" / "covid" / "p2")
    for folder in (scans_folder, tmp_path / "more"):
        flags = ["--dataset=ct_folder", f"--manual_dir={folder}", f"--data_dir={tmp_path / 'tfds'}"]
        assert audit.main(flags) == 0
    assert len(set(outs)) == 2 and all(out.name.startswith("ct_folder_") for out in outs)


def test_no_text_of_a_dicom_header_is_reported(tmp_path, write_dicom, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    """Of one file the photometric interpretation too is a secret: an audit tells how files came."""
    for n in range(6):
        path = write_dicom(tmp_path / "scans" / "covid" / f"{n}.dcm", seed=n, position=n)
        dataset = pydicom.dcmread(path)
        with pydicom.config.disable_value_validation():
            for keyword in ("PatientName", "PatientID", "Manufacturer", "SeriesDescription"):
                setattr(dataset, keyword, SECRET)
            if n == 0:
                dataset.PhotometricInterpretation = SECRET
            dataset.save_as(path)
    flags = ["--dataset=ct_folder", "--manual_dir=scans", "--data_dir=tfds", "--out=out", "--skip_bad"]
    assert audit.main(flags) == 0, capsys.readouterr().err
    printed = capsys.readouterr()
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report[keys.FILES]["covid"]["format"] == {"DICOM": 5}
    assert SECRET not in printed.out + printed.err
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(files) >= 5
    assert not any(SECRET.lower() in path.read_bytes().decode("latin-1").lower() for path in files)


def test_no_image_starts_with_the_flag(tmp_path):
    with pytest.raises(ArgumentError, match="dataset"):
        inspection.audit_into(data.Audited("none", "", (), (), []), tmp_path / "out")
