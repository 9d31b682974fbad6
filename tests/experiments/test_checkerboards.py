"""The energy of checkerboards on known patterns."""

import numpy as np
import pytest

from experiments.sections.checkerboards import PERIODS, checkerboard_energy


@pytest.fixture
def noise():
    """White noise: uint8 [64, 32, 32, 1]."""
    return np.random.default_rng(0).normal(128, 10, (64, 32, 32, 1)).clip(0, 255).astype(np.uint8)


def grid(period, amplitude):
    """A bright pixel in each cell of `period` pixels: int [32, 32, 1]."""
    pattern = np.zeros((32, 32, 1), int)
    pattern[::period, ::period] = amplitude
    return pattern


def test_noise_has_none(noise):
    for period in PERIODS:
        assert abs(checkerboard_energy(noise, period)) < 0.3


@pytest.mark.parametrize("period", PERIODS)
def test_a_grid_is_found_at_its_own_period(noise, period):
    energies = {p: checkerboard_energy((noise + grid(period, 40)).astype(np.uint8), p) for p in PERIODS}
    assert energies[period] > 1
    for finer in (p for p in PERIODS if p > period):
        assert abs(energies[finer]) < 0.3, "a pattern of 2 pixels has nothing at the frequencies of 4 alone"


def test_the_value_is_the_log_of_power_over_noise(noise):
    """A chequered pattern of ±a has (a·H²)² at one frequency, where noise of deviation s has s²·H²."""
    sign = (-1) ** np.add.outer(np.arange(32), np.arange(32))[..., None]
    board = (noise + 5 * sign).astype(np.uint8)
    expected = np.log(1 + 25 * 32**2 / noise.std() ** 2)
    assert checkerboard_energy(board, 2) == pytest.approx(expected, abs=0.15)


def test_borders_and_brightness_are_no_checkerboards(noise):
    framed = noise.copy()
    framed[:, :6], framed[:, -6:] = 0, 0
    for period in PERIODS:
        assert abs(checkerboard_energy(framed, period)) < 0.5
        assert checkerboard_energy(noise - 20, period) == pytest.approx(
            checkerboard_energy(noise, period), abs=0.05
        )


def test_constant_images_have_none():
    assert checkerboard_energy(np.full((4, 32, 32, 1), 90, np.uint8), 2) == 0


@pytest.mark.parametrize(
    "shape, period", [((4, 32, 32, 1), 3), ((0, 32, 32, 1), 2), ((4, 8, 8, 1), 2), ((4, 32, 16, 1), 2)]
)
def test_what_cannot_be_measured_is_refused(shape, period):
    with pytest.raises(ValueError, match="Received"):
        checkerboard_energy(np.zeros(shape, np.uint8), period)
