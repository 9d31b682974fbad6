"""How other projects load the data sets, as the README shows it: each line of its page is run here."""

import hashlib
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow_datasets as tfds

from tfds_covidct import covid_ct, ct_folder

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DUMMY_COVID_CT = pathlib.Path(covid_ct.__file__).parent / "dummy_data"


def needs(*modules):
    missing = [module for module in modules if not importlib.util.find_spec(module)]
    return pytest.mark.skipif(bool(missing), reason=f"needs {' and '.join(missing)}")


@pytest.fixture(scope="module")
def scans(tmp_path_factory, write_picture, write_dicom):
    """A folder of 20 patients in two classes."""
    root = tmp_path_factory.mktemp("my") / "scans"
    for patient in range(20):
        label = ("covid", "healthy")[patient % 2]
        for number in range(2):
            write_picture(root / label / f"p{patient}" / f"{number}.png", seed=100 * patient + number)
            write_dicom(root / label / f"p{patient}" / f"IM{number}", patient, number, f"1.{patient}",
                        PatientID=f"Doe {patient}")  # fmt: skip
    return root


@pytest.fixture(scope="module", params=["covid_ct", "ct_folder"])
def load_kwargs(request, scans, tmp_path_factory):
    """What `tfds.load` and its like are given for each of the two data sets."""
    data_dir = tmp_path_factory.mktemp("tfds")
    if request.param == "ct_folder":
        yield dict(name="ct_folder", data_dir=data_dir, builder_kwargs=dict(manual_dir=scans))
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(covid_ct.Builder, "IMAGES_PER_CLASS", {"covid": 4, "non_covid": 4})
        download = tfds.download.DownloadConfig(manual_dir=DUMMY_COVID_CT)
        prepare = dict(download_config=download)
        yield dict(name="covid_ct", data_dir=data_dir, download_and_prepare_kwargs=prepare)


def test_as_supervised(load_kwargs):
    for image, label in tfds.load(split="train", as_supervised=True, **load_kwargs):
        assert image.dtype == np.uint8 and image.shape[-1] == 1 and label.shape == ()


def test_as_numpy(load_kwargs):
    examples = list(tfds.as_numpy(tfds.load(split="train", **load_kwargs)))
    assert examples and all(isinstance(example["image"], np.ndarray) for example in examples)
    assert all(isinstance(example["image_id"], bytes) for example in examples)


def test_as_dataframe(load_kwargs):
    scans, info = tfds.load(split="train", with_info=True, **load_kwargs)
    frame = tfds.as_dataframe(scans, info)
    assert len(frame) == info.splits["train"].num_examples
    assert {"image", "label", "image_id", "patient_id"} <= set(frame.columns)


def as_source(load_kwargs, data_dir):
    """A source of single examples, which needs records of another format in a folder of their own."""
    kwargs = {**load_kwargs, "data_dir": data_dir}
    kwargs["builder_kwargs"] = dict(kwargs.get("builder_kwargs", {}), file_format="array_record")
    return tfds.data_source(split="train", **kwargs)


def test_data_source(load_kwargs, tmp_path):
    source = as_source(load_kwargs, tmp_path)
    by_id = {e["image_id"]: e["image"] for e in tfds.as_numpy(tfds.load(split="train", **load_kwargs))}
    assert len(source) == len(by_id)
    for i in range(len(source)):
        np.testing.assert_array_equal(source[i]["image"], by_id[source[i]["image_id"]])


@needs("torch")
def test_torch(load_kwargs, tmp_path):
    import torch

    source = as_source(load_kwargs, tmp_path)
    loader = torch.utils.data.DataLoader(
        source, shuffle=True, batch_size=2, collate_fn=lambda examples: [e["image"] for e in examples]
    )
    assert sum(len(batch) for batch in loader) == len(source)


def records(builder):
    return {
        (split, e["image_id"], e["label"], e["patient_id"], hashlib.sha256(e["image"]).hexdigest())
        for split in builder.info.splits
        for e in tfds.as_numpy(builder.as_dataset(split=split))
    }


@needs("apache_beam")
@pytest.mark.slow
def test_beam_makes_the_same_records(scans, tmp_path):
    by_workers = ct_folder.Builder(data_dir=tmp_path / "workers", manual_dir=scans)
    by_workers.download_and_prepare()
    by_beam = ct_folder.Builder(data_dir=tmp_path / "beam", manual_dir=scans)
    by_beam.download_and_prepare(download_config=tfds.download.DownloadConfig(beam_runner="DirectRunner"))
    assert records(by_beam) == records(by_workers)
    assert len(records(by_beam)) == 80


@needs("apache_beam")
@pytest.mark.slow
def test_beam_skips_and_counts_bad_files(tmp_path, write_picture):
    from tfds_covidct import DataError

    for number in range(20):
        path = write_picture(tmp_path / "s" / f"{number}.png", seed=number)
    path.write_bytes(path.read_bytes()[:-600])
    download = tfds.download.DownloadConfig(beam_runner="DirectRunner")
    builder = ct_folder.Builder(data_dir=tmp_path / "tfds", manual_dir=tmp_path / "s", skip_bad=True)
    builder.download_and_prepare(download_config=download)
    assert builder.info.metadata["files_skipped"] == 1
    assert sum(split.num_examples for split in builder.info.splits.values()) == 19
    with pytest.raises(Exception, match="19.png") as error:
        strict = ct_folder.Builder(data_dir=tmp_path / "tfds2", manual_dir=tmp_path / "s")
        strict.download_and_prepare(download_config=download)
    assert "DataError" in repr(error.value) or isinstance(error.value, DataError)


def test_a_runner_without_beam_names_the_extra(scans, tmp_path, monkeypatch):
    from tfds_covidct import DataError

    monkeypatch.setitem(sys.modules, "apache_beam", None)
    builder = ct_folder.Builder(data_dir=tmp_path, manual_dir=scans)
    with pytest.raises(DataError, match=r"covid_gan\[beam\]"):
        builder.download_and_prepare(download_config=tfds.download.DownloadConfig(beam_runner="DirectRunner"))


@needs("apache_beam", "mlcroissant")
@pytest.mark.slow
@pytest.mark.parametrize("how", ["manual_dir", "config"])
def test_tfds_build(how, scans, tmp_path):
    config = json.dumps({"manual_dir": str(scans), "window": "bone"})
    flags = [f"--manual_dir={scans}"] if how == "manual_dir" else [f"--config={config}"]
    command = [sys.executable, "-m", "tensorflow_datasets.scripts.cli.main", "build",
               "tfds_covidct/ct_folder", f"--data_dir={tmp_path}", *flags]  # fmt: skip
    environment = dict(os.environ, PYTHONPATH=str(REPOSITORY), TF_CPP_MIN_LOG_LEVEL="3")
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    window = "lung" if how == "manual_dir" else "bone"
    assert ct_folder.Builder(data_dir=tmp_path, manual_dir=scans, window=window).is_prepared()
