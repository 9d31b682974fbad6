"""The `covid_ct` builder on dummy data: what it prepares, and what it refuses."""

import os
import shutil
import time
import zipfile
from unittest import mock

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from tfds_covidct import DataError, SourceUnavailableError
from tfds_covidct.covid_ct import Builder, archive, layout, source

DUMMY_DATA = Builder.code_path.parent / "dummy_data"
DUMMY_IMAGES = {"covid": 4, "non_covid": 4}
COVID_ZIP = layout.LAYOUT["covid"].images


class CovidCtBuilderTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    SPLITS = {"train": 4, "validation": 2, "test": 2}
    # Upstream's files could not be downloaded when the builder was written, so no checksum of them
    # is known; the builder checks their content instead.
    SKIP_CHECKSUMS = True

    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch.object(Builder, "IMAGES_PER_CLASS", DUMMY_IMAGES))


@pytest.fixture
def source_dir(tmp_path, monkeypatch):
    """A folder with the dummy data in upstream's layout, for a test to spoil."""
    monkeypatch.setattr(Builder, "IMAGES_PER_CLASS", DUMMY_IMAGES)
    return shutil.copytree(DUMMY_DATA, tmp_path / "source")


@pytest.fixture
def prepare(tmp_path):
    """Prepares the data set from a folder into `tmp_path / "data"`."""

    def run(manual_dir):
        builder = Builder(data_dir=tmp_path / "data")
        config = tfds.download.DownloadConfig(manual_dir=os.fspath(manual_dir))
        builder.download_and_prepare(download_config=config)
        return builder

    return run


@pytest.fixture
def assert_refused(tmp_path, prepare):
    """Checks that preparing fails with a DataError that says `match`, and leaves nothing behind."""

    def check(manual_dir, match):
        with pytest.raises(DataError, match=match):
            prepare(manual_dir)
        assert not (tmp_path / "data").exists()

    return check


def rewrite_zip(path, change):
    """Passes {entry name: content} of an archive to `change`, and writes what that leaves."""
    with zipfile.ZipFile(path) as old:
        entries = {name: old.read(name) for name in old.namelist()}
    change(entries)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in entries.items():
            new.writestr(name, content)


def examples(builder, split):
    dataset = tfds.as_numpy(builder.as_dataset(split=split))
    return {example["image_id"].decode(): example for example in dataset}


def test_examples_carry_label_patient_and_source(source_dir, prepare):
    train = examples(prepare(source_dir), "train")

    assert sorted(train) == ["0.jpg", "1%0.jpg", "fake-p1-1%0.png", "fake-p1-1%1.png"]
    covid, other = train["fake-p1-1%0.png"], train["1%0.jpg"]
    assert (covid["label"], other["label"]) == (0, 1)
    assert covid["patient_id"] == b"covid/Patient 1"
    assert covid["source"] == b"10.0000/fake.1"
    assert other["patient_id"] == b"non_covid/crawled_patient_1"
    assert other["source"] == b"crawled"
    assert covid["image"].dtype == np.uint8 and covid["image"].shape[-1] == 1


def test_table_may_lack_an_extension_or_a_name(source_dir, prepare):
    builder = prepare(source_dir)
    assert examples(builder, "validation")["fake-p2-1.png"]["patient_id"] == b"covid/Patient 2"
    assert examples(builder, "test")["fake-p3-1.png"]["patient_id"] == b"covid/Patient 3"


def test_preparing_twice_gives_the_same_records(source_dir, prepare, tmp_path):
    def records():
        folder = tmp_path / "data" / "covid_ct" / "1.0.0"
        return {path.name: path.read_bytes() for path in folder.glob("*.tfrecord*")}

    prepare(source_dir)
    first = records()
    shutil.rmtree(tmp_path / "data")
    prepare(source_dir)
    assert len(first) == 3 and records() == first


def test_unpacked_folders_give_the_same_examples(source_dir, prepare, tmp_path):
    zipped = examples(prepare(source_dir), "train")
    shutil.rmtree(tmp_path / "data")
    for files in layout.LAYOUT.values():
        path = source_dir / files.images
        with zipfile.ZipFile(path) as packed:
            packed.extractall(path.parent)
        path.unlink()

    unpacked = examples(prepare(source_dir), "train")
    assert unpacked.keys() == zipped.keys()
    for name in zipped:
        np.testing.assert_array_equal(unpacked[name]["image"], zipped[name]["image"])


def test_missing_metadata_is_a_warning(source_dir, prepare):
    for name in layout.METADATA_FILES:
        (source_dir / name).unlink()
    with mock.patch("absl.logging.warning") as warning:
        train = examples(prepare(source_dir), "train")
    assert any("patient_id" in call.args[0] for call in warning.call_args_list)
    assert {example["patient_id"] for example in train.values()} == {b""}
    assert {example["source"] for example in train.values()} == {b""}


@pytest.mark.parametrize("name", layout.REQUIRED_FILES)
def test_refuses_an_incomplete_manual_dir(source_dir, assert_refused, name):
    (source_dir / name).unlink()
    assert_refused(source_dir, name)


def test_refuses_a_truncated_zip(source_dir, assert_refused):
    path = source_dir / COVID_ZIP
    path.write_bytes(path.read_bytes()[:-100])
    assert_refused(source_dir, "CT_COVID.zip: not an intact zip")


def test_refuses_what_is_no_zip(source_dir, assert_refused):
    (source_dir / COVID_ZIP).write_text("404: Not Found")
    assert_refused(source_dir, "CT_COVID.zip: not an intact zip")


def test_refuses_a_damaged_entry(source_dir, assert_refused):
    path = source_dir / COVID_ZIP
    with zipfile.ZipFile(path) as packed:
        entry = packed.getinfo("CT_COVID/fake-p3-1.png")
    content = bytearray(path.read_bytes())
    content[entry.header_offset + 30 + len(entry.filename) + entry.compress_size // 2] ^= 0xFF
    path.write_bytes(content)
    assert_refused(source_dir, "fake-p3-1.png: cannot be unpacked")


@pytest.mark.parametrize("name", ["../evil.png", "/evil.png", "CT_COVID/..\\x.png", "C:\\x.png"])
def test_refuses_an_entry_that_leaves_its_folder(source_dir, assert_refused, name):
    rewrite_zip(source_dir / COVID_ZIP, lambda entries: entries.update({name: b""}))
    assert_refused(source_dir, "would leave its folder")


def test_refuses_an_entry_that_unpacks_to_too_much(source_dir, assert_refused):
    bomb = {"CT_COVID/fake-p2-1.png": bytes(archive.MAX_FILE_BYTES + 1)}
    rewrite_zip(source_dir / COVID_ZIP, lambda entries: entries.update(bomb))
    assert_refused(source_dir, "fake-p2-1.png: larger than")


def test_refuses_an_image_of_too_many_pixels(source_dir, assert_refused, tmp_path):
    Image.new("1", (10_000, 7_000)).save(tmp_path / "bomb.png")
    bomb = {"CT_COVID/fake-p2-1.png": (tmp_path / "bomb.png").read_bytes()}
    rewrite_zip(source_dir / COVID_ZIP, lambda entries: entries.update(bomb))
    assert_refused(source_dir, "fake-p2-1.png: 10000 x 7000 is more than")


def test_refuses_an_image_that_does_not_decode(source_dir, assert_refused):
    broken = {"CT_COVID/fake-p2-1.png": b"\x89PNG\r\n\x1a\n"}
    rewrite_zip(source_dir / COVID_ZIP, lambda entries: entries.update(broken))
    assert_refused(source_dir, "fake-p2-1.png: cannot be decoded")


def test_refuses_a_listed_image_that_is_missing(source_dir, assert_refused):
    rewrite_zip(source_dir / COVID_ZIP, lambda entries: entries.pop("CT_COVID/fake-p2-1.png"))
    assert_refused(source_dir, r"lacks images that are listed \(1\): fake-p2-1.png")


def test_refuses_an_image_in_no_list(source_dir, assert_refused):
    extra = {"CT_COVID/extra.png": b""}
    rewrite_zip(source_dir / COVID_ZIP, lambda entries: entries.update(extra))
    assert_refused(source_dir, r"in no list of .*: extra.png")


def test_refuses_an_image_in_two_lists(source_dir, assert_refused):
    with open(source_dir / layout.LAYOUT["covid"].lists["test"], "a") as list_file:
        list_file.write("\nfake-p2-1.png")
    assert_refused(source_dir, r"list images twice \(1\): fake-p2-1.png")


def test_refuses_two_images_of_one_name(source_dir, assert_refused):
    twin = {"CT_COVID/again/fake-p2-1.png": b""}
    rewrite_zip(source_dir / COVID_ZIP, lambda entries: entries.update(twin))
    assert_refused(source_dir, "two files named fake-p2-1.png")


def test_refuses_another_number_of_images(source_dir, assert_refused, monkeypatch):
    monkeypatch.setattr(Builder, "IMAGES_PER_CLASS", {"covid": 349, "non_covid": 397})
    assert_refused(source_dir, "CT_COVID.zip: 4 images, expected 349")


def test_a_failure_keeps_what_was_there(source_dir, prepare, tmp_path):
    keep = tmp_path / "data" / "downloads" / "covid_ct" / "keep.txt"
    keep.parent.mkdir(parents=True)
    keep.write_text("mine")
    (source_dir / COVID_ZIP).write_bytes(b"")
    with pytest.raises(DataError):
        prepare(source_dir)
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == [keep]


def test_unreachable_upstream_is_soon_one_error_that_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "BASE_URL", "https://covid-ct.invalid")
    start = time.monotonic()
    says = "(?s)does not answer.*CT_COVID.zip.*--manual_dir"
    with pytest.raises(SourceUnavailableError, match=says):
        Builder(data_dir=tmp_path / "data").download_and_prepare()
    assert time.monotonic() - start < 10
    assert not (tmp_path / "data").exists()


def test_an_absent_manual_dir_is_as_good_as_none(tmp_path, prepare, monkeypatch):
    monkeypatch.setattr(source, "upstream_answers", lambda: False)
    with pytest.raises(SourceUnavailableError):
        prepare(tmp_path / "absent")
    assert not (tmp_path / "data").exists()
