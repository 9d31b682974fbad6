"""Both ends: a generator that repeats training patients is caught, and an innocent one passes."""

import json

import numpy as np
import pytest

from covid_gan.privacy import CANNOT_TELL, MEMORISED, NO_SIGN, Features, examine, figures, share
from covid_gan.privacy.nearest import Move


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(share, "DRAWS", 400)


@pytest.fixture(scope="module")
def names():
    return dict(training_patients=[f"a{i}" for i in range(120)], held_out_patients=range(50))


def test_training_scans_in_disguise_are_caught(disguise, training, held_out, pick):
    found = examine(disguise(pick(training)), training, held_out)
    assert found.verdict == MEMORISED
    assert found.pixels.copies.count == 200 and found.pixels.copies.of_held_out == 0
    assert found.pixels.share.low > 0.5


def test_held_out_scans_pass(disguise, training, held_out, pick):
    found = examine(disguise(pick(held_out)), training, held_out)
    assert found.verdict == NO_SIGN
    assert found.pixels.copies.count == 0 and found.pixels.copies.of_held_out == 200
    assert found.pixels.share.share < 0.1


@pytest.mark.parametrize("seed", range(3, 8))
def test_fresh_images_pass(seed, draw, training, held_out, names):
    fake = draw(200, seed)
    for known in ({}, names):
        found = examine(fake, training, held_out, **known)
        assert found.verdict == NO_SIGN, found.reason
        assert found.pixels.share.low < found.pixels.share.chance < found.pixels.share.high


def test_copies_in_one_image_of_twenty_are_caught(disguise, draw, training, held_out, pick):
    fake = np.concatenate([disguise(pick(training, 50)), draw(950, 3)])
    found = examine(fake, training, held_out)
    assert found.verdict == MEMORISED and found.pixels.copies.count == 50
    assert found.pixels.share.excess_low < 0, "the mean share alone must not be what catches them"
    assert all(pair.copy and pair.generated < 50 for pair in found.pairs)


def test_copies_of_a_single_patient_are_caught_where_patients_are_known(draw, training, held_out, names):
    fake = np.concatenate([training[[7] * 50], draw(950, 3)])
    found = examine(fake, training, held_out, **names)
    assert found.verdict == MEMORISED and found.pixels.copies.patients == 1
    assert found.reason == "50 of 1000 generated images are copies of 1 training scan, nearly pixel by pixel."
    assert "50 images (5.0%, at most 7.1%) lie as near to 1 training patient as copies do" in found.details


def test_as_many_look_alikes_of_held_out_patients_pass(draw, training, held_out, pick, disguises):
    everyone = np.concatenate([training, held_out])
    fake = np.concatenate([disguises["noisy"](pick(everyone, 20)), draw(280, 3)])
    found = examine(fake, training, held_out)
    assert found.pixels.copies.of_held_out > 2 and found.verdict == NO_SIGN


def test_the_scans_of_a_patient_count_as_one(training, held_out, pick):
    """Two scans of each patient: a real scan's nearest is its patient's other one, and is no copy."""

    def twice(scans):
        return np.concatenate([scans, scans[:, :, ::-1]])

    known = dict(training_patients=[*range(120)] * 2, held_out_patients=[*range(200, 250)] * 2)
    found = examine(pick(training), twice(training), twice(held_out), **known)
    assert (found.training_patients, found.held_out_patients) == (120, 50)
    assert found.pixels.copies.real_share == 0 and found.verdict == MEMORISED


def test_nothing_is_said_without_enough_to_compare_with(draw, training, held_out):
    fake = draw(200, 3)
    alone = examine(fake, training)
    assert alone.verdict == CANNOT_TELL and "no held-out scans" in alone.reason
    assert alone.pixels.share is None and alone.pixels.copies is None and alone.pixels.to_held_out is None
    assert alone.pairs[0].held_out is None and alone.pairs[0].copy is None
    assert alone.details == "0 of 200 generated images are within 4 grey levels of a training scan."
    few = examine(fake, training, held_out[:19])
    assert few.verdict == CANNOT_TELL and "120 and 19" in few.reason
    assert examine(fake[:99], training, held_out).verdict == CANNOT_TELL
    one = examine(held_out[[3] * 200], training, held_out)
    assert one.verdict == CANNOT_TELL and "near to few of them" in one.reason


def test_copies_are_caught_without_held_out_scans_where_patients_are_known(draw, training, pick):
    known = dict(training_patients=range(120))
    assert examine(pick(training), training, **known).verdict == MEMORISED
    assert examine(draw(200, 3), training, **known).verdict == CANNOT_TELL


def test_blends_of_another_kind_of_scans_pass(draw, names):
    """Training from one scanner, held-out scans from another: blends are of the training kind, no copies."""
    rng = np.random.default_rng(0)
    flat = (draw(120, 0) * 0.6).astype(np.uint8)
    two = np.stack([rng.permutation(120)[:2] for _ in range(200)], axis=1)
    first, second = flat[two].astype(int)
    found = examine(((first + second) // 2).astype(np.uint8), flat, draw(50, 1), **names)
    assert found.pixels.share.share > 0.9 and found.pixels.share.chance_low > 0.5
    assert found.verdict != MEMORISED


def test_features_alone_can_tell(draw, training, held_out, pick):
    """Pixels are fresh; the features are those of the training scans' mirror images."""
    rng = np.random.default_rng(0)
    of_training, mirrored, of_held_out, held_out_mirrored = (
        rng.normal(size=(n, 32)) for n in (120, 120, 50, 50)
    )
    points = Features(pick(mirrored), of_training, of_held_out, mirrored, held_out_mirrored)
    found = examine(draw(200, 3), training, held_out, points)
    assert found.verdict == MEMORISED and found.reason.startswith("By their features 200")
    assert found.features.copies.count == 200 and found.pixels.copies.count == 0
    fresh = Features(rng.normal(size=(200, 32)), of_training, of_held_out, mirrored, held_out_mirrored)
    assert examine(draw(200, 3), training, held_out, fresh).verdict == NO_SIGN


def test_pairs_tell_what_was_done(training, held_out, pick, names):
    fake = np.roll(training[20:60, :, ::-1], (1, -2), (1, 2))
    found = examine(fake, training, held_out, **names)
    assert len(found.pairs) == 16
    for pair in found.pairs:
        assert pair.training.scan == pair.generated + 20 and pair.training.distance < 1e-5
        assert pair.training.move == Move(True, 1, -2) and pair.held_out.distance > 10
    figure = figures.pairs(found, fake, training, held_out)
    texts = [axes.get_title() for axes in figure.axes]
    assert sum(text.startswith("held out") for text in texts) == 16
    assert sum("mirrored, moved +1, -2" in text for text in texts if text.startswith("training")) == 16
    figures.pairs(examine(fake, training), fake, training)


def test_the_result_is_plain_and_repeats(draw, training, held_out, names):
    fake = draw(200, 3)
    once, again = (examine(fake, training, held_out, **names, seed=4) for _ in range(2))
    assert once == again
    told = json.loads(json.dumps(once.to_json(), allow_nan=False))
    assert told["verdict"] == NO_SIGN and told["pairs"][0]["training"]["move"]["down"] in range(-2, 3)
    assert told["pixels"]["to_training"]["50"] == pytest.approx(np.median(once.pixels.to_training))


def test_bad_input(training, held_out, draw):
    fake = draw(100, 3)
    points = Features(np.zeros((100, 3)), np.zeros((120, 3)), np.zeros((50, 3)))
    nan = Features(points.fake, points.training, points.held_out * np.nan)
    short = Features(points.fake, points.training[:-1], points.held_out)
    half = Features(points.fake, points.training, points.held_out, points.training)
    ids = dict(training_patients=range(120), held_out_patients=range(100, 150))
    for message, arguments, known in [
        ("`fake` must have the size of `training`, 24 × 24", (fake[:, :20], training, held_out), {}),
        ("`held_out` must have the size of", (fake, training, held_out[:, :20]), {}),
        ("`fake` must be uint8", (fake / 255, training, held_out), {}),
        ("`training` needs at least 16", (fake, training[:5], held_out), {}),
        ("`held_out_patients` must share no patient .* 20 in both", (fake, training, held_out), ids),
        (
            "`held_out_patients` must name .* 50 scans. Received: 0",
            (fake, training, held_out),
            {"training_patients": range(120)},
        ),
        ("`features.held_out` must be finite", (fake, training, held_out, nan), {}),
        (r"`features.training` must have the shape \[120, d\]", (fake, training, held_out, short), {}),
        ("mirrored scans of both sets or of neither", (fake, training, held_out, half), {}),
    ]:
        with pytest.raises(ValueError, match=message):
            examine(*arguments, **known)
