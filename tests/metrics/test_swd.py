"""Sliced Wasserstein: closed forms of Gaussians, an exact pyramid, and fair patches."""

import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import wasserstein_distance

from covid_gan.metrics import swd
from covid_gan.metrics.swd import laplacian_pyramid, level_sizes, sliced_distance, sliced_wasserstein


def mean_abs_coordinate(dimension):
    """The mean of |u·e| over unit vectors u, for a unit vector e."""
    return np.exp(gammaln(dimension / 2) - gammaln((dimension + 1) / 2)) / np.sqrt(np.pi)


def test_a_moved_cloud_is_as_far_as_the_mean_projection_of_the_move():
    points = np.random.default_rng(0).normal(size=(300, 10))
    move = np.zeros(10)
    move[3] = 4.0
    found = sliced_distance(points, points + move, seed=0, directions=20000)
    assert found == pytest.approx(4 * mean_abs_coordinate(10), rel=0.02)


def test_a_widened_gaussian_is_as_far_as_its_mean_absolute_value():
    """W1 of N(0, 1) and N(0, 9) on a line is 2·E|z|, whatever the direction."""
    points = np.random.default_rng(0).normal(size=(20000, 5))
    expected = 2 * np.sqrt(2 / np.pi)
    assert sliced_distance(points, 3 * points, seed=0) == pytest.approx(expected, rel=0.01)


def test_on_a_line_it_is_the_wasserstein_distance():
    one, other = np.random.default_rng(0).normal(size=(2, 500)) ** 3
    found = sliced_distance(one[:, None], other[:, None], seed=0)
    assert found == pytest.approx(wasserstein_distance(one, other), rel=1e-5)


@pytest.mark.parametrize("shift", [10, 40])
def test_noise_with_a_shifted_mean_differs_on_the_coarsest_level_alone(noise, shift):
    """There a patch of 49 pixels moves by `shift` in each, and a pixel is the mean of 16."""
    images = noise(100, 0, mean=100, deviation=12)
    fine, middle, coarse = sliced_wasserstein(images, images + np.uint8(shift))
    assert fine == middle == 0
    deviation = np.sqrt((12**2 + 1 / 12) / 16)
    assert coarse == pytest.approx(7 * shift * mean_abs_coordinate(49) / deviation, rel=0.1)


def test_twice_the_noise_is_as_far_on_every_level(noise):
    real, fake = noise(300, 0, deviation=15), noise(300, 1, deviation=30)
    np.testing.assert_allclose(sliced_wasserstein(real, fake), np.sqrt(2 / np.pi), rtol=0.05)


def test_equal_sets_are_at_zero_and_equally_drawn_ones_near_it(textures):
    images = textures(60, 0)
    assert sliced_wasserstein(images, images.copy()) == (0, 0, 0)
    assert max(sliced_wasserstein(images, images[::-1])) < 0.05


def test_blur_is_seen_on_the_fine_level_and_shading_on_the_coarse_one(textures, blur):
    real, other = textures(100, 0), textures(100, 1)
    floor = sliced_wasserstein(real, other)
    blurred = sliced_wasserstein(real, blur(other, 1.0))
    assert blurred[0] > 5 * floor[0] and blurred[0] > 3 * blurred[2]
    shaded = sliced_wasserstein(real, np.rint(other * np.linspace(0.5, 1, 64)[:, None]).astype(np.uint8))
    assert shaded[2] > 3 * shaded[0]


def test_the_same_seed_gives_the_same_and_another_little_else(textures):
    real, fake = textures(30, 0), textures(40, 1)
    assert sliced_wasserstein(real, fake, 3) == sliced_wasserstein(real, fake, 3)
    assert sliced_wasserstein(real, fake, 3) != sliced_wasserstein(real, fake, 4)
    np.testing.assert_allclose(
        sliced_wasserstein(real, fake, 3), sliced_wasserstein(real, fake, 4), atol=0.03
    )


@pytest.mark.parametrize(
    "size, sizes", [(64, (64, 32, 16)), (128, (128, 64, 32, 16)), (28, (28,)), (56, (56, 28))]
)
def test_levels_are_halved_down_to_16(size, sizes):
    assert level_sizes(size) == sizes


def test_the_pyramid_adds_up_to_the_images(textures):
    images = textures(5, 0)[..., 0]
    levels = laplacian_pyramid(images)
    assert [level.shape for level in levels] == [(5, s, s) for s in (64, 32, 16)]
    rebuilt = levels[2]
    for level in (levels[1], levels[0]):
        rebuilt = rebuilt.repeat(2, axis=1).repeat(2, axis=2) + level
    np.testing.assert_allclose(rebuilt, images, atol=1e-4)
    np.testing.assert_allclose(levels[2][0, 0, 0], images[0, :4, :4].mean(), rtol=1e-6)


@pytest.mark.parametrize("count", [16, 70, 100, 130])
def test_every_image_gives_equally_many_patches(count, monkeypatch):
    monkeypatch.setattr(swd, "PATCHES", 100)
    monkeypatch.setattr(swd, "_BLOCK", 30)
    grey = np.arange(count, dtype=np.uint8)[:, None, None, None]
    (drawn,) = swd.patches(np.broadcast_to(grey, (count, 8, 8, 1)), seed=0)
    assert drawn.shape == (100, 49)
    counts = np.bincount(drawn[:, 0].astype(int), minlength=count)
    assert counts.sum() == 100 and counts.min() == 100 // count and counts.max() == -(-100 // count)


def test_patches_are_cut_where_they_are():
    """Each pixel holds its place, so a patch of an only level is a ramp."""
    place = np.arange(64, dtype=np.uint8).reshape(8, 8)
    (drawn,) = swd.patches(np.broadcast_to(place[..., None], (20, 8, 8, 1)), seed=0)
    corner = place[:7, :7].ravel().astype(int)
    assert set(drawn[:, 0]) == {0, 1, 8, 9}
    np.testing.assert_array_equal(drawn - drawn[:, :1], np.broadcast_to(corner, drawn.shape))


def test_constant_scans_have_no_scale():
    flat = np.full((16, 64, 64, 1), 9, np.uint8)
    with pytest.raises(ValueError, match="`real` must not be constant"):
        sliced_wasserstein(flat, flat)


def test_clouds_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="of one shape"):
        sliced_distance(np.zeros((5, 2)), np.zeros((6, 2)), seed=0)
