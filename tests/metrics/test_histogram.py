"""Histograms: a shift is its distance, and the grey levels' W1 is scipy's."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from covid_gan.metrics.histogram import histogram, histogram_distance


@pytest.mark.parametrize("shift", [1, 17, 100])
def test_a_shift_is_as_far_as_it_moves(textures, shift):
    images = textures(20, 0) // 2
    assert histogram_distance(images, images + np.uint8(shift)) == pytest.approx(shift)


def test_black_against_white_is_the_most(noise):
    black = np.zeros((16, 8, 8, 1), np.uint8)
    assert histogram_distance(black, black + np.uint8(255)) == 255
    assert histogram_distance(black, noise(16, 0, size=8)) < 255


def test_it_is_the_wasserstein_distance_of_the_pixels(textures, noise):
    one, other = textures(16, 0), noise(20, 1, mean=90, deviation=30)
    expected = wasserstein_distance(one.ravel(), other.ravel())
    assert histogram_distance(one, other) == pytest.approx(expected)
    assert histogram_distance(one, other) == histogram_distance(other, one)


def test_where_pixels_lie_and_how_many_sets_hold_does_not_count(textures):
    images = textures(20, 0)
    shuffled = np.random.default_rng(0).permutation(images.ravel()).reshape(images.shape)
    assert histogram_distance(images, np.concatenate([shuffled, shuffled])) == pytest.approx(0, abs=1e-12)


def test_blocks_are_all_counted():
    images = np.arange(1100, dtype=np.uint64).astype(np.uint8)[:, None, None, None]
    np.testing.assert_array_equal(histogram(images) * 1100, np.bincount(np.arange(1100) % 256))
