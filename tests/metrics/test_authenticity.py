"""Authenticity: copies are caught, fresh images are not, and it is its definition."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from covid_gan.metrics import distances
from covid_gan.metrics.authenticity import authenticity


def gaussians(seed, count, dimension=8, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, (count, dimension))


def test_it_is_its_definition():
    real, fake = gaussians(0, 50), gaussians(1, 80)
    own = cdist(real, real) + np.diag(np.full(50, np.inf))
    apart = cdist(fake, real)
    authentic = [row.min() > own[row.argmin()].min() for row in apart]
    assert authenticity(real, fake) == np.mean(authentic)
    assert 0 < np.mean(authentic) < 1


def test_a_line_of_points():
    """Each is 1 from the next; only what is farther than that from the nearest is authentic."""
    real = np.arange(20.0)[:, None]
    fake = np.concatenate([real, real + 0.4, [[20.0], [20.5], [-7.0], [40.0]]])
    assert authenticity(real, fake) == 3 / 44  # 20 is 1 from 19, which is not farther


@pytest.mark.parametrize("noise", [0, 1e-3])
def test_copies_are_caught_even_among_fresh_images(noise):
    real = gaussians(0, 200)
    copies = real + noise * gaussians(1, 200)
    assert authenticity(real, copies) == 0
    fresh = authenticity(real, gaussians(2, 200))
    mixed = authenticity(real, np.concatenate([copies, gaussians(2, 200)]))
    assert 0.4 < fresh < 0.9 and mixed == pytest.approx(fresh / 2)
    assert authenticity(real, gaussians(3, 100, shift=9)) == 1


def test_copies_of_scans_that_stand_twice_are_caught():
    real = np.tile(gaussians(0, 50), (2, 1))
    assert authenticity(real, real) == 0


def test_blocks_change_nothing(monkeypatch):
    real, fake = gaussians(0, 60), gaussians(1, 90)
    whole = authenticity(real, fake)
    monkeypatch.setattr(distances, "_BLOCK", 500)
    assert authenticity(real.astype(np.float32), fake.astype(np.float32)) == whole
