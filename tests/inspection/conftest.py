"""Drawn chests, each like no other, and data sets made of them."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from covid_gan.data import Audited, Scan
from tfds_covidct.reading.facts import FileFacts

SIZE = (150, 200)


def _draw_chest(seed: int, size=SIZE) -> np.ndarray:
    """A bright ellipse with two dark ones full of bright, patient-like blobs: uint8 [H, W]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j]
    wide, high = rng.uniform(0.85, 0.95, 2)
    image = np.where((x / wide) ** 2 + (y / high) ** 2 < 1, 170.0, 12.0)
    vessels = gaussian_filter(rng.normal(size=size), 2.0)
    for side in (-0.42, 0.42):
        lung = ((x - side) / rng.uniform(0.28, 0.36)) ** 2 + ((y - rng.normal(0, 0.05)) / 0.7) ** 2 < 1
        image[lung] = (60 + 900 * np.clip(vessels, 0, None))[lung]
    heart = (x - rng.normal(0.1, 0.08)) ** 2 + ((y - rng.normal(0.1, 0.1)) * 1.3) ** 2 < rng.uniform(
        0.05, 0.12
    )
    image[heart] = 190
    return np.clip(gaussian_filter(image, 0.8) + rng.normal(0, 3, size), 0, 255).astype(np.uint8)


def _scan_of(image, **changes) -> Scan:
    height, width = image.shape
    facts = FileFacts("PNG", "L", 8, width, height)
    known = {"label": "covid", "split": "train", "image_id": "a.png", "patient_id": "", "dataset": "drawn"}
    return Scan(**{"image": image, "facts": facts, **known, **changes})


@pytest.fixture(scope="session")
def draw_chest():
    """(seed, size) -> uint8 [H, W]."""
    return _draw_chest


@pytest.fixture(scope="session")
def scan_of():
    """(image, **changes) -> Scan."""
    return _scan_of


@pytest.fixture(scope="session")
def audited():
    """Scans -> Audited."""
    return lambda scans: Audited("drawn", "1.0.0", ("covid", "non_covid"), ("train", "test"), scans)


@pytest.fixture(scope="session")
def chests() -> list[np.ndarray]:
    """40 different chests."""
    return [_draw_chest(seed) for seed in range(40)]


@pytest.fixture(scope="session")
def scans(chests) -> list[Scan]:
    """40 images of 20 patients, both classes, two splits, nothing wrong with them."""
    return [
        _scan_of(
            image,
            label="covid" if i // 2 % 2 else "non_covid",
            split="test" if i >= 28 else "train",
            image_id=f"scan-{i:02d}.png",
            patient_id=f"secret-{i // 2}",
        )
        for i, image in enumerate(chests)
    ]
