"""The share against all subsets, and its interval against repeated experiments."""

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from covid_gan.privacy import share
from covid_gan.privacy.share import Ranks, nearer_share


def over_all_subsets(distances, held_out):
    """The share of images that are nearer to training, over all subsets of equal size."""
    training, other = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    equal = min(len(training), len(other))
    wins = [
        distances[:, list(some)].min(axis=1) < distances[:, list(others)].min(axis=1)
        for some in itertools.combinations(training, equal)
        for others in itertools.combinations(other, equal)
    ]
    return np.mean(wins, axis=0)


@pytest.mark.parametrize("held_out_count", [1, 3, 4, 6])
def test_the_closed_form_equals_all_subsets(held_out_count):
    rng = np.random.default_rng(held_out_count)
    distances, held_out = rng.uniform(size=(50, 8)), np.arange(8) >= 8 - held_out_count
    found = Ranks(distances, held_out).nearer_to_training(held_out)
    np.testing.assert_allclose(found, over_all_subsets(distances, held_out), atol=1e-9)


def test_an_images_own_patient_is_in_neither_group():
    rng = np.random.default_rng(0)
    distances, held_out = rng.uniform(size=(30, 9)), np.arange(9) >= 6
    without = np.delete(distances, 2, axis=1), np.delete(held_out, 2)
    distances[:, 2] = np.inf
    found = Ranks(distances, held_out).nearer_to_training(held_out)
    np.testing.assert_allclose(found, over_all_subsets(*without), atol=1e-9)


def experiment(seed, copied=0.0, dimensions=6):
    """400 points against 60 training and 20 held-out ones of the same cloud, some of them copies."""
    rng = np.random.default_rng(seed)
    training, held_out, fake = (rng.normal(size=(n, dimensions)) for n in (60, 20, 400))
    copies = int(copied * len(fake))
    fake[:copies] = training[rng.integers(0, len(training), copies)]
    return cdist(fake, np.concatenate([training, held_out])), np.arange(80) >= 60


def test_the_interval_covers_chance_as_often_as_it_says(monkeypatch):
    """400 points are not independent given 80 others: an interval as of 400 coins misses far more."""
    monkeypatch.setattr(share, "DRAWS", 200)
    found = [nearer_share(*experiment(seed), confidence=0.9, seed=seed) for seed in range(100)]
    covered = np.mean([each.low <= 0.5 <= each.high for each in found])
    assert 0.82 <= covered <= 0.97
    shares = np.array([each.share for each in found])
    assert shares.mean() == pytest.approx(0.5, abs=0.03)
    coins = 1.645 * 0.5 / np.sqrt(400)
    assert np.mean(np.abs(shares - 0.5) <= coins) < 0.75


def test_copies_raise_the_share(monkeypatch):
    monkeypatch.setattr(share, "DRAWS", 300)
    assert nearer_share(*experiment(0, copied=0.9)).low > 0.5


def two_places(seed):
    """Training scans mostly from one place, held-out ones mostly from another, and an innocent generator."""
    rng = np.random.default_rng(seed)

    def scans(count, here):
        place = np.where(rng.uniform(size=count) < here, 0.0, 3.0)
        return rng.normal(size=(count, 6)) + place[:, None]

    training, held_out, fake = scans(80, 0.8), scans(40, 0.3), scans(150, 0.8)
    real = np.concatenate([training, held_out])
    between = cdist(real, real)
    np.fill_diagonal(between, np.inf)
    return cdist(fake, real), np.arange(120) >= 80, between, np.arange(120)


def test_another_place_is_not_taken_for_memory(monkeypatch):
    """The real scans' own share says what an innocent generator of that place would have."""
    monkeypatch.setattr(share, "DRAWS", 200)
    found = [nearer_share(*two_places(seed), confidence=0.98, seed=seed) for seed in range(20)]
    assert np.mean([each.chance for each in found]) > 0.6
    assert np.mean([each.low > 0.5 for each in found]) > 0.5
    assert sum(each.excess_low > 0 for each in found) <= 2


def test_equally_near_patients_favour_neither(monkeypatch):
    monkeypatch.setattr(share, "DRAWS", 2)
    distances, held_out = np.zeros((40, 200)), np.arange(200) >= 100
    shares = [nearer_share(distances, held_out, seed=seed).share for seed in range(40)]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.25)
