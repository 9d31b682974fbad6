"""Numbers stand beside what real scans reach, and what is missing has a reason."""

import numpy as np
import pytest

from covid_gan import metrics, privacy
from covid_gan.errors import ArgumentError
from covid_gan.evaluation import EvaluationConfig, words
from covid_gan.evaluation.measuring import Measure
from covid_gan.judge import Judge


@pytest.fixture(scope="module")
def fresh(examined, draw, extractor):
    """Results of images of the very distribution of the scans."""
    return examined(draw(128, 3), extractor())


def test_fresh_images_are_as_good_as_real_ones(fresh):
    ratios = {m.key: m.ratio for m in words.headlines(fresh.measures)}
    assert len(ratios) == len(words.HEADLINES)
    assert {words.mark(m) for m in words.headlines(fresh.measures)} <= set(words.MARKS[:2]), ratios
    assert fresh.memorisation.verdict == privacy.NO_SIGN
    assert fresh.skipped.keys() == {"curves"}


def test_blurred_images_are_farther_from_scans_than_scans_are(examined, draw, extractor, fresh):
    blurred = examined(draw(128, 3, blur=3), extractor())
    for key in ("spectrum", "kid_ct-0a1b2c", "coverage_ct-0a1b2c"):
        assert blurred.find(key).ratio < 0.5 * fresh.find(key).ratio, key
    spectrum = blurred.find("spectrum")
    assert spectrum.value > 3 * spectrum.unseen and spectrum.against_held_out > 3 * spectrum.unseen
    assert words.mark(spectrum) == words.MARKS[2]


def test_the_same_numbers_as_the_metrics_give_alone(fresh, extractor):
    found = fresh
    judge = Judge(found.source.training, extractor(), seed=0)
    scores = judge.score(found.source.images)
    assert {m.key: m.value for m in found.measures}.items() <= scores.items()
    kid = found.find(judge.kid_key)
    assert (kid.low, kid.high) == (scores["kid_ct-0a1b2c_low"], scores["kid_ct-0a1b2c_high"])
    assert kid.low < kid.value < kid.high
    floor = metrics.pixel_floor(found.source.training, 2, 0)[0]["spectrum"]
    assert (found.find("spectrum").floor, found.find("spectrum").floor_spread) == (floor.mean, floor.spread)


def test_ratios_do_not_grow_with_the_number_of_images(examined, draw, extractor):
    """More images cover more scans and have a smaller FID, but the ratio compares like with like."""
    few, many = (examined(draw(count, 3), extractor()) for count in (80, 800))
    for key in ("coverage_ct-0a1b2c", "fid_ct-0a1b2c"):
        assert few.find(key).ratio == pytest.approx(many.find(key).ratio, rel=0.25), key
    fid = many.find("fid_ct-0a1b2c")
    assert fid.value < 0.8 * fid.matched
    assert many.find("coverage_ct-0a1b2c").value > many.find("coverage_ct-0a1b2c").matched + 0.03


def test_copies_of_training_scans_are_caught(examined, draw, extractor):
    training = draw(160, 1)
    found = examined(training[np.arange(128)], extractor(), training=training)
    assert found.memorisation.verdict == privacy.MEMORISED


def test_held_out_scans_of_a_training_patient_are_no_strangers(examined, draw):
    first = {f"test-{i}": "train-0" for i in range(10)}
    found = examined(draw(128, 3), owners=lambda ids: tuple(first.get(name, name) for name in ids))
    assert len(found.strangers) == 70 and found.memorisation.held_out == 70
    assert any("training patients" in what for what in found.skipped)


def test_few_scans_leave_gaps_with_reasons(examined, draw):
    found = examined(draw(64, 3), training=draw(24, 1), unseen=draw(20, 2))
    spectrum = found.find("spectrum")
    assert spectrum.value > 0 and spectrum.unseen > 0
    assert spectrum.floor is spectrum.ratio is None and found.find("distinct_of_64").unseen is None
    assert {"floor between halves", "distinct_of_64, of held-out scans"} <= found.skipped.keys()
    assert all(reason for reason in found.skipped.values())


def test_without_held_out_scans_the_verdict_is_open(examined, draw):
    found = examined(draw(128, 3), unseen=draw(1, 0)[:0])
    assert found.memorisation.verdict == privacy.CANNOT_TELL
    assert "held-out scans" in found.skipped and found.find("spectrum").unseen is None


@pytest.mark.parametrize("count", [8, 15])
def test_too_few_images_are_an_error(examined, draw, count):
    with pytest.raises(ArgumentError, match="images") as caught:
        examined(draw(count, 3))
    assert caught.value.argument == "images" and str(count) in caught.value.expected


def test_the_same_seed_gives_the_same_results(examined, draw, extractor, fresh):
    again = examined(draw(128, 3), extractor())
    assert again.measures == fresh.measures
    assert again.memorisation.to_json() == fresh.memorisation.to_json()


@pytest.mark.parametrize(
    "name, value",
    [("count", 10), ("count", 10**6), ("checkpoint", "last"), ("features", "dino"), ("halvings", 1),
     ("seed", -1), ("curve", -1), ("utility_seeds", 1)],
)  # fmt: skip
def test_a_wrong_setting_names_itself(name, value):
    with pytest.raises(ArgumentError) as caught:
        EvaluationConfig(**{name: value})
    assert caught.value.argument == name


@pytest.mark.parametrize("key, ratio, place", [
    ("kid_ct", 0.5, 0), ("kid_ct", 0.49, 1), ("kid_ct", 0.19, 2),
    ("coverage_ct", 0.89, 1), ("diversity", 0.9, 0), ("diversity_blurred", 0.69, 2),
])  # fmt: skip
def test_marks(key, ratio, place):
    assert words.mark(Measure(key, 1.0, ratio=ratio)) == words.MARKS[place]
    assert words.mark(Measure(key, 1.0)) == ""


def test_every_measure_has_words():
    assert set(words.QUESTIONS) == set(metrics.DIRECTIONS)
    assert set(words.HEADLINES) <= set(words.QUESTIONS)
    assert words.base_of("diversity_blurred") == "diversity_blurred" and words.base_of("swd_64") == "swd"
    assert words.title_of("kid_ct-0a1b2c") == "KID (ct-0a1b2c)" and words.title_of("swd_64") == "SWD at 64 px"


def test_the_worst_level_stands_for_all():
    levels = [Measure("swd_64", 1.0, ratio=0.6), Measure("swd_32", 1.0, ratio=0.3)]
    assert words.headlines(levels) == levels[1:]
    assert "SWD at 32 px" in words.in_short(levels)


def test_what_held_out_scans_do_not_reach_either_is_said():
    near = Measure("spectrum", 0.2, ratio=0.1, unseen=0.25)
    far = Measure("histogram_w1", 9.0, ratio=0.1, unseen=3.0)
    said = words.in_short([near, far])
    assert "No farther from them than held-out scans: spectrum." in said
    assert "held-out" not in words.in_short([far])


def test_a_ratio_needs_as_many_images_as_a_half_has(examined, draw):
    found = examined(draw(40, 3), training=draw(120, 1), unseen=draw(20, 2))
    assert all(m.ratio is None for m in found.measures) and any(m.floor for m in found.measures)
    assert found.skipped["ratios to the floor"] == "a half has 60 scans, and 40 images were generated"
