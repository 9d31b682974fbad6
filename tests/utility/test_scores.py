"""AUC, F1 and their intervals: known values, what is drawn together, and how often an interval is right."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from covid_gan.utility import scores


def drawn(seed, n=60, apart=1.0):
    """Scores of n scans, every second one positive, rounded so that some are equal."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % 2 == 0
    return np.round(rng.normal(apart * truth), 1), truth


def alone(count):
    """Each scan a patient of its own."""
    return np.arange(count)


def test_auc_equals_scikit_learns_on_every_sample():
    found, truth = drawn(0)
    weights = scores.resampled_weights(truth, alone(60), seed=1, count=20)
    expected = [sklearn_metrics.roc_auc_score(truth, found, sample_weight=row) for row in weights]
    np.testing.assert_allclose(scores.auc(found, truth, weights), expected, rtol=1e-12)


def test_f1_equals_scikit_learns_on_every_sample():
    found, truth = drawn(0)
    weights = scores.resampled_weights(truth, alone(60), seed=1, count=20)
    expected = [sklearn_metrics.f1_score(truth, found > 0.5, sample_weight=row) for row in weights]
    np.testing.assert_allclose(scores.f1(found > 0.5, truth, weights), expected, rtol=1e-6)


def test_equal_scores_have_an_auc_of_a_half():
    _, truth = drawn(0)
    assert scores.auc(np.zeros(60), truth, np.ones((1, 60))) == 0.5


def test_no_threshold_has_a_larger_f1():
    found, truth = drawn(3)
    best = sklearn_metrics.f1_score(truth, found > scores.best_threshold(found, truth))
    every = [sklearn_metrics.f1_score(truth, found > t) for t in np.linspace(-4, 5, 400)]
    assert best == max(every)


def test_the_threshold_of_scores_that_are_apart_lies_in_the_middle():
    assert scores.best_threshold(np.array([0.0, 1.0, 3.0, 4.0]), np.array([False, False, True, True])) == 2.0


def test_the_threshold_of_equal_scores_says_positive():
    threshold = scores.best_threshold(np.full(4, 0.7), np.array([True, False, True, False]))
    assert threshold < 0.7


def test_the_first_row_of_weights_is_the_data_and_others_keep_the_classes():
    truth = np.arange(30) < 12
    weights = scores.resampled_weights(truth, alone(30), seed=0, count=50)
    assert (weights[0] == 1).all()
    assert (weights[:, truth].sum(axis=1) == 12).all() and (weights[:, ~truth].sum(axis=1) == 18).all()
    assert not (weights[1] == weights[2]).all()


def test_patients_are_drawn_as_wholes():
    truth = np.arange(40) < 20
    groups = np.arange(40) // 4
    weights = scores.resampled_weights(truth, groups, seed=0, count=50)
    assert (weights.reshape(51, 10, 4) == weights.reshape(51, 10, 4)[:, :, :1]).all()


def test_scans_of_few_patients_leave_a_wider_interval():
    # Each patient's scans have one score: four of them tell no more than one.
    found, truth = drawn(5, 40)
    found, truth, groups = (np.repeat(values, 4) for values in (found, truth, alone(40)))
    widths = []
    for own in (alone(160), groups):
        weights = scores.resampled_weights(truth, own, seed=0)
        values = np.stack([scores.auc(found, truth, weights)] * 2)
        one = scores.estimate(values, len(set(own)) // 2)
        widths.append(one.high - one.low)
    assert 1.7 < widths[1] / widths[0] < 2.4


def test_one_seed_is_refused():
    with pytest.raises(ValueError, match="two seeds. Received: 1"):
        scores.estimate(np.ones((1, 10)), scans=50)


@pytest.mark.parametrize("scans", [0, 1])
def test_a_single_patient_is_refused(scans):
    with pytest.raises(ValueError, match=f"at least 2. Received: scans={scans}"):
        scores.estimate(np.random.default_rng(0).uniform(size=(3, 10)), scans)


def test_the_interval_of_numbers_that_never_differ_is_a_point():
    assert scores.estimate(np.ones((3, 10)), scans=50) == scores.Estimate(1.0, 1.0, 1.0, (1.0, 1.0, 1.0))


def test_seeds_that_differ_widen_the_interval_as_students_t_says():
    values = np.array([0.7, 0.8, 0.9])[:, None].repeat(11, axis=1)
    found = scores.estimate(values, scans=50)
    reach = 4.302653 * 0.1 / 3**0.5
    assert (found.value, found.low, found.high) == pytest.approx((0.8, 0.8 - reach, 0.8 + reach))


def test_an_interval_ends_where_its_number_does():
    assert scores.within(scores.Estimate(0.9, 0.7, 1.1, ())) == scores.Estimate(0.9, 0.7, 1.0, ())


def trial(seed, gain, seeds=3, n=120):
    """Scores [seeds, n] of two kinds of classifiers on the same scans; the second is the better one.

    What is hard about a scan is shared by all; how well a classifier does differs between seeds.
    """
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % 2 == 0
    hard = rng.normal(size=n)

    def classifier(apart):
        return (apart + rng.normal(0, 0.15)) * truth + hard + rng.normal(0, 0.5, n)

    return truth, [np.stack([classifier(apart) for _ in range(seeds)]) for apart in (1.0, 1.0 + gain)]


def gain_of(seed, gain, level=0.95):
    truth, arms = trial(seed, gain)
    weights = scores.resampled_weights(truth, alone(len(truth)), seed, count=200)
    first, second = (np.stack([scores.auc(one, truth, weights) for one in arm]) for arm in arms)
    return scores.estimate(second - first, len(truth) // 2, level)


@pytest.mark.parametrize("gain", [0.0, 0.5])
def test_intervals_of_a_gain_hold_the_truth_as_often_as_they_say(gain):
    # The AUC that a trial has on average, from one of very many scans and seeds.
    truth, arms = trial(0, gain, seeds=40, n=2000)
    expected = np.subtract(
        *(np.mean([sklearn_metrics.roc_auc_score(truth, one) for one in arm]) for arm in arms[::-1])
    )
    found = [gain_of(seed, gain, level=0.9) for seed in range(1, 121)]
    share = np.mean([one.low <= expected <= one.high for one in found])
    # 0.9 less two standard errors of 120 trials; the intervals may be somewhat too wide.
    assert 0.84 <= share <= 0.99


def test_a_gain_is_narrower_than_the_difference_of_two_intervals():
    found, truth = drawn(7, 120)
    weights = scores.resampled_weights(truth, alone(120), 0)
    first, second = (np.stack([scores.auc(found + gain * truth, truth, weights)] * 2) for gain in (0, 0.3))
    widths = [one.high - one.low for one in (scores.estimate(v, 60) for v in (second - first, first, second))]
    assert widths[0] < 0.5 * min(widths[1:])
