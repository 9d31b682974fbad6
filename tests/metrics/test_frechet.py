"""Fréchet distance: the formula with scipy's square root, closed forms, and its need of samples."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from covid_gan.metrics import TooFewError
from covid_gan.metrics.frechet import frechet_distance, needed


def gaussians(seed, count, dimension=8, shift=0.0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, dimension)) @ rng.normal(size=(dimension, dimension)) + shift


@pytest.mark.parametrize("dimension", [1, 8, 64])
def test_it_is_the_formula(dimension):
    real, fake = gaussians(0, 90, dimension), gaussians(1, 70, dimension, shift=2)
    first, second = (np.cov(x, rowvar=False).reshape(dimension, dimension) for x in (real, fake))
    root = np.trace(sqrtm(first @ second)).real
    expected = np.square(real.mean(0) - fake.mean(0)).sum() + np.trace(first + second) - 2 * root
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(fake, real) == pytest.approx(expected, rel=1e-6)


def test_a_move_is_its_square_and_a_stretch_its_spread():
    real = gaussians(0, 100)
    assert frechet_distance(real, real + 3) == pytest.approx(8 * 9)
    spread = np.trace(np.cov(real, rowvar=False))
    assert frechet_distance(real, 3 * (real - real.mean(0)) + real.mean(0)) == pytest.approx(4 * spread)


def test_equal_sets_are_at_0_even_with_useless_features():
    """Features that are always 0, or copies of others, make covariances singular: as of a relu."""
    real = gaussians(0, 100)
    real[:, 2], real[:, 5] = 0, real[:, 4]
    assert 0 <= frechet_distance(real, real[::-1]) < 1e-9
    assert frechet_distance(real, real + 3) == pytest.approx(8 * 9)
    assert frechet_distance(real.astype(np.float32), real.astype(np.float32)) < 1e-9


def test_copies_of_one_image_are_as_far_as_the_scans_spread():
    real = gaussians(0, 100)
    collapsed = np.repeat(real.mean(0, keepdims=True), 50, axis=0)
    assert frechet_distance(real, collapsed) == pytest.approx(np.trace(np.cov(real, rowvar=False)))


@pytest.mark.parametrize("counts", [(32, 100), (100, 32), (20, 20)])
def test_with_no_more_images_than_dimensions_there_is_no_number(counts):
    assert needed(32) == 33
    real, fake = gaussians(0, counts[0], 32), gaussians(1, counts[1], 32)
    with pytest.raises(TooFewError, match=f"32 dimensions need at least 33 .*Received: {counts[0]} and"):
        frechet_distance(real, fake)
    assert frechet_distance(gaussians(0, 33, 32), gaussians(1, 33, 32)) > 0
