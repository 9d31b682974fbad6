"""Kernel distance: its definition, no bias, and intervals that hold the true distance."""

import tracemalloc

import numpy as np
import pytest

from covid_gan.metrics import kernel
from covid_gan.metrics.kernel import kernel_distance, kernel_distance_interval


def naive(real, fake):
    def k(x, y):
        return (np.dot(x, y) / len(x) + 1) ** 3

    def within(samples):
        return np.mean([k(x, y) for i, x in enumerate(samples) for j, y in enumerate(samples) if i != j])

    return within(real) + within(fake) - 2 * np.mean([k(x, y) for x in real for y in fake])


def gaussians(seed, count, dimension=8, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, (count, dimension))


def test_it_is_its_definition():
    real, fake = gaussians(0, 40, 6), gaussians(1, 31, 6, shift=0.4)
    assert kernel_distance(real, fake) == pytest.approx(naive(real, fake), rel=1e-9)
    assert kernel_distance(fake, real) == pytest.approx(naive(real, fake), rel=1e-9)
    # Beside itself each sample has a copy in the other set, but none in its own.
    assert kernel_distance(real, real) == pytest.approx(naive(real, real), rel=1e-9)
    assert kernel_distance(real, real) < 0


def test_of_a_kernel_that_is_known():
    """Of points on a line at ±1 the kernel is 8 or 0."""
    real, fake = np.tile([[1.0], [-1.0]], (10, 1)), np.ones((20, 1))
    # Within real 9 of 19 others are equal; between them half are.
    assert kernel_distance(real, fake) == pytest.approx(8 * 9 / 19 + 8 - 2 * 8 / 2)


def test_blocks_and_float32_change_nothing(monkeypatch):
    real, fake = gaussians(0, 50).astype(np.float32), gaussians(1, 70, shift=0.3).astype(np.float32)
    whole = kernel_distance(real.astype(float), fake.astype(float))
    interval = kernel_distance_interval(real, fake)
    monkeypatch.setattr(kernel, "_BLOCK", 16)
    assert kernel_distance(real, fake) == pytest.approx(whole, rel=1e-9)
    np.testing.assert_allclose(kernel_distance_interval(real, fake), interval, rtol=1e-9)


@pytest.mark.parametrize("count", [16, 100])
def test_of_one_distribution_it_is_0_on_average_at_any_size(count):
    found = [kernel_distance(gaussians([i, 0], count), gaussians([i, 1], 16)) for i in range(400)]
    assert abs(np.mean(found)) < 3 * np.std(found) / 20
    assert np.mean(np.less(found, 0)) > 0.3


def test_memory_does_not_grow_with_the_square(monkeypatch):
    monkeypatch.setattr(kernel, "_BLOCK", 128)
    peaks = []
    for count in (500, 4000):
        real, fake = gaussians(0, count), gaussians(1, count)
        tracemalloc.start()
        kernel_distance(real, fake)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2**20 and peaks[1] < 3 * peaks[0]  # a whole matrix would be 128 MB


def test_an_interval_holds_the_estimate_and_grows_with_its_level():
    real, fake = gaussians(0, 80), gaussians(1, 200, shift=0.3)
    value = kernel_distance(real, fake)
    low, high = kernel_distance_interval(real, fake)
    lower, higher = kernel_distance_interval(real, fake, level=0.99)
    assert lower < low < value < high < higher
    assert kernel_distance_interval(real, fake, seed=0) == (low, high)
    assert kernel_distance_interval(real, fake, seed=1) != (low, high)


def test_copies_of_a_sample_are_no_pairs():
    """As pairs they would move all redrawn distances up, and equal sets apart."""
    middles = [
        np.mean(kernel_distance_interval(gaussians([i, 0], 60), gaussians([i, 1], 60))) for i in range(40)
    ]
    estimates = [kernel_distance(gaussians([i, 0], 60), gaussians([i, 1], 60)) for i in range(40)]
    of_copies = (1 + 1) ** 3 / 60 * 2  # for each of two sets a pair in 60 is a copy, of kernel (1 + 1)³
    assert abs(np.mean(middles) - np.mean(estimates)) < 0.2 * of_copies


def test_of_many_samples_some_say_how_wide_it_is(monkeypatch):
    real, fake = gaussians(0, 800), gaussians(1, 700, shift=0.5)
    value, (low, high) = kernel_distance(real, fake), kernel_distance_interval(real, fake)
    monkeypatch.setattr(kernel, "MOST_REDRAWN", 100)
    off = []
    for seed in range(8):
        lower, higher = kernel_distance_interval(real, fake, draws=400, seed=seed)
        assert lower < low < value < high < higher
        assert 1.5 < (higher - lower) / (high - low) < 5
        off.append(abs((lower + higher) / 2 - value) / (higher - lower))
    assert np.mean(off) < 0.1  # around the estimate of all; those of 100 spread by a quarter of the width


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0, 0.15, 0.5])
@pytest.mark.parametrize("counts", [(60, 60), (60, 300), (200, 200)])
def test_ninety_five_in_a_hundred_intervals_hold_the_true_distance(counts, shift):
    """The true one by the moments of Gaussians: of k(x, y) = (x·y/d + 1)³ with means a and b."""
    d, repeats = 8, 200

    def mean_kernel(a, b):
        """Given y, x·y is normal of mean a·y and variance |y|²; then over y = b + z."""
        y = np.random.default_rng(9).normal(size=(10**6, d))
        y = np.concatenate([y, -y]) + b
        mean, variance = y @ a / d + 1, np.square(y).sum(axis=1) / d**2
        return (mean**3 + 3 * mean * variance).mean()

    zero, moved = np.zeros(d), np.full(d, float(shift))
    true = mean_kernel(zero, zero) + mean_kernel(moved, moved) - 2 * mean_kernel(zero, moved) if shift else 0
    held = 0
    for i in range(repeats):
        real, fake = gaussians([i, 0], counts[0], d), gaussians([i, 1], counts[1], d, shift)
        low, high = kernel_distance_interval(real, fake, draws=400, seed=i)
        held += low <= true <= high
    assert 0.9 <= held / repeats, held
    if shift == 0.5:
        assert held / repeats <= 0.99


def test_what_it_cannot_be_asked():
    good = gaussians(0, 20)
    for level in (0, 1, 95):
        with pytest.raises(ValueError, match="`level` must be between 0 and 1"):
            kernel_distance_interval(good, good, level=level)
    with pytest.raises(ValueError, match="`draws`"):
        kernel_distance_interval(good, good, draws=0)
