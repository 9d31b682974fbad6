"""The door of the audit: what it asks the library for, and its errors in one line."""

import pytest

from covid_gan import audit, data, inspection
from covid_gan.config import Config
from covid_gan.errors import ArgumentError


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
    assert "--out" in text and "--manual_dir" in text and "--split=all" in text
    assert "--learning_rate" not in text


@pytest.mark.parametrize("line", ["--bogus=1", "--split=", "--batch_size=3"])
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


def test_the_folder_is_named_after_the_data_set(tmp_path, monkeypatch):
    def empty(config):
        return data.Audited("one/two:1.0+three", "", (), (), [])

    monkeypatch.setattr(data, "audit_scans", empty)
    monkeypatch.chdir(tmp_path)
    folders = []
    monkeypatch.setattr(inspection, "audit_into", lambda audited, out: folders.append(str(out)))
    inspection.audit(Config())
    assert folders == ["audits/one_two_1.0+three"]


def test_no_image_starts_with_the_flag(tmp_path):
    with pytest.raises(ArgumentError, match="dataset"):
        inspection.audit_into(data.Audited("none", "", (), (), []), tmp_path / "out")
