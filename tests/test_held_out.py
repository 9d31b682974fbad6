"""What a run has not trained on."""

import numpy as np

from covid_gan import data
from covid_gan.config import Config
from covid_gan.data.held_out import nearest_difference


def held_out(config):
    config, scans = data.load(config)
    return scans, data.held_out_splits(config, scans)


def test_the_other_splits_of_the_same_classes_are_held_out(tiny_config):
    scans, found = held_out(tiny_config)
    assert list(found) == ["test"]
    assert found["test"].images.shape[1:] == (16, 16, 1) and found["test"].images.dtype == np.uint8
    assert not set(found["test"].ids) & set(scans.ids)
    assert len(found["test"].ids) == len(found["test"].images)


def test_a_split_that_shares_images_is_not_held_out(tiny_config):
    assert held_out(tiny_config.replace(split="all"))[1] == {}
    assert list(held_out(tiny_config.replace(split="train[:50%]"))[1]) == ["test"]
    assert held_out(tiny_config.replace(split="train[:50%]+test"))[1] == {}


def test_a_scan_whose_picture_was_trained_on_is_left_out(tiny_config, monkeypatch):
    monkeypatch.setattr("covid_gan.data.held_out.SAME_PICTURE_IDS", {"scan-32"})
    _, found = held_out(tiny_config.replace(classes=()))
    assert found["test"].dropped == ("scan-32",)
    assert len(found["test"].images) == 7 and "scan-32" not in found["test"].ids


def test_a_copy_under_another_name_is_left_out(tiny_config, monkeypatch):
    monkeypatch.setattr("covid_gan.data.held_out.SAME_PICTURE", 256.0)
    assert held_out(tiny_config)[1] == {}


def test_the_nearest_difference_is_a_root_mean_square():
    black = np.zeros((1, 4, 4, 1), np.uint8)
    others = np.stack([np.full((4, 4, 1), level, np.uint8) for level in (30, 7, 90)])
    np.testing.assert_allclose(nearest_difference(black, [others]), 7.0, rtol=1e-6)
    np.testing.assert_allclose(nearest_difference(black, [others[:1], others[1:]]), 7.0, rtol=1e-6)
    assert nearest_difference(others, [others]).max() == 0


def test_the_nearest_of_many_is_found_without_rounding():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (300, 8, 8, 1), np.uint8)
    images[299] = images[3]
    others = np.concatenate([images[:5], rng.integers(0, 256, (400, 8, 8, 1), np.uint8)])
    found = nearest_difference(images, np.array_split(others, 3))
    each = images.astype(float)[:, None] - others.astype(float)[None]
    np.testing.assert_allclose(found, np.sqrt((each**2).mean(axis=(2, 3, 4)).min(axis=1)), rtol=1e-12)
    assert set(np.flatnonzero(found == 0)) == {0, 1, 2, 3, 4, 299}


def test_covid_ct_holds_out_all_but_the_pictures_that_stand_in_both_classes(covid_ct_files, tmp_path):
    config = Config().replace(
        dataset="covid_ct", data_dir=str(tmp_path), manual_dir=str(covid_ct_files), image_size=32
    )
    scans, found = held_out(config)
    sizes = {split: len(one.images) for split, one in found.items()}
    assert (scans.count, sizes) == (191, {"test": 96, "validation": 60})
    assert set(found["test"].dropped) == {"kjr-21-e24-p5-29.png", "kjr-21-e24-p5-31.png"}
