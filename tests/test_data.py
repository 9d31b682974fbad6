"""From a TFDS name to batches: resizing, classes, order, flips, fingerprints, the data set `auto`."""

import logging
import os

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from covid_gan import data
from covid_gan.data import catalogue
from covid_gan.data.scans import to_square
from covid_gan.errors import ArgumentError


def take(scans, count, batch_size=4, seed=0, start_step=0):
    batches = scans.batches(batch_size, seed, start_step)
    return np.stack(list(batches.take(count).as_numpy_iterator()))


def load(config, **settings):
    return data.load(config.replace(**settings))[1]


def as_set(images):
    return sorted(image.tobytes() for image in images.reshape(-1, *images.shape[-3:]))


@pytest.mark.parametrize(
    "settings, count",
    [
        ({}, 20),  # covid alone, where there is such a label
        ({"classes": ()}, 32),
        ({"classes": ("non_covid",)}, 12),
        ({"split": "all"}, 24),
        ({"split": "test", "classes": ()}, 8),
        ({"exclude": ("scan-00", "scan-01", "scan-03")}, 18),  # scan-03 is non_covid
    ],
)
def test_split_classes_and_exclude_select_images(tiny_config, settings, count):
    config, scans = data.load(tiny_config.replace(**settings))
    assert scans.count == count
    assert config.data.classes == settings.get("classes", ("covid",))


def test_an_epoch_shows_each_image_once(tiny_config):
    scans = load(tiny_config, flip=False)
    epoch = take(scans, 5)
    assert epoch.shape == (5, 4, 16, 16, 1) and epoch.dtype == np.uint8
    assert as_set(epoch) == as_set(scans.first(100))
    assert not (take(scans, 10)[5:] == epoch).all()  # the next epoch has another order


@pytest.mark.parametrize("cache", ["memory", "none"])
def test_batches_are_a_function_of_seed_and_step(tiny_config, cache):
    scans = load(tiny_config, cache=cache)
    whole = take(scans, 17)
    tf.random.set_seed(123)
    for start in (1, 5, 6, 13):
        np.testing.assert_array_equal(take(scans, 4, start_step=start), whole[start : start + 4])
    assert (take(scans, 17, seed=1) != whole).any()


def test_images_read_anew_are_the_images_in_memory(tiny_config):
    memory, disk = (load(tiny_config, cache=cache, flip=False) for cache in ("memory", "none"))
    assert memory.fingerprint == disk.fingerprint
    assert as_set(take(memory, 5)) == as_set(take(disk, 5))


@pytest.mark.parametrize("pages, cache", [(4 * 20 * 16 * 16, "memory"), (4 * 20 * 16 * 16 - 4, "none")])
def test_images_stay_in_memory_where_they_fill_at_most_a_quarter_of_it(
    tiny_config, monkeypatch, caplog, pages, cache
):
    caplog.set_level("INFO")
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": pages, "SC_PAGE_SIZE": 1}.__getitem__)
    config, scans = data.load(tiny_config)
    assert config.data.cache == scans.config.cache == cache
    assert (scans.images is None) == (cache == "none") == ("--cache=none" in caplog.text)
    given = load(tiny_config, cache=cache)
    np.testing.assert_array_equal(take(scans, 7), take(given, 7))


def test_half_of_the_images_are_flipped(tiny_config):
    plain, flipped = (take(load(tiny_config, flip=flip), 50).reshape(-1, 16, 16, 1) for flip in (False, True))
    mirrored = plain[:, :, ::-1]
    same = (flipped == plain).all((1, 2, 3))
    turned = (flipped == mirrored).all((1, 2, 3))
    assert (same | turned).all()
    assert 0.35 < turned.mean() < 0.65


def test_the_fingerprint_changes_with_ids_and_pixels_and_not_with_size(tiny_config):
    prints = [
        load(tiny_config, **settings).fingerprint["sha256"]
        for settings in ({}, {"image_size": 32}, {"resize": "stretch"}, {"exclude": ("scan-00",)})
    ]
    assert prints[0] == prints[1] == prints[2] != prints[3]


def test_padding_keeps_the_aspect_ratio_and_fills_with_air():
    image = tf.fill([20, 40, 1], tf.constant(200, tf.uint8))
    padded = to_square(image, 16, "pad", 0.0, 255.0).numpy()[..., 0]
    assert (padded[4:12] == 200).all() and (padded[:4] == 0).all() and (padded[12:] == 0).all()
    assert (to_square(image, 16, "stretch", 0.0, 255.0).numpy() == 200).all()


def test_resizing_is_antialiased():
    stripes = np.tile([[0], [255]], (32, 64))[..., None].astype(np.uint8)
    small = to_square(tf.constant(stripes), 16, "pad", 0.0, 255.0).numpy()[4:-4]
    assert np.abs(small.astype(int) - 127.5).max() < 8  # without it the stripes would alias


def write(folder, name, features, examples):
    """Prepares a small data set of its own in `folder`."""

    class Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        """A data set of a test."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

        def _split_generators(self, dl_manager):
            return {"train": iter(enumerate(examples))}

        def _generate_examples(self):
            raise NotImplementedError

    Builder.name = name
    Builder(data_dir=folder).download_and_prepare()


def test_wide_pixels_are_scaled_by_one_line_for_the_whole_set(tiny_config, tmp_path):
    images = [np.full((16, 16, 1), grey, np.uint16) for grey in (1000, 2000, 3000)]
    feature = {"image": tfds.features.Image(shape=(16, 16, 1), dtype=np.uint16)}
    write(tmp_path, "wide", feature, [{"image": image} for image in images])
    scans = load(tiny_config, dataset="wide", data_dir=str(tmp_path), batch_size=1)
    assert scans.fingerprint["grey_range"] == [1000.0, 3000.0]
    assert sorted(scans.first(3)[:, 0, 0, 0]) == [0, 128, 255]


def test_colour_becomes_luminance_and_no_labels_mean_all(tiny_config, tmp_path):
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    feature = {"image": tfds.features.Image(shape=(None, None, 3))}
    write(tmp_path, "colour", feature, [{"image": red}])
    scans = load(tiny_config, dataset="colour", data_dir=str(tmp_path))
    assert scans.config.classes == ()
    assert (scans.first(1) == 76).all()
    with pytest.raises(ArgumentError, match="no label names"):
        load(tiny_config, dataset="colour", data_dir=str(tmp_path), classes=("covid",))


def test_a_set_without_images_is_refused(tiny_config, tmp_path):
    write(tmp_path, "numbers", {"x": tfds.features.Scalar(np.int64)}, [{"x": 1}])
    with pytest.raises(ArgumentError, match="no feature `image`"):
        load(tiny_config, dataset="numbers", data_dir=str(tmp_path))


def test_a_selection_without_images_is_refused(tiny_config):
    with pytest.raises(ArgumentError, match="leaves no image"):
        load(tiny_config, exclude=tuple(f"scan-{i:02d}" for i in range(40)))


class TestAuto:
    """`auto` is covid_ct where it can be had, and else the phantom, with a warning."""

    @pytest.fixture
    def nothing(self, tiny_config, tmp_path, monkeypatch):
        monkeypatch.setattr(catalogue.covid_ct, "upstream_answers", lambda: False)
        return tiny_config.replace(dataset="auto", data_dir=str(tmp_path), classes=None)

    def test_nothing_to_be_had_is_the_phantom_with_a_warning(self, nothing, caplog, monkeypatch):
        monkeypatch.setattr(logging.getLogger("covid_gan"), "propagate", True)
        config = data.resolve(nothing)
        assert config.data.dataset == "lung_phantom" and "lung_phantom" in config.describe()
        assert "not scans of patients" in caplog.text

    def test_an_upstream_that_answers_is_covid_ct(self, nothing, monkeypatch):
        monkeypatch.setattr(catalogue.covid_ct, "upstream_answers", lambda: True)
        assert data.resolve(nothing).data.dataset == "covid_ct"

    def test_files_in_manual_dir_are_covid_ct(self, nothing, covid_ct_files):
        config = data.resolve(nothing.replace(manual_dir=str(covid_ct_files)))
        assert config.data.dataset == "covid_ct" and config.data.classes == ("covid",)

    def test_half_a_copy_in_manual_dir_is_an_error(self, nothing, tmp_path):
        (tmp_path / "Images-processed").mkdir()
        (tmp_path / "Images-processed" / "CT_COVID.zip").write_bytes(b"")
        with pytest.raises(ArgumentError, match="manual_dir.*CT_NonCOVID.zip"):
            data.resolve(nothing.replace(manual_dir=str(tmp_path)))

    def test_a_mistyped_manual_dir_is_an_error(self, nothing):
        with pytest.raises(ArgumentError, match="no such folder"):
            data.resolve(nothing.replace(manual_dir="/nonexistent"))

    def test_covid_ct_by_name_never_falls_back(self, nothing, monkeypatch):
        monkeypatch.setattr("tfds_covidct.covid_ct.source.upstream_answers", lambda timeout=0: False)
        with pytest.raises(ArgumentError, match="files are not in"):
            data.load(nothing.replace(dataset="covid_ct"))
