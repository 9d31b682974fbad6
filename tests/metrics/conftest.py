"""Images with known statistics."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

SIZE = 64


@pytest.fixture(scope="session")
def noise():
    """Returns a function: white Gaussian noise, uint8 [n, size, size, 1], that clips nothing to speak of."""

    def draw(count, seed, mean=128.0, deviation=20.0, size=SIZE):
        values = np.random.default_rng(seed).normal(mean, deviation, (count, size, size, 1))
        return np.rint(values).clip(0, 255).astype(np.uint8)

    return draw


@pytest.fixture(scope="session")
def textures():
    """Returns a function: smooth blobs with a grain, each image its own, uint8 [n, 64, 64, 1]."""

    def draw(count, seed):
        rng = np.random.default_rng(seed)
        coarse = gaussian_filter(rng.normal(size=(count, SIZE, SIZE)), (0, 6, 6))
        coarse *= 45 / coarse.std()
        grain = gaussian_filter(rng.normal(size=(count, SIZE, SIZE)), (0, 0.8, 0.8))
        grain *= 12 / grain.std()
        return np.rint(120 + coarse + grain).clip(0, 255).astype(np.uint8)[..., None]

    return draw


@pytest.fixture(scope="session")
def blur():
    """Returns a function that blurs images by a Gaussian of `sigma` pixels, uint8 again."""

    def apply(images, sigma):
        return np.rint(gaussian_filter(images.astype(float), (0, sigma, sigma, 0))).astype(np.uint8)

    return apply
