"""`covid_ct` prepared from upstream's own files, where this machine has them."""

import collections
import os
import pathlib

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from tfds_covidct.covid_ct import SAME_PICTURE_IDS, SAME_PICTURE_PAIRS, Builder

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SOURCE = pathlib.Path(
    os.environ.get("COVID_CT_DIR", REPOSITORY.parent / "shared" / "data" / "covid-ct")
)
PER_SPLIT = {
    "train": {"covid": 191, "non_covid": 234},
    "validation": {"covid": 60, "non_covid": 58},
    "test": {"covid": 98, "non_covid": 105},
}

pytestmark = pytest.mark.skipif(
    not SOURCE.is_dir(), reason=f"no copy of COVID-CT in {SOURCE}; COVID_CT_DIR can name another"
)


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    """Where `tfds.load` has prepared the data set from `SOURCE`."""
    folder = tmp_path_factory.mktemp("covid_ct")
    config = tfds.download.DownloadConfig(manual_dir=SOURCE)
    tfds.load(
        "covid_ct", data_dir=folder, download_and_prepare_kwargs={"download_config": config}
    )
    return folder


@pytest.fixture(scope="session")
def splits(data_dir):
    """Split name -> its examples, from a plain `tfds.load`."""
    loaded = tfds.load("covid_ct", data_dir=data_dir)
    return {name: list(tfds.as_numpy(dataset)) for name, dataset in loaded.items()}


@pytest.fixture(scope="session")
def images_of(splits):
    """Label -> {image_id: image} over all splits."""
    images = {"covid": {}, "non_covid": {}}
    for example in (example for examples in splits.values() for example in examples):
        images[label_of(example)][example["image_id"].decode()] = example["image"]
    return images


def label_of(example):
    return ("covid", "non_covid")[example["label"]]


def test_official_split(splits):
    counted = {
        name: collections.Counter(label_of(example) for example in examples)
        for name, examples in splits.items()
    }
    assert counted == PER_SPLIT


def test_every_image_is_there_once(images_of):
    assert {label: len(images) for label, images in images_of.items()} == Builder.IMAGES_PER_CLASS
    assert not images_of["covid"].keys() & images_of["non_covid"].keys()


def test_images_are_one_grey_channel(images_of):
    images = [image for by_id in images_of.values() for image in by_id.values()]
    assert all(image.dtype == np.uint8 and image.ndim == 3 for image in images)
    assert {image.shape[2] for image in images} == {1}
    heights, widths, _ = zip(*(image.shape for image in images))
    assert (min(heights), max(heights), min(widths), max(widths)) == (61, 1225, 115, 1671)
    assert all(image.min() < image.max() for image in images)


def test_all_images_have_a_patient(splits):
    patients = collections.defaultdict(set)
    for examples in splits.values():
        for example in examples:
            patients[label_of(example)].add(example["patient_id"].decode())
    assert {label: len(ids) for label, ids in patients.items()} == {"covid": 213, "non_covid": 171}
    for label, ids in patients.items():
        assert all(patient.startswith(f"{label}/") and patient != f"{label}/" for patient in ids)


def test_no_patient_crosses_the_splits(splits):
    splits_of = collections.defaultdict(set)
    for name, examples in splits.items():
        for example in examples:
            splits_of[example["patient_id"]].add(name)
    assert not {patient: names for patient, names in splits_of.items() if len(names) > 1}


def test_sources(splits):
    sources = collections.Counter()
    for example in (example for examples in splits.values() for example in examples):
        source = example["source"].decode()
        sources["doi" if source.startswith("10.") else source] += 1
        assert not any(character.isspace() for character in source)
    assert sources == {"doi": 203, "": 146, "crawled": 202, "medpix": 195}


def thumbnails(images):
    """Returns [number of images, 64 * 64] with mean 0 and length 1 each."""
    small = [Image.fromarray(image[..., 0]).resize((64, 64), Image.BOX) for image in images]
    rows = np.stack([np.asarray(image, dtype=np.float64).ravel() for image in small])
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_exactly_two_pictures_stand_under_both_labels(images_of):
    covid, other = images_of["covid"], images_of["non_covid"]
    correlation = thumbnails(covid.values()) @ thumbnails(other.values()).T
    # The same picture at another size correlates by 0.97 or more, the next pair by 0.81.
    same = {(list(covid)[i], list(other)[j]) for i, j in np.argwhere(correlation > 0.9)}
    assert same == set(SAME_PICTURE_PAIRS)
    assert SAME_PICTURE_IDS == {image_id for pair in same for image_id in pair}
