"""Nothing of a DICOM header gets out: every text of a file is searched for in all that a training writes."""

import os
import subprocess
import sys

import pydicom
import pytest
from pydicom.datadict import DicomDictionary

NAME, IDENTITY, BIRTH, ADDRESS = "Quetzal^Zanzibara", "ID-7734-XQ", "19010203", "17 Wobbleton Crescent"
SECRETS = ("Quetzal", "Zanzibara", "7734-XQ", BIRTH, "Wobbleton")
TEXT = {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT", "DA", "DT", "AS", "TM", "UI"}
# What the pixels cannot be read without.
NEEDED = {"PhotometricInterpretation", "SOPClassUID", "TransferSyntaxUID", "SpecificCharacterSet"}
# What tells that it is a CT slice in HU.
OF_CT = ("Modality", "ImageType", "RescaleType")


def secret_for(keyword: str, vr: str) -> str:
    if vr in ("DA", "DT", "TM", "AS"):
        return BIRTH
    if "Address" in keyword:
        return ADDRESS
    return NAME if vr == "PN" or "Name" in keyword or vr == "CS" else IDENTITY


def with_secrets(path, keep=()):
    """Puts a secret into every text element that DICOM knows, into sequences and into a private one."""
    dataset = pydicom.dcmread(path)
    dataset.ensure_file_meta()
    inner = pydicom.Dataset()
    with pydicom.config.disable_value_validation():
        for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
            plain = vr in TEXT and keyword and tag >> 16 not in (0, 2, 4) and keyword not in NEEDED
            if plain and keyword not in keep:
                dataset.add_new(tag, vr, secret_for(keyword, vr))
                inner.add_new(tag, vr, secret_for(keyword, vr))
        dataset.OtherPatientIDsSequence = [inner]
        dataset.add_new((0x0009, 0x0010), "LO", NAME)
        dataset.add_new((0x0009, 0x1001), "LT", ADDRESS)
        dataset.preamble = NAME.encode().ljust(128, b" ")
        dataset.save_as(path)
    assert len(dataset) > 1000


@pytest.fixture
def folder(tmp_path, write_dicom):
    for number in range(8):
        write_dicom(tmp_path / "scans" / f"{number}.dcm", seed=number, position=number)
    return tmp_path / "scans"


def train(folder, tmp_path, *more):
    flags = ["--dataset=ct_folder", f"--manual_dir={folder}", f"--data_dir={tmp_path / 'tfds'}",
             f"--runs_dir={tmp_path / 'runs'}", "--image_size=16", "--base_channels=4", "--batch_size=2",
             "--steps=2", "--log_every=1", "--sample_every=1", *more]  # fmt: skip
    environment = dict(os.environ, TFDS_COVIDCT_PRIVATE_DIR=str(tmp_path / "private"))
    command = [sys.executable, "-m", "covid_gan.train", *flags]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def found_secrets(tmp_path, done) -> list:
    """Where any secret stands, in the files below `tmp_path` but the scans, and on the terminal."""
    places = {"stdout": done.stdout.encode(), "stderr": done.stderr.encode()}
    files = [p for p in tmp_path.rglob("*") if p.is_file() and p.parent != tmp_path / "scans"]
    places |= {str(path): path.read_bytes() for path in files}
    forms = [form for s in SECRETS for form in (s.encode(), s.upper().encode(), s.encode("utf-16-le"))]
    return [(place, form) for place, content in places.items() for form in forms if form in content]


@pytest.mark.slow
@pytest.mark.parametrize("keep", [OF_CT, ()], ids=["CT", "every tag"])
def test_no_text_of_a_header_is_written_or_printed(keep, folder, tmp_path):
    for path in folder.iterdir():
        with_secrets(path, keep)
    done = train(folder, tmp_path)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "tfds").rglob("*.tfrecord*")) and list((tmp_path / "runs").rglob("events*"))
    assert found_secrets(tmp_path, done) == []


@pytest.mark.slow
def test_errors_and_lists_of_bad_files_do_not_quote_headers(folder, tmp_path):
    for path in folder.iterdir():
        with_secrets(path, OF_CT)
    cut, odd = folder / "0.dcm", folder / "1.dcm"
    cut.write_bytes(cut.read_bytes()[:-500])
    with pydicom.config.disable_value_validation():
        dataset = pydicom.dcmread(odd)
        dataset.add_new("RescaleSlope", "LO", NAME)
        dataset.save_as(odd)
    strict = train(folder, tmp_path)
    assert strict.returncode == 2 and "0.dcm" in strict.stderr
    assert found_secrets(tmp_path, strict) == []
    skipped = train(folder, tmp_path, "--skip_bad")
    assert skipped.returncode == 0, skipped.stderr
    assert "Skipped 2 files" in skipped.stderr
    assert found_secrets(tmp_path, skipped) == []


def test_the_search_finds_what_is_there(tmp_path):
    (tmp_path / "leak").write_bytes(b"..." + NAME.encode() + b"...")
    done = subprocess.CompletedProcess([], 0, "", "")
    assert found_secrets(tmp_path, done)
