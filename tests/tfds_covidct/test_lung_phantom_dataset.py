"""The TFDS builder of the phantoms, with few of them."""

import numpy as np
import tensorflow_datasets as tfds

import tfds_covidct
from tfds_covidct.lung_phantom import Builder, population

COUNTS = {
    "train": {"covid": 2, "non_covid": 2},
    "validation": {"covid": 1, "non_covid": 1},
    "test": {"covid": 1, "non_covid": 1},
}


class LungPhantomTest(tfds.testing.DatasetBuilderTestCase):
    """Runs TFDS's own checks of a builder."""

    DATASET_CLASS = Builder
    BUILDER_CONFIG_NAMES_TO_TEST = ["slices"]
    SPLITS = {split: sum(classes.values()) for split, classes in COUNTS.items()}
    # Nothing is read, so there is nothing to fake.
    EXAMPLE_DIR = str(tfds.core.tfds_path())

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.full_counts, Builder.COUNTS = Builder.COUNTS, COUNTS

    @classmethod
    def tearDownClass(cls):
        Builder.COUNTS = cls.full_counts
        super().tearDownClass()


def test_serves_phantoms_under_the_shared_names(tmp_path, monkeypatch):
    monkeypatch.setattr(Builder, "COUNTS", COUNTS)
    scans = tfds.load("lung_phantom", split="train", data_dir=tmp_path)
    examples = {example["image_id"].decode(): example for example in tfds.as_numpy(scans)}
    assert sorted(examples) == [f"phantom-{i:05d}" for i in range(4)]
    for index, name in enumerate(sorted(examples)):
        example, label = examples[name], "covid" if index < 2 else "non_covid"
        phantom = population.make_member(index, label)
        assert example["label"] == tfds_covidct.LABELS.index(label)
        np.testing.assert_array_equal(example["image"], phantom.image[..., None])
        np.testing.assert_array_equal(example["lesion_mask"], phantom.lesion_mask[..., None])
        np.testing.assert_array_equal(example["lung_mask"], phantom.lung_mask[..., None])
        assert example["severity"] == np.float32(phantom.severity)
        assert example["source"] == b"lung_phantom 1.0.0"
        assert example["patient_id"].decode() == name


def test_default_counts_are_those_of_covid_ct():
    assert {split: tuple(classes.values()) for split, classes in Builder.COUNTS.items()} == {
        "train": (191, 234), "validation": (60, 58), "test": (98, 105),
    }
