"""Training without labels: its loss, its order, and that it is the same every time."""

import io
import math

import numpy as np
import pytest
import tensorflow as tf

from covid_gan.features import pretext
from covid_gan.images import normalise


def test_nt_xent_of_views_that_are_all_alike_knows_nothing():
    assert float(pretext.nt_xent(tf.ones([8, 3]))) == pytest.approx(math.log(7), rel=1e-5)


def test_nt_xent_of_two_pairs():
    """Partners equal, others at a right angle: a softmax of 1/T against two zeros."""
    views = tf.constant([[1.0, 0], [0, 2], [3, 0], [0, 4]])
    expected = math.log(1 + 2 * math.exp(-1 / pretext.TEMPERATURE))
    assert float(pretext.nt_xent(views)) == pytest.approx(expected, rel=1e-4)
    assert float(pretext.nt_xent(tf.gather(views, [0, 2, 1, 3]))) > 1  # the partners are others now


def test_every_image_is_seen_before_any_is_seen_again():
    places = pretext._orders(50, steps=10, seed=0)
    assert places.shape == (10, pretext.BATCH_SIZE)
    for epoch in range(6):
        assert sorted(places.ravel()[epoch * 50 : (epoch + 1) * 50]) == list(range(50))


def test_training_is_deterministic(chests):
    images = chests(20)
    told = io.StringIO()
    first = pretext.train(images, seed=0, steps=2, stream=told)
    assert "step 2/2" in told.getvalue()
    again = pretext.train(images, seed=0, steps=2, stream=io.StringIO())
    for one, other in zip(first.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(one, other)
    features = first(normalise(images)).numpy()
    assert features.shape == (20, 64) and np.isfinite(features).all()


@pytest.mark.slow
def test_it_learns_both_tasks(chests):
    images = chests(64)
    told = io.StringIO()
    pretext.train(images, seed=0, steps=150, stream=told)
    last = told.getvalue().splitlines()[-1]
    views, alterations = (float(last.split(f"{name} ")[1].split()[0]) for name in ("views", "alterations"))
    assert views < 0.8 * math.log(4 * pretext.BATCH_SIZE - 1)
    assert alterations < 3.6
