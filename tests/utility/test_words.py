"""The answer follows from intervals, never from a value alone."""

import dataclasses

import pytest

from covid_gan.utility import words
from covid_gan.utility.classifier import QUICK
from covid_gan.utility.results import ArmScores, Utility
from covid_gan.utility.scores import Estimate


def estimate(value, reach):
    return Estimate(value, value - reach, value + reach, (value, value))


def arm(name, adds, auc, gain, reach=0.05):
    gained = None if gain is None else estimate(gain, reach)
    return ArmScores(name, adds, 100, 50, estimate(auc, 0.1), estimate(0.7, 0.1), gained, gained)


def found(*others, real=0.8):
    return Utility(
        positive="covid",
        negative="non_covid",
        dataset="covid_ct",
        version="1.0.0",
        runs=("00000-a", "00001-b"),
        checkpoints=(6000, 5000),
        train=(191, 234),
        validation=(60, 58),
        test=(96, 105),
        patients=(51, 42),
        dropped=(),
        threshold="validation",
        f1_always=0.65,
        seeds=3,
        size=64,
        budget=QUICK,
        flip=True,
        level=0.95,
        gain_level=0.9875,
        arms=(arm("real", False, real, None), *others),
        answer="",
    )


def test_a_gain_whose_interval_holds_zero_shows_nothing():
    said = words.answer(found(arm("both", True, 0.84, 0.04)))
    assert said == (
        "Whether adding generated images helps cannot be shown with 201 test scans and 3 seeds: "
        "both changes the AUC by +0.040 [-0.010, +0.090]."
    )


def test_a_gain_above_zero_helps():
    said = words.answer(found(arm("both", True, 0.86, 0.06), arm("more", True, 0.84, 0.04)))
    assert (
        said
        == "Adding generated images helps the classifier: both changes the AUC by +0.060 [+0.010, +0.110]."
    )


def test_a_gain_below_zero_harms_and_both_are_said():
    said = words.answer(found(arm("both", True, 0.86, 0.06), arm("more", True, 0.7, -0.1)))
    assert "helps the classifier: both" in said and "harms the classifier: more" in said


def test_a_gain_of_generated_images_alone_is_not_one_of_adding_them():
    said = words.answer(found(arm("generated", False, 0.9, 0.1), arm("both", True, 0.8, 0.0)))
    assert said.startswith("Whether adding") and "helps the classifier" not in said


@pytest.mark.parametrize(("auc", "told"), [(0.65, "tells the classes apart"), (0.55, "tells nothing")])
def test_generated_images_alone_are_held_against_guessing(auc, told):
    assert told in words.answer(found(arm("generated", False, auc, -0.1)))


def test_a_classifier_that_learns_nothing_from_real_scans_is_said_first():
    said = words.answer(found(arm("both", True, 0.56, 0.0), real=0.55))
    assert said.startswith("The classifier of real scans itself tells nothing")


def test_the_table_says_how_it_was_measured():
    text = words.markdown(found(arm("both", True, 0.86, 0.06)))
    assert "gain in AUC (98.75 %)" in text and "F1 of covid (95 %)" in text
    assert "00000-a of covid (step 6000) and 00001-b of non_covid (step 5000)" in text
    assert "mirrored and shifted" in text and "largest F1 on 118 real validation scans" in text
    assert "left out" not in text and "always saying covid would have F1 0.65" in text


def test_what_was_done_otherwise_is_said():
    other = dataclasses.replace(found(), threshold="0", flip=False, dropped=("a", "b"))
    text = words.markdown(other)
    assert "no validation split" in text and "2 scans are left out" in text and "mirrored" not in text
