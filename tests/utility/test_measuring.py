"""The whole measurement: toys whose answer is known, two runs end to end, and wrong arguments."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from covid_gan import utility
from covid_gan.errors import ArgumentError
from covid_gan.utility import measuring, scores
from covid_gan.utility.arms import REAL, Arm, Classes
from covid_gan.utility.classifier import QUICK, Budget

BUDGET = Budget(steps=200, channels=8)


def striped(rng, count, upright):
    """Stripes, upright or lying, in noise; how bright an image is tells nothing: uint8 [count, 16, 16, 1]."""
    images = rng.normal(rng.uniform(70, 180, (count, 1, 1, 1)), 25, (count, 16, 16, 1))
    stripes = 25 * np.sin(np.pi / 2 * np.arange(16) + rng.uniform(0, 2 * np.pi, (count, 1)))
    images += stripes[:, None, :, None] if upright else stripes[:, :, None, None]
    return np.clip(images, 0, 255).astype(np.uint8)


def both(rng, upright, lying):
    return Classes(striped(rng, upright, True), striped(rng, lying, False))


def toy(generate, train, test=60):
    """Opened runs of upright and lying stripes; `generate(rng, counts)` stands for the generators."""
    rng = np.random.default_rng(0)
    facts = SimpleNamespace(fingerprint={"name": "toy", "version": "1.0.0"})
    side = SimpleNamespace(label="upright", run=SimpleNamespace(name="run"), step=1, scans=facts)
    return SimpleNamespace(
        positive=side,
        negative=side,
        train=both(rng, train, train),
        held_out={"test": both(rng, test, test), "validation": both(rng, 30, 30)},
        groups=np.arange(2 * test),
        patients=(test, test),
        dropped=(),
        flip=True,
        generate=lambda counts, seed: generate(np.random.default_rng([1, seed]), counts),
    )


def perfect(rng, counts):
    return both(rng, *counts)


def useless(rng, counts):
    return Classes(*(rng.integers(0, 256, (count, 16, 16, 1), np.uint8) for count in counts))


@pytest.mark.slow
def test_fresh_draws_help_where_real_scans_are_few():
    arms = (REAL, Arm("generated", False, 100.0), Arm("real + 100 × generated", True, 100.0))
    found = measuring.measure(toy(perfect, train=3), 3, arms, BUDGET, seed=0)
    real, generated, added = found.arms
    assert real.auc.value < 0.8 and generated.auc.low > 0.9
    assert added.auc_gain.low > 0
    assert "helps the classifier: real + 100 × generated changes the AUC by +0." in found.answer
    assert "tells the classes apart" in found.answer


@pytest.mark.slow
def test_noise_teaches_nothing():
    arms = (REAL, Arm("generated", False, 2.0))
    found = measuring.measure(toy(useless, train=150), 3, arms, BUDGET, seed=0)
    real, generated = found.arms
    assert real.auc.low > 0.8
    assert generated.auc.low <= 0.5 <= generated.auc.high and generated.auc_gain.high < 0
    assert "tells nothing that can be shown" in found.answer


def test_f1_is_taken_at_the_threshold_of_the_validation_scans():
    opened = toy(perfect, train=3)
    # Logits that are right in their order and 5 too large.
    logits = {name: 5.0 + split.joined()[1][None, None] for name, split in opened.held_out.items()}
    truth = opened.held_out["test"].joined()[1]
    aucs, f1s = measuring._values(opened, logits, truth, np.ones((1, len(truth))))
    assert aucs.item() == 1 and f1s.item() == 1
    without = {"test": logits["test"]}
    assert measuring._values(opened, without, truth, np.ones((1, len(truth))))[1].item() == pytest.approx(
        2 / 3
    )


def test_gains_are_paired_by_sample_and_have_their_own_level():
    values = np.random.default_rng(0).uniform(size=(2, 2, 3, 50))
    aucs, f1s = values
    _, arm = measuring._scored(utility.ARMS[:2], both(np.random.default_rng(0), 5, 5), aucs, f1s, 9, 0.8)
    assert arm.auc_gain == scores.estimate(aucs[1] - aucs[0], 9, 0.8)
    assert arm.f1_gain == scores.estimate(f1s[1] - f1s[0], 9, 0.8)
    assert arm.auc == scores.within(scores.estimate(aucs[1], 9, 0.95))


@pytest.fixture(scope="module")
def measured(pair):
    return utility.measure_utility(*pair, seeds=2, budget=QUICK)


def test_two_runs_are_measured_from_end_to_end(measured):
    assert [arm.name for arm in measured.arms] == [arm.name for arm in utility.ARMS]
    assert [(arm.real, arm.generated) for arm in measured.arms] == [
        (40, 0),
        (0, 40),
        (40, 20),
        (40, 40),
        (40, 80),
    ]
    assert (measured.positive, measured.negative) == ("covid", "non_covid")
    assert (measured.dataset, measured.version, measured.size) == ("paired_scans", "1.0.0", 16)
    assert measured.test == (24, 23) and measured.patients == (12, 12) and measured.dropped == ("test-07",)
    assert measured.threshold == "validation" and measured.checkpoints == (6, 6)
    assert measured.f1_always == pytest.approx(2 * 24 / (2 * 24 + 23))
    for arm in measured.arms:
        for one in (arm.auc, arm.f1):
            assert 0 <= one.low <= one.value <= one.high <= 1 and len(one.by_seed) == 2
    assert measured.arms[0].auc_gain is None


def test_gains_are_differences_to_the_real_arm_and_hold_together(measured):
    real, *others = measured.arms
    for arm in others:
        assert arm.auc_gain.value == pytest.approx(arm.auc.value - real.auc.value)
        assert arm.f1_gain.value == pytest.approx(arm.f1.value - real.f1.value)
    assert measured.gain_level == pytest.approx(1 - 0.05 / 4)


def test_the_classifiers_of_noise_know_nothing(measured):
    assert all(arm.auc.low <= 0.5 <= arm.auc.high for arm in measured.arms)
    assert "cannot be shown" in measured.answer and "say" in measured.answer


def test_it_goes_into_json_and_markdown(measured):
    told = json.loads(json.dumps(measured.to_json()))
    assert told["arms"][2]["auc"]["value"] == measured.arms[2].auc.value
    text = utility.markdown(measured)
    assert text.startswith(measured.answer)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(measured.arms) and {row.count("|") for row in rows} == {8}
    assert "24 scans of covid and 23 of non_covid, of 12 and 12 patients" in text
    assert "1 scans are left out" in text


def test_the_same_seed_gives_the_same_numbers(pair, measured):
    again = utility.measure_utility(*pair, seeds=2, budget=QUICK, arms=utility.ARMS[:2])
    assert [arm.auc.by_seed for arm in again.arms] == [arm.auc.by_seed for arm in measured.arms[:2]]


@pytest.mark.parametrize("seeds", [0, 1, 101])
def test_one_seed_shows_nothing(pair, seeds):
    with pytest.raises(ArgumentError, match="from 2") as caught:
        utility.measure_utility(*pair, seeds=seeds)
    assert caught.value.argument == "seeds"


@pytest.mark.parametrize("arms", [(), utility.ARMS[1:], (*utility.ARMS, utility.ARMS[1])])
def test_arms_must_begin_with_the_real_one(pair, arms):
    with pytest.raises(ArgumentError, match="begin with the real one") as caught:
        utility.measure_utility(*pair, arms=arms)
    assert caught.value.argument == "arms"
