"""A single image that is a training scan nearly pixel by pixel is caught, and no other image is."""

import numpy as np
import pytest

from covid_gan.privacy import CANNOT_TELL, MEMORISED, NO_SIGN, exact, examine, figures, nearest, share


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(share, "DRAWS", 200)


def noisy(images):
    noise = np.random.default_rng(3).normal(0, 2, images.shape)
    return np.rint(images + noise).clip(0, 255).astype(np.uint8)


def count(fake, training, held_out=None):
    scans = nearest.shrink(training if held_out is None else np.concatenate([training, held_out]))
    distances = nearest.pixel_distances(nearest.shrink(fake), scans)
    return exact.find(distances, nearest.spread(scans), len(training))[0]


@pytest.mark.parametrize("copied", [[7], range(10), [7] * 25])
def test_copies_among_1000_are_caught(copied, draw, training, held_out):
    fake = np.concatenate([draw(1000 - len(copied), 3), training[copied]])
    found = examine(fake, training, held_out)
    assert found.verdict == MEMORISED
    assert (found.exact.count, found.exact.scans) == (len(copied), len(set(copied)))
    assert found.exact.share == len(copied) / 1000 and str(len(copied)) in found.reason
    assert [pair.copy for pair in found.pairs[: len(copied)]] == [True] * min(len(copied), 16)


def test_one_copy_is_enough_without_held_out_scans(draw, training):
    fake = draw(40, 3)
    assert examine(fake, training).verdict == CANNOT_TELL
    fake[11] = training[5]
    found = examine(fake, training)
    assert found.verdict == MEMORISED and found.pixels.copies is None
    assert found.pairs[0].generated == 11 and found.pairs[0].training.scan == 5
    assert [pair.copy for pair in found.pairs[:2]] == [True, None]
    figures.pairs(found, fake, training)


@pytest.mark.parametrize("way", ["plain", "shifted", "mirrored", "brighter"])
def test_every_disguised_copy_counts(way, disguises, training, held_out):
    assert count(disguises[way](training), training, held_out).count == len(training)


def test_noise_of_2_grey_levels_hides_no_copy(training):
    plain = training[nearest.spread(nearest.shrink(training)) > 25]
    assert len(plain) > 50
    assert count(noisy(plain[:, :, ::-1]), training).count == len(plain)


def test_real_scans_of_others_never_count(disguise, draw, training, held_out):
    assert count(disguise(held_out), training, held_out).count == 0
    assert count(disguise(draw(500, 5)), training, held_out).count == 0


def test_a_picture_twice_in_training_does_not_hide_its_copies(draw, training, held_out):
    twice = np.concatenate([training, noisy(training)])
    fake = np.concatenate([training[:3], draw(197, 3)])
    assert count(fake, twice, held_out).count == 3
    assert count(held_out, twice, held_out).count == 0
    names = dict(training_patients=[*range(120)] * 2, held_out_patients=range(200, 250))
    assert examine(fake, twice, held_out, **names).verdict == MEMORISED
    assert examine(draw(200, 3), twice, held_out, **names).verdict == NO_SIGN


def test_flat_images_are_no_copies():
    """Not of flat scans either: all flat images are alike, and tell nothing of a patient."""
    rng = np.random.default_rng(0)
    scans = rng.integers(90, 150, (40, 24, 24, 1)).astype(np.uint8)
    scans[3] = 100
    scans[4] = 100 + rng.integers(0, 2, scans[4].shape)
    fake = np.stack([np.full((24, 24, 1), grey) for grey in (0, 100, 255)]).astype(np.uint8)
    fake = np.concatenate([fake, (100 + rng.integers(0, 2, (20, 24, 24, 1))).astype(np.uint8)])
    assert count(fake, scans).count == 0


def test_scans_that_are_all_alike_are_not_copies_of_each_other():
    rng = np.random.default_rng(0)
    one = rng.normal(120, 40, (24, 24, 1))
    scans = np.rint(one + rng.normal(0, 2, (90, 24, 24, 1))).clip(0, 255).astype(np.uint8)
    assert count(scans[60:], scans[:60]).count == 0
