"""The classifier: what it learns, from the same seed the same, with the same budget for all."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from covid_gan.errors import DivergenceError
from covid_gan.utility import classifier
from covid_gan.utility.classifier import QUICK, Budget


def spots(count, seed):
    """Noise, with a bright spot somewhere in every second image, and which those are."""
    rng = np.random.default_rng(seed)
    images = rng.normal(100, 20, (count, 16, 16, 1))
    truth = np.arange(count) % 2 == 0
    for i, (row, column) in zip(np.flatnonzero(truth), rng.integers(3, 10, (count, 2))):
        images[i, row : row + 4, column : column + 4] += 60
    return np.clip(images, 0, 255).astype(np.uint8), truth


def test_it_learns_a_spot_wherever_it_is():
    model = classifier.train(*spots(200, 0), Budget(steps=150, channels=8), seed=0)
    images, truth = spots(100, 1)
    assert roc_auc_score(truth, classifier.scores(model, images)) > 0.9


def test_the_same_seed_gives_the_same_scores_and_another_others():
    images, truth = spots(40, 0)
    first, again, other = (
        classifier.scores(classifier.train(images, truth, QUICK, seed), images) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_the_networks_of_a_seed_start_alike_and_differ_between_layers():
    first, again, other = (classifier.network(64, 8, seed).get_weights() for seed in (3, 3, 4))
    assert all((a == b).all() for a, b in zip(first, again))
    assert not (first[0] == other[0]).all()


@pytest.mark.parametrize(("size", "last"), [(28, 7), (64, 4), (56, 7)])
def test_maps_are_halved_until_they_are_small(size, last):
    model = classifier.network(size, 8, 0)
    assert model.output_shape == (None, 1)
    assert model.layers[-2].input.shape[1:3] == (last, last)


@pytest.mark.parametrize("count", [20, 50, 333])
def test_every_image_is_seen_as_often_and_every_arm_takes_as_many_steps(count):
    budget = Budget(steps=25, batch_size=16)
    batches = classifier._batches(count, budget, np.random.default_rng(0))
    seen = np.bincount(batches.ravel(), minlength=count)
    assert batches.shape == (25, 16) and seen.max() - seen.min() <= 1


def test_scores_do_not_depend_on_the_other_images():
    images, truth = spots(30, 0)
    model = classifier.train(images, truth, QUICK, 0)
    np.testing.assert_allclose(
        classifier.scores(model, images)[:3], classifier.scores(model, images[:3]), atol=1e-5
    )


def test_mirroring_is_left_out_where_it_is_not_wanted():
    images, truth = spots(40, 0)
    mirrored, plain = (
        classifier.scores(classifier.train(images, truth, QUICK, 0, flip), images) for flip in (True, False)
    )
    assert not np.allclose(mirrored, plain)


def test_a_single_class_is_refused():
    with pytest.raises(ValueError, match="both classes. Received: 20 of 20 positive"):
        classifier.train(spots(20, 0)[0], np.ones(20, bool), QUICK, 0)


def test_scores_that_are_not_finite_are_refused():
    model = classifier.network(16, 8, 0)
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    with pytest.raises(DivergenceError, match="diverged"):
        classifier.scores(model, spots(4, 0)[0])


def test_a_budget_of_nothing_is_refused():
    with pytest.raises(ValueError, match="`steps` must be above 0. Received: steps=0"):
        Budget(steps=0)
