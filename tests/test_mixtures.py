"""Several data sets as one: interleaved, with their labels unified and their counts told."""

import logging
import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds

from covid_gan import data
from covid_gan.data import labels
from covid_gan.errors import ArgumentError
from covid_gan.training import loop


@pytest.fixture(scope="module")
def two_sets(tiny_data_dir, tmp_path_factory):
    """A folder with `tiny_scans` and, with other spellings of the same labels, `other_scans`."""

    class OtherScans(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        """Bright squares, each with a number in its corner."""

        name = "other_scans"
        VERSION = tfds.core.Version("2.0.0")

        def _info(self):
            features = {
                "image": tfds.features.Image(shape=(None, None, 1)),
                "label": tfds.features.ClassLabel(names=["NonCOVID", "COVID"]),
                "image_id": tfds.features.Text(),
            }
            return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            for i in range(10):
                image = np.full((16, 16, 1), 250, np.uint8)
                yield i, {"image": image, "label": ["NonCOVID", "COVID"][i % 2], "image_id": f"other-{i}"}

    folder = tmp_path_factory.mktemp("tfds")
    shutil.copytree(tiny_data_dir / "tiny_scans", folder / "tiny_scans")
    OtherScans(data_dir=folder).download_and_prepare()
    return folder


@pytest.fixture
def config(tiny_config, two_sets):
    return tiny_config.replace(dataset="tiny_scans+other_scans", data_dir=str(two_sets), flip=False)


def is_other(images):
    return (images.reshape(len(images), -1) == 250).all(1)


def test_labels_are_unified_and_counted(config):
    fingerprint = data.load(config)[1].fingerprint
    assert fingerprint["counts"] == {"tiny_scans": {"covid": 20}, "other_scans": {"COVID": 5}}
    assert fingerprint["name"] == "tiny_scans+other_scans" and fingerprint["version"] == "1.0.0+2.0.0"
    everything = data.load(config.replace(classes=()))[1].fingerprint
    assert everything["counts"]["other_scans"] == {"NonCOVID": 5, "COVID": 5}


@pytest.mark.parametrize("cache", ["memory", "none"])
def test_an_epoch_holds_both_shuffled_together(config, cache):
    scans = data.load(config.replace(cache=cache))[1]
    epoch = np.concatenate(list(scans.batches(5, seed=0).take(5).as_numpy_iterator()))
    others = np.flatnonzero(is_other(epoch))
    assert len(epoch) == 25 and len(others) == 5
    assert others.max() - others.min() > 5


def test_every_stretch_of_the_stream_holds_both(config):
    """So that images that are read anew each epoch, and shuffled in blocks, mix too."""
    images = data.load(config.replace(classes=()))[1].first(42)
    assert all(is_other(images[start : start + 14]).any() for start in (0, 14, 28))


def test_ids_of_either_are_excluded(config):
    scans = data.load(config.replace(exclude=("other-1", "scan-00")))[1]
    assert scans.count == 23
    with pytest.raises(ArgumentError, match="tiny_scans and other_scans has no image 'x'"):
        data.load(config.replace(exclude=("x",)))


def test_the_log_tells_the_counts_of_each(config, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("covid_gan"), "propagate", True)
    caplog.set_level("INFO", "covid_gan")
    run = loop.train(config, runs_dir=tmp_path)
    assert "25 images of tiny_scans+other_scans (tiny_scans: 20 covid; other_scans: 5 COVID)" in caplog.text
    assert run.name.startswith("00000-dcgan-tiny_scans+other_scans-")


def test_a_split_must_be_in_each(config):
    with pytest.raises(ArgumentError, match="is no split of other_scans"):
        data.load(config.replace(split="test"))


def test_a_class_must_be_in_one(config):
    assert data.load(config.replace(classes=("noncovid",)))[1].count == 17
    with pytest.raises(ArgumentError, match="'dog' is no label of tiny_scans and other_scans"):
        data.load(config.replace(classes=("dog",)))


@pytest.mark.parametrize(
    "first, second, alike",
    [("covid", "COVID", True), ("non_covid", "NonCOVID", True), ("non-COVID", "non covid", True),
     ("covid", "non_covid", False)],
)  # fmt: skip
def test_labels_are_the_same_case_and_punctuation_aside(first, second, alike):
    assert labels.same(first, second) is alike
