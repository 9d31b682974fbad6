"""Scans to describe, and a cache of the tests' own."""

import numpy as np
import pytest

from covid_gan.features import pretext


@pytest.fixture(scope="session")
def chests():
    """Returns a function: dark ellipses in a bright one, each image its own, uint8 [n, size, size, 1]."""

    def draw(count, size=16, seed=0):
        rng = np.random.default_rng(seed)
        y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
        images = np.empty((count, size, size, 1), np.uint8)
        for image in images:
            grey = np.where(x**2 + y**2 < rng.uniform(0.7, 1), 200.0, 0.0)
            for side in (-0.4, 0.4):
                lung = ((x - side) / rng.uniform(0.2, 0.35)) ** 2 + ((y - rng.normal(0, 0.15)) / 0.6) ** 2 < 1
                grey[lung] = rng.uniform(20, 60)
            image[..., 0] = np.clip(grey + rng.normal(0, 8, grey.shape), 0, 255)
        return images

    return draw


@pytest.fixture
def cache_dir(tmp_path, monkeypatch):
    """The folder of the encoders, empty, and trainings of three steps."""
    monkeypatch.setenv("COVID_GAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(pretext, "STEPS", 3)
    return tmp_path / "cache" / "encoders"
