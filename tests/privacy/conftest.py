"""Patients as different from each other as scans are, and what a generator could do with them."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

SIZE = 24


def _draw(count: int, seed: int) -> np.ndarray:
    """Blobs with a grain, each image a patient of its own: uint8 [n, 24, 24, 1]."""
    rng = np.random.default_rng(seed)
    coarse = gaussian_filter(rng.normal(size=(count, SIZE, SIZE)), (0, 2.5, 2.5))
    grain = gaussian_filter(rng.normal(size=(count, SIZE, SIZE)), (0, 0.8, 0.8))
    images = 120 + 40 * coarse / coarse.std() + 8 * grain / grain.std()
    return np.rint(images).clip(0, 255).astype(np.uint8)[..., None]


@pytest.fixture(scope="session")
def draw():
    """(count, seed) -> uint8 [n, 24, 24, 1]."""
    return _draw


@pytest.fixture(scope="session")
def training():
    return _draw(120, 0)


@pytest.fixture(scope="session")
def held_out():
    return _draw(50, 1)


def _pick(scans, count=200, seed=0):
    return scans[np.random.default_rng(seed).integers(0, len(scans), count)]


@pytest.fixture(scope="session")
def pick():
    """(scans, count, seed) -> that many of them, drawn with repetition."""
    return _pick


def _shifted(images, down=1, right=-1):
    return np.roll(images, (down, right), (1, 2))


def _noisy(images, sigma=5):
    noise = np.random.default_rng(7).normal(0, sigma, images.shape)
    return np.rint(images + noise).clip(0, 255).astype(np.uint8)


def _brighter(images, by=12):
    return (images.astype(int) + by).clip(0, 255).astype(np.uint8)


# Ways to pass a scan on without its being the same file.
DISGUISES = {
    "plain": lambda images: images,
    "shifted": _shifted,
    "mirrored": lambda images: images[:, :, ::-1],
    "noisy": _noisy,
    "brighter": _brighter,
    "all": lambda images: _noisy(_brighter(_shifted(images[:, :, ::-1]))),
}


@pytest.fixture(scope="session")
def disguises():
    """All of them by name."""
    return DISGUISES


@pytest.fixture(params=DISGUISES)
def disguise(request):
    """A function of images."""
    return DISGUISES[request.param]
