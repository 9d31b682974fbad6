"""A folder of scans as a data set: what is read, how it is labelled, split, named and found again."""

import collections
import json
import logging
import zipfile

import numpy as np
import pytest
import tensorflow_datasets as tfds

from tfds_covidct import DataError, SettingError, ct_folder
from tfds_covidct.ct_folder.identity import Identity
from tfds_covidct.windows import apply_window, parse_window


def examples(builder):
    """All examples of all splits, with their split's name."""
    return [
        (split, {name: value.numpy() for name, value in example.items()})
        for split in builder.info.splits
        for example in builder.as_dataset(split=split)
    ]


def files(folder):
    """The way back: {image_id: (file, frame)}."""
    lines = [json.loads(line) for line in Identity(folder).path.read_text().splitlines()[1:]]
    return {line["image_id"]: (line["file"], line["frame"]) for line in lines if "image_id" in line}


def all_files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_every_slice_becomes_a_record_with_its_class_and_the_way_back(folder, prepare, tmp_path):
    builder = prepare(folder)
    records, back = examples(builder), files(folder)
    assert builder.info.features["label"].names == ["covid", "healthy"]
    assert collections.Counter(record["label"] for _, record in records) == {0: 12, 1: 5}
    for _, record in records:
        file, frame = back[record["image_id"].decode()]
        assert file.startswith(["covid", "healthy"][record["label"]]) and frame == 0
        assert record["image"].shape == (32, 32, 1) and record["image"].dtype == np.uint8
    assert len({record["image_id"] for _, record in records}) == 17


@pytest.mark.parametrize("window", ["lung", "bone", "0,500"])
def test_hu_go_through_the_window_and_spacing_is_kept(window, prepare, tmp_path, write_dicom, slice_hu):
    for number in range(2):
        write_dicom(tmp_path / "scans" / f"{number}.dcm", seed=number, position=number)
    builder = prepare(tmp_path / "scans", window=window)
    for _, record in examples(builder):
        file, _ = files(tmp_path / "scans")[record["image_id"].decode()]
        expected = apply_window(slice_hu(int(file[0])), parse_window(window))
        np.testing.assert_array_equal(record["image"][..., 0], expected)
        np.testing.assert_allclose(record["spacing"], [0.7, 0.8], rtol=1e-6)


def test_patients_stay_whole(prepare, tmp_path, write_dicom, write_picture):
    root = tmp_path / "scans"
    for patient in range(12):
        for number in range(3):
            path = root / "a" / f"{number}-{patient}.dcm"  # every patient's files lie apart
            write_dicom(
                path, seed=patient, position=number, series=f"1.{patient}", PatientID=f"Doe {patient}"
            )
            write_picture(root / "b" / f"folder{patient}" / "deep" / f"{number}.png", seed=patient)
    builder = prepare(root)
    splits_of = collections.defaultdict(set)
    for split, record in examples(builder):
        splits_of[record["patient_id"]].add(split)
    assert len(splits_of) == 24 and all(len(splits) == 1 for splits in splits_of.values())
    assert set(builder.info.splits) == {"train", "validation", "test"}
    assert dict(builder.info.metadata)["patients_known_by"] == {"patient": 12, "folder": 12}


def test_one_patient_in_two_classes_is_one_patient(prepare, tmp_path, write_dicom):
    for label in "ab":
        for number in range(2):
            write_dicom(tmp_path / "s" / label / f"{number}.dcm", series=f"1.{ord(label)}", position=number)
    assert len({record["patient_id"] for _, record in examples(prepare(tmp_path / "s"))}) == 1


def test_pictures_of_nobody_known_are_split_by_blocks_with_a_warning(
    prepare, tmp_path, write_picture, caplog
):
    for number in range(60):
        write_picture(tmp_path / "s" / f"slice{number}.png", seed=number)
    builder = prepare(tmp_path / "s")
    numbers = collections.defaultdict(list)
    for _, record in examples(builder):
        file, _ = files(tmp_path / "s")[record["image_id"].decode()]
        numbers[record["patient_id"]].append(int(file.removeprefix("slice").removesuffix(".png")))
    assert sorted(map(sorted, numbers.values())) == [list(range(n, n + 6)) for n in range(0, 60, 6)]
    assert "blocks of consecutive files" in caplog.text


def test_the_order_in_a_series_is_by_position(prepare, tmp_path, write_dicom):
    for number in range(10):
        write_dicom(tmp_path / "s" / f"{number}.dcm", seed=number, position=100.0 - number)
    prepare(tmp_path / "s", slice_range="0,0.3")
    prepare(tmp_path / "s", slice_range="0.4,0.6")
    lines = [json.loads(line) for line in Identity(tmp_path / "s").path.read_text().splitlines()[1:]]
    kept = collections.defaultdict(set)
    for line in lines:
        kept[line["set"]].add(line["file"])
    assert sorted(map(sorted, kept.values())) == [["4.dcm", "5.dcm"], ["7.dcm", "8.dcm", "9.dcm"]]


def test_slices_without_lung_are_dropped(prepare, tmp_path, write_dicom):
    lung, none = (np.full((32, 32), hu + 24, np.int16).tobytes() for hu in (-800, 40))
    for number in range(6):
        pixels = lung if number % 2 else none
        write_dicom(tmp_path / "s" / f"{number}.dcm", position=number, PixelData=pixels)
    records = examples(prepare(tmp_path / "s", min_lung_fraction=0.5))
    assert {files(tmp_path / "s")[r["image_id"].decode()][0] for _, r in records} == {
        "1.dcm",
        "3.dcm",
        "5.dcm",
    }
    with pytest.raises(DataError, match="holds no image"):
        for number in range(6):
            write_dicom(tmp_path / "s" / f"{number}.dcm", position=number, PixelData=none)
        prepare(tmp_path / "s", min_lung_fraction=0.5)


def test_an_archive_stands_for_a_folder(prepare, tmp_path, write_picture):
    (tmp_path / "s").mkdir()
    with zipfile.ZipFile(tmp_path / "s" / "covid.zip", "w") as archive:
        for number in range(4):
            archive.write(
                write_picture(tmp_path / f"{number}.png", seed=number), f"p{number % 2}/{number}.png"
            )
    builder = prepare(tmp_path / "s")
    assert builder.info.features["label"].names == ["covid"]
    assert len({record["patient_id"] for _, record in examples(builder)}) == 2


def test_bad_files_are_skipped_counted_and_listed(folder, prepare, caplog):
    (folder / "covid" / "p0" / "notes.txt").write_text("foreign")
    cut = folder / "covid" / "p1" / "0.png"
    cut.write_bytes(cut.read_bytes()[:-600])
    builder = prepare(folder, skip_bad=True)
    assert builder.info.metadata["files_skipped"] == 2
    assert sum(split.num_examples for split in builder.info.splits.values()) == 16
    listed = [json.loads(line) for line in Identity(folder).path.read_text().splitlines()]
    assert {line["skipped"] for line in listed if "skipped" in line} == {
        "covid/p0/notes.txt",
        "covid/p1/0.png",
    }
    assert "Skipped 2 files" in caplog.text


def test_odd_series_are_told_of(prepare, tmp_path, write_dicom, caplog):
    for number in (0, 1, 2, 5, 6):
        write_dicom(tmp_path / "s" / f"{number}.dcm", seed=number, position=number)
    write_dicom(tmp_path / "s" / "again.dcm", seed=9, position=6)
    builder = prepare(tmp_path / "s")
    assert "missing" in caplog.text and "position" in caplog.text
    assert builder.info.metadata["series_with_findings"] == 1


def test_objects_without_a_slice_are_passed_over_and_counted(prepare, tmp_path, write_dicom):
    for number in range(3):
        write_dicom(tmp_path / "s" / f"{number}.dcm", seed=number, position=number)
    write_dicom(tmp_path / "s" / "scout.dcm", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    builder = prepare(tmp_path / "s")
    assert builder.info.metadata["files_passed_over"] == {"localizer": 1}
    assert sum(split.num_examples for split in builder.info.splits.values()) == 3


def test_the_records_do_not_depend_on_the_number_of_processes(folder, tmp_path, monkeypatch):
    digests = []
    for count in (1, 2):
        monkeypatch.setattr("os.sched_getaffinity", lambda _: range(count))
        builder = ct_folder.Builder(data_dir=tmp_path / str(count), manual_dir=folder)
        builder.download_and_prepare()
        digests.append([path.read_bytes() for path in sorted(builder.data_path.glob("*.tfrecord*"))])
    assert digests[0] == digests[1]


def test_records_put_in_order_on_disk_are_those_put_in_order_in_memory(folder, tmp_path, monkeypatch):
    from tfds_covidct import from_folder

    digests = []
    for size in (from_folder._IN_MEMORY, 100):
        monkeypatch.setattr(from_folder, "_IN_MEMORY", size)
        builder = ct_folder.Builder(data_dir=tmp_path / str(size), manual_dir=folder)
        builder.download_and_prepare()
        digests.append([e["image_id"] for split in builder.info.splits for e in
                        tfds.as_numpy(builder.as_dataset(split=split))])  # fmt: skip
    assert digests[0] == digests[1]


@pytest.fixture(autouse=True)
def _heard(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("tfds_covidct"), "propagate", True)
    caplog.set_level(logging.INFO, "tfds_covidct")


def test_a_folder_that_changes_while_it_is_read_is_refused(folder, tmp_path, monkeypatch):
    from tfds_covidct.ct_folder import plan

    early = ct_folder.Builder(data_dir=tmp_path / "tfds", manual_dir=folder)
    (folder / "covid" / "p0" / "0.png").touch()
    late = ct_folder.Builder(data_dir=tmp_path / "tfds", manual_dir=folder)
    make_plan = plan.make_plan
    monkeypatch.setattr(plan, "make_plan", lambda *a: [(folder / "late.png").touch(), make_plan(*a)][1])
    for builder in (early, late):
        with pytest.raises(DataError, match="has changed since its digest was made"):
            builder.download_and_prepare()
        assert not builder.data_path.exists()


def test_two_folders_for_one_builder_are_a_mistake(folder, tmp_path):
    builder = ct_folder.Builder(data_dir=tmp_path / "tfds", manual_dir=folder)
    (tmp_path / "other").mkdir()
    with pytest.raises(SettingError, match="contradicts the builder's"):
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(manual_dir=tmp_path / "other")
        )


def test_a_prepared_set_knows_its_settings(folder, prepare, tmp_path):
    prepare(folder, window="bone", slice_range="0,0.5")
    (name,) = ct_folder.Builder.prepared_names(tmp_path / "tfds")
    read_only = tfds.builder(f"ct_folder/{name}", data_dir=tmp_path / "tfds")
    assert ct_folder.settings_of(read_only)["window"] == "bone"
    assert ct_folder.settings_of(read_only)["slice_range"] == "0,0.5"


def test_the_only_prepared_set_never_stands_for_another_folder(folder, prepare, tmp_path, write_picture):
    prepare(folder)
    for number in range(5):
        write_picture(tmp_path / "other" / f"{number}.png", seed=number)
    download = tfds.download.DownloadConfig(manual_dir=tmp_path / "other")
    kwargs = dict(data_dir=tmp_path / "tfds", download_and_prepare_kwargs=dict(download_config=download))
    assert sum(len(split) for split in tfds.load("ct_folder", **kwargs).values()) == 5


def test_settings_wait_for_the_folder(folder, prepare, tmp_path):
    prepare(folder)
    download = tfds.download.DownloadConfig(manual_dir=folder)
    kwargs = dict(data_dir=tmp_path / "tfds", builder_kwargs=dict(window="bone"))
    tfds.load("ct_folder", download_and_prepare_kwargs=dict(download_config=download), **kwargs)
    assert ct_folder.Builder(data_dir=tmp_path / "tfds", manual_dir=folder, window=(400, 1800)).is_prepared()
    with pytest.raises(DataError, match="made from a folder"):
        tfds.load("ct_folder", **kwargs)


def test_pictures_beside_the_series_of_a_patient_show_that_patient(
    prepare, tmp_path, write_dicom, write_picture
):
    for patient in range(10):
        below = tmp_path / "s" / "a" / f"p{patient}"
        write_picture(below / "key.png", seed=patient)
        write_dicom(below / "IM0", seed=patient, series=f"1.{patient}", PatientID=f"Doe {patient}")
    builder = prepare(tmp_path / "s")
    assert len({record["patient_id"] for _, record in examples(builder)}) == 10
    assert dict(builder.info.metadata)["patients_known_by"] == {"patient": 10}


def test_a_split_of_bad_files_alone_is_split_anew(prepare, tmp_path, write_picture):
    for number in range(8):
        path = write_picture(tmp_path / "s" / "ab"[number % 2] / f"{number}.png", seed=number)
    for bad in range(2):  # Whichever split they fall to.
        cut = path.with_name(f"cut{bad}.png")
        cut.write_bytes(path.read_bytes()[:-600])
        builder = prepare(tmp_path / "s", skip_bad=True)
        assert sum(split.num_examples for split in builder.info.splits.values()) == 8
        assert builder.info.metadata["files_skipped"] == bad + 1


def test_fewer_examples_may_be_asked_for(folder, tmp_path):
    builder = ct_folder.Builder(data_dir=tmp_path / "tfds", manual_dir=folder)
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(max_examples_per_split=1))
    assert {split.num_examples for split in builder.info.splits.values()} == {1}


def test_all_series_of_one_study_count_as_one_patient(prepare, tmp_path, write_dicom, caplog):
    for number in range(6):
        orientation = [1, 0, 0, 0, 1, 0] if number % 2 else [0, 1, 0, 0, 0, -1]
        write_dicom(tmp_path / "s" / f"{number}.dcm", seed=number, series="1.2", PatientID="",
                    ImageOrientationPatient=orientation, ImagePositionPatient=[number, number, number])  # fmt: skip
        write_dicom(tmp_path / "s" / f"again{number}.dcm", seed=number, position=number, series="1.3",
                    PatientID="", StudyInstanceUID="1.7")  # fmt: skip
        write_dicom(tmp_path / "s" / f"thin{number}.dcm", seed=number, position=number, series="1.4",
                    PatientID="", StudyInstanceUID="1.7")  # fmt: skip
    records = examples(prepare(tmp_path / "s"))
    assert len({record["patient_id"] for _, record in records}) == 2
    assert "counts as a patient (2)" in caplog.text


def test_a_decoder_that_crashes_is_an_error_that_names_the_file(folder, prepare, monkeypatch):
    from tfds_covidct.reading.workers import Failure, Workers

    run = Workers.run

    def crashing(self, function, tasks):
        for task, outcome in run(self, function, tasks):
            source = getattr(task, "source", task)
            yield task, Failure("crashed the decoder (signal 11)") if "p0/1" in source.relative else outcome

    monkeypatch.setattr(Workers, "run", crashing)
    with pytest.raises(DataError, match=r"covid/p0/1.png: crashed the decoder \(signal 11\)"):
        prepare(folder)
