"""MS-SSIM: TensorFlow's where that is defined, its scales, and the diversity it gives."""

import numpy as np
import pytest

from covid_gan.metrics import ms_ssim as module
from covid_gan.metrics.ms_ssim import WEIGHTS, mean_ms_ssim, ms_ssim, ms_ssim_diversity, scales


@pytest.fixture(scope="module")
def pairs(noise):
    """Returns a function: images and what was done to them, some of them negatives."""

    def draw(size):
        first = noise(6, 0, deviation=40, size=size)
        for axis in (1, 2):
            first = (first // 2 + np.roll(first, 1, axis) // 2).astype(np.uint8)
        second = (0.7 * first + 0.3 * noise(6, 1, size=size)).astype(np.uint8)
        second[4:] = 255 - first[4:]
        return first, second

    return draw


@pytest.mark.parametrize(
    "size, count",
    [(11, 1), (21, 2), (28, 2), (64, 3), (65, 3), (128, 4), (160, 4), (161, 5), (176, 5), (512, 5)],
)
def test_scales_that_hold_the_window(size, count):
    assert scales(size) == count


@pytest.mark.parametrize("size", [13, 28, 45, 64, 128, 176, 181])
def test_it_is_tensorflows(pairs, size):
    import tensorflow as tf

    first, second = pairs(size)
    weights = np.array(WEIGHTS[: scales(size)])
    weights = WEIGHTS if len(weights) == 5 else tuple(weights / weights.sum())
    expected = tf.image.ssim_multiscale(first, second, 255, weights).numpy()
    found = ms_ssim(first, second)
    np.testing.assert_allclose(found, expected, atol=2e-4)  # float32 there
    assert 0.1 < found[:4].min() < found[:4].max() < 0.99


def test_equal_images_are_at_1_and_negatives_at_0(pairs):
    first, _ = pairs(64)
    np.testing.assert_array_equal(ms_ssim(first, first), 1)
    assert ms_ssim(first, 255 - first).max() < 0.05


def test_blocks_change_nothing(pairs, monkeypatch):
    first, second = pairs(64)
    whole = ms_ssim(first, second)
    monkeypatch.setattr(module, "_BLOCK", 2 * 64 * 64)
    np.testing.assert_allclose(ms_ssim(first, second), whole, rtol=1e-12)


def test_pairs_are_of_different_images_and_each_at_most_once():
    for count, wanted, total in ((30, 1000, 435), (100, 1000, 1000), (46, 1000, 1000)):
        first, second = module._pairs(count, wanted, seed=0)
        assert (first < second).all() and first.min() == 0 and second.max() == count - 1
        assert len(set(zip(first, second))) == len(first) == total
    first, second = module._pairs(100000, 2000, seed=0)
    assert (0 <= first).all() and (first < second).all() and 90000 < second.max() < 100000


def test_the_mean_is_over_all_pairs_of_few_images(textures):
    images = textures(8, 0)
    every = [ms_ssim(images[i : i + 1], images[j : j + 1])[0] for i in range(8) for j in range(i)]
    assert mean_ms_ssim(images) == pytest.approx(np.mean(every))
    some = mean_ms_ssim(textures(60, 0), pairs=500)
    assert some == pytest.approx(mean_ms_ssim(textures(60, 0), pairs=1770), abs=0.02)
    assert some == mean_ms_ssim(textures(60, 0), pairs=500) != mean_ms_ssim(textures(60, 0), 1, pairs=500)


def test_copies_have_no_diversity_and_the_scans_themselves_1(textures):
    real = textures(40, 0)
    assert ms_ssim_diversity(real, np.repeat(real[:1], 50, axis=0))[1:] == (1, 0)
    assert ms_ssim_diversity(real, real)[2] == 1
    assert ms_ssim_diversity(real, textures(60, 1))[2] == pytest.approx(1, abs=0.05)
    ten = np.tile(real[:10], (4, 1, 1, 1))
    assert ms_ssim_diversity(real, ten)[2] == pytest.approx(1 - 3 / 39, abs=0.05)


def test_what_it_refuses(textures):
    real = textures(20, 0)
    with pytest.raises(ValueError, match="`real` must hold scans that differ"):
        ms_ssim_diversity(np.repeat(real[:1], 20, axis=0), real)
    with pytest.raises(ValueError, match="at least 11 pixels. Received: 10"):
        mean_ms_ssim(real[:, :10, :10])
    with pytest.raises(ValueError, match="one shape"):
        ms_ssim(real, real[:5])
    with pytest.raises(ValueError, match="`pairs`"):
        mean_ms_ssim(real, pairs=0)
