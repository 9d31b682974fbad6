"""The SARS-CoV-2 CT-scan data set: parts of it, duplicates, blocks of numbers."""

import collections
import logging
import re
import shutil

import pytest
import tensorflow_datasets as tfds

from tfds_covidct import DataError, sars_cov2_ct


@pytest.fixture(autouse=True)
def _heard(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("tfds_covidct"), "propagate", True)


@pytest.fixture
def copy(tmp_path, write_picture):
    """60 pictures of each class, in upstream's folders."""
    for number in range(1, 61):
        write_picture(tmp_path / "sars" / "COVID" / f"Covid ({number}).png", seed=number)
        write_picture(tmp_path / "sars" / "non-COVID" / f"Non-Covid ({number}).png", seed=1000 + number)
    return tmp_path / "sars"


def prepare(folder, data_dir):
    builder = sars_cov2_ct.Builder(data_dir=data_dir, manual_dir=folder)
    builder.download_and_prepare()
    return builder


def records(builder):
    return [(s, e) for s in builder.info.splits for e in tfds.as_numpy(builder.as_dataset(split=s))]


def numbers_in(builder):
    """{(label, number): split}."""
    found = {}
    for split, example in records(builder):
        found[example["label"], int(re.search(rb"\d+", example["image_id"])[0])] = split
    return found


def test_a_part_is_prepared_with_a_warning_that_says_how_many(copy, tmp_path, caplog):
    builder = prepare(copy, tmp_path / "tfds")
    assert "60 of 1252 covid and 60 of 1230 non_covid" in caplog.text
    assert collections.Counter(example["label"] for _, example in records(builder)) == {0: 60, 1: 60}


def test_blocks_of_numbers_stay_whole(copy, tmp_path):
    builder = prepare(copy, tmp_path / "tfds")
    split_of = numbers_in(builder)
    for (label, number), split in split_of.items():
        assert split_of[label, (number - 1) // 6 * 6 + 1] == split
    for label, validation, test in ((0, 12, 6), (1, 6, 12)):  # Two places where splits meet, and no more.
        in_order = [split_of[label, number] for number in range(1, 61)]
        assert in_order == ["train"] * 42 + ["validation"] * validation + ["test"] * test
    blocks = {example["patient_id"] for _, example in records(builder)}
    assert b"covid/numbers_0025-0030" in blocks and len(blocks) == 20


def test_duplicates_are_dropped_and_counted(copy, tmp_path, write_picture, caplog):
    shutil.copy(copy / "COVID" / "Covid (7).png", copy / "COVID" / "Covid (8).png")
    write_picture(copy / "COVID" / "Covid (9).bmp", seed=7)  # the same picture in another format
    (copy / "COVID" / "Covid (9).png").unlink()
    shutil.copy(copy / "COVID" / "Covid (30).png", copy / "non-COVID" / "Non-Covid (2).png")
    builder = prepare(copy, tmp_path / "tfds")
    left = numbers_in(builder)
    assert (0, 7) in left and not {(0, 8), (0, 9), (0, 30), (1, 2)} & set(left)
    assert builder.info.metadata["exact_duplicates"] == 2
    assert builder.info.metadata["under_both_labels"] == 2
    assert "2 pictures dropped: exact duplicates" in caplog.text


def test_another_part_is_another_data_set(copy, tmp_path):
    whole = prepare(copy, tmp_path / "tfds")
    (copy / "COVID" / "Covid (60).png").unlink()
    part = sars_cov2_ct.Builder(data_dir=tmp_path / "tfds", manual_dir=copy)
    assert not part.is_prepared() and part.data_path != whole.data_path


def test_the_classes_swapped_are_another_data_set(copy, tmp_path):
    name = sars_cov2_ct.Builder(data_dir=tmp_path / "tfds", manual_dir=copy).builder_config.name
    (copy / "COVID").rename(copy / "aside")
    (copy / "non-COVID").rename(copy / "COVID")
    (copy / "aside").rename(copy / "non-COVID")
    assert sars_cov2_ct.Builder(data_dir=tmp_path / "tfds", manual_dir=copy).builder_config.name != name


def test_it_is_found_in_the_folder_above_and_without_a_folder(copy, tmp_path):
    prepare(copy, tmp_path / "tfds")
    assert sars_cov2_ct.Builder(data_dir=tmp_path / "tfds", manual_dir=copy.parent).is_prepared()
    assert sum(len(split) for split in tfds.load("sars_cov2_ct", data_dir=tmp_path / "tfds").values()) == 120


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda root: shutil.rmtree(root / "COVID"), "no folders COVID/ and non-COVID/"),
        (lambda root: (root / "COVID" / "scan.png").write_bytes(b""), "not named like"),
        (lambda root: (root / "COVID" / "Covid (5).png").write_bytes(b"no"), r"Covid \(5\).png"),
        (lambda root: [p.unlink() for p in (root / "COVID").iterdir()], "holds no picture"),
    ],
    ids=["folder", "name", "content", "empty"],
)
def test_what_is_not_the_data_set_is_refused(damage, message, copy, tmp_path):
    damage(copy)
    with pytest.raises(DataError, match=message):
        prepare(copy, tmp_path / "tfds")
    assert not (tmp_path / "tfds").exists()


def test_the_real_pictures(real_data, tmp_path, caplog):
    builder = prepare(real_data("sars-cov-2-ct"), tmp_path)
    assert builder.info.metadata["files"] == 399 and builder.info.metadata["exact_duplicates"] == 2
    left = numbers_in(builder)
    assert {(0, 128), (0, 134)} <= set(left) and not {(0, 129), (0, 135)} & set(left)
    assert set(builder.info.splits) == {"train", "validation", "test"}
