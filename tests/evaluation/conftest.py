"""Drawn scans, an extractor that needs no training, and a source that needs no data set."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from covid_gan import features
from covid_gan.config import Config
from covid_gan.data import HeldOut
from covid_gan.data.scans import Scans
from covid_gan.evaluation import EvaluationConfig, results, sources
from covid_gan.evaluation.generated import Generated
from covid_gan.features import Extractor

SIZE = 32
TRAINING, UNSEEN, COUNT = 160, 80, 128


def _draw(count, seed, blur=0):
    """Bright ellipses with two dark ones, each different: uint8 [count, 32, 32, 1]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    images = []
    for _ in range(count):
        wide, high = rng.uniform(0.7, 0.95, 2)
        image = np.where((x / wide) ** 2 + (y / high) ** 2 < 1, rng.uniform(150, 200), 0)
        for side in (-0.4, 0.4):
            lung = ((x - side) / rng.uniform(0.2, 0.35)) ** 2 + ((y - rng.normal(0, 0.1)) / 0.6) ** 2 < 1
            image[lung] = rng.uniform(30, 60)
        image = image + rng.normal(0, 12, image.shape)
        for _ in range(blur):
            image = (image + np.roll(image, 1, 0) + np.roll(image, 1, 1) + np.roll(image, 1, (0, 1))) / 4
        images.append(np.clip(image, 0, 255))
    return np.stack(images).astype(np.uint8)[..., None]


@pytest.fixture(scope="session")
def draw():
    """(count, seed, blur=0) -> uint8 [count, 32, 32, 1]."""
    return _draw


class _Projection:
    """16 random projections of the pixels, at any size."""

    def __init__(self, size):
        self.weights = np.random.default_rng(0).normal(size=(size * size, 16)).astype(np.float32) / size

    def __call__(self, images):
        return images.reshape(len(images), -1).astype(np.float32) / 255 @ self.weights


def _extractor(size=SIZE, key="ct-0a1b2c"):
    return Extractor("ct", key, "0a1b2c" + "0" * 58, 16, size, _Projection(size))


@pytest.fixture(scope="session")
def extractor():
    """(size=32, key="ct-0a1b2c") -> an extractor that needs no training."""
    return _extractor


@pytest.fixture(autouse=True)
def untrained(monkeypatch):
    """No test trains an encoder or looks for one."""
    monkeypatch.setattr(features, "get", lambda name, config: _extractor(config.model.image_size))


@dataclasses.dataclass(frozen=True)
class _DrawnSource(sources.Source):
    """A source whose patients are known without a data set."""

    owners: Callable | None = None

    def patients(self):
        unseen = tuple(name for part in self.held_out.values() for name in part.ids)
        return self.owners and (self.owners(self.scans.ids), self.owners(unseen))


def _source_of(images, training=None, unseen=None, owners=None, **about):
    training = _draw(TRAINING, 1) if training is None else training
    unseen = _draw(UNSEEN, 2) if unseen is None else unseen
    ids = tuple(f"train-{i}" for i in range(len(training)))
    fingerprint = {"name": "drawn", "version": "1.0.0", "split": "train", "classes": ["covid"],
                   "count": len(training), "sha256": "ab" * 32}  # fmt: skip
    config = Config().replace(image_size=images.shape[1])
    held_out_ids = tuple(f"test-{i}" for i in range(len(unseen)))
    held_out = {"test": HeldOut("test", unseen, held_out_ids, ("twice",))} if len(unseen) else {}
    known = dict(argument="images", path="there", name="made", step=None, size=images.shape[1],
                 settings=config, fingerprint={}, draw=lambda: images)  # fmt: skip
    scans = Scans(config.data, fingerprint, None, None, ids)
    return _DrawnSource(Generated(**known | about), images, config, scans, training, held_out, owners)


@pytest.fixture(scope="session")
def source_of():
    """Returns a function: images, and perhaps scans and their owners, -> what `open_source` would return."""
    return _source_of


@pytest.fixture(scope="session")
def examined():
    """Returns a function: images -> `Results` of few halvings."""

    def examine(images, extractor=None, **scans):
        return results.examine(_source_of(images, **scans), lambda: extractor, EvaluationConfig(halvings=2))

    return examine
