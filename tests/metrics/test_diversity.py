"""Diversity: copies, the scans themselves, speckle, and planted copies."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from covid_gan.metrics import diversity
from covid_gan.metrics.diversity import distinct_count, diversity_ratio, mean_pair_distance, pair_distances


def speckled(image, count, deviation=40):
    grain = np.random.default_rng(5).normal(0, deviation, (count, *image.shape))
    return np.rint(image + grain).clip(0, 255).astype(np.uint8)


def test_distances_are_root_mean_squares(textures):
    images = textures(30, 0)
    expected = squareform(pdist(images.reshape(30, -1).astype(float))) / 64
    np.testing.assert_allclose(pair_distances(images), expected, rtol=1e-9)
    assert mean_pair_distance(images) == pytest.approx(expected.sum() / (30 * 29))


def test_one_grey_level_everywhere_is_a_distance_of_one(textures):
    image = textures(1, 0)[0] // 2
    pair = np.stack([image, image + np.uint8(7)])
    for sigma in (0, 2):
        assert pair_distances(pair, sigma)[0, 1] == pytest.approx(7)


@pytest.mark.parametrize("sigma", [0, 2])
def test_copies_have_none_and_the_scans_themselves_one(textures, sigma):
    real = textures(40, 0)
    assert diversity_ratio(real, np.repeat(real[:1], 50, axis=0), sigma) == 0
    assert diversity_ratio(real, real[::-1], sigma) == pytest.approx(1)
    assert diversity_ratio(real, textures(60, 1), sigma) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("sigma", [0, 2])
def test_among_k_images_copied_often_a_pair_in_k_is_equal(textures, sigma):
    real = textures(20, 0)
    found = diversity_ratio(real, np.tile(real, (10, 1, 1, 1)), sigma)
    assert found == pytest.approx((1 - 1 / 20) * 200 / 199)


def test_half_the_contrast_is_half_as_diverse(textures):
    real = textures(20, 0) // 2 * 2
    assert diversity_ratio(real, real // 2) == pytest.approx(0.5)


def test_speckle_earns_nothing_after_a_blur(textures):
    real = textures(40, 0)
    fake = speckled(real[0], 40)
    assert diversity_ratio(real, fake) > 0.6
    assert diversity_ratio(real, fake, sigma=2) < 0.15


def test_scans_that_are_all_equal_have_no_diversity_to_compare_with(textures):
    copies = np.repeat(textures(1, 0), 20, axis=0)
    for measure in (diversity_ratio, distinct_count):
        with pytest.raises(ValueError, match="`real` must hold scans that differ"):
            measure(copies, copies)


@pytest.mark.parametrize("sigma", [0, 2])
def test_planted_copies_are_merged(textures, sigma):
    real = textures(100, 0)
    different = textures(3, 1)
    fake = np.concatenate([np.repeat(different, (30, 20, 1), axis=0), different])
    assert distinct_count(real, fake, sigma) == 3


def test_copies_add_nothing_to_what_remains(textures):
    real, fake = textures(100, 0), textures(50, 1)
    alone = distinct_count(real, fake)
    assert 35 < alone <= 50
    assert distinct_count(real, np.concatenate([fake, fake])) == alone


def test_speckled_copies_are_merged_after_a_blur(textures):
    real = textures(100, 0)
    fake = speckled(real[0], 20, deviation=60)
    assert (distinct_count(real, fake), distinct_count(real, fake, sigma=2)) == (20, 1)


def test_an_image_between_two_that_remain_does_not_merge_them():
    """4 is merged with 0, from which 8 is far enough; where 4 comes first, it takes both."""

    def flat(values):
        return np.broadcast_to(np.array(values, np.uint8)[:, None, None, None], (len(values), 8, 8, 1))

    real = np.arange(0, 240, 6)
    assert np.percentile(pdist(real[:, None].astype(float)), 1) == 6
    assert distinct_count(flat(real), flat([0, 4, 8] + [100] * 13)) == 3
    assert distinct_count(flat(real), flat([4, 0, 8] + [100] * 13)) == 2


def test_of_many_images_evenly_spaced_ones_are_compared(textures, monkeypatch):
    monkeypatch.setattr(diversity, "MOST_IMAGES", 20)
    images = textures(58, 0)
    np.testing.assert_allclose(pair_distances(images), pair_distances(images[::3]))
    with pytest.raises(ValueError, match="at most 20 images"):
        distinct_count(images, images)


def test_a_blur_cannot_be_negative(textures):
    with pytest.raises(ValueError, match="`sigma`"):
        pair_distances(textures(2, 0), sigma=-1)
