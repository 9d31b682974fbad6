"""Entropy: bits that are known, and what blur, noise and contrast do to it."""

import numpy as np
import pytest
from scipy.stats import entropy

from covid_gan.metrics.entropy import entropy_difference, image_entropies, mean_entropy


@pytest.mark.parametrize("levels, bits", [(1, 0), (2, 1), (16, 4), (256, 8)])
def test_equally_many_pixels_of_each_level(levels, bits):
    image = (np.arange(256) % levels * (256 // levels)).astype(np.uint8).reshape(1, 16, 16, 1)
    assert image_entropies(image) == pytest.approx(bits)


def test_it_is_the_mean_of_the_images_own(textures):
    images = textures(20, 0)
    expected = [entropy(np.bincount(image.ravel()), base=2) for image in images]
    np.testing.assert_allclose(image_entropies(images), expected)
    assert mean_entropy(images) == pytest.approx(np.mean(expected))
    # The histogram of all images together has more.
    assert mean_entropy(images) < entropy(np.bincount(images.ravel()), base=2)


def test_what_changes_it_and_what_does_not(textures, noise):
    images = textures(20, 0) // 2
    shuffled = images[:, ::-1, :, :]
    assert entropy_difference(images, shuffled + np.uint8(50)) == pytest.approx(0, abs=1e-12)
    assert entropy_difference(images, images // 2) == pytest.approx(1, abs=0.1)  # half the levels
    flat = np.full_like(images, 7)
    assert entropy_difference(images, flat) == pytest.approx(mean_entropy(images))
    narrow, wide = noise(20, 0, deviation=10), noise(20, 1, deviation=20)
    assert entropy_difference(narrow, wide) == entropy_difference(wide, narrow) == pytest.approx(1, abs=0.05)
