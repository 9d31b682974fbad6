"""Each way to change a scan: how much, where, and that weak ones are weak."""

import numpy as np
import pytest
import tensorflow as tf

from covid_gan.features import alterations
from covid_gan.features.alterations import KINDS, Draws, alter, grid, resample, view
from covid_gan.images import normalise

# These move or replace something at any strength.
ABRUPT = (alterations.rearrange, alterations.turn, alterations.blend)
GRADUAL = [kind for kind in KINDS if kind not in ABRUPT]


@pytest.fixture(scope="module")
def images(chests):
    return normalise(tf.constant(chests(28, size=32)))


def changed(kind, images, strength, seed=0):
    """The mean absolute change, in [0, 2]."""
    draws = Draws(tf.random.Generator.from_seed(seed, alg="philox"), len(images))
    altered = kind(images, tf.fill([len(images), 1, 1, 1], strength), draws)
    assert altered.shape == images.shape and np.isfinite(altered).all()
    return float(tf.reduce_mean(tf.abs(tf.clip_by_value(altered, -1, 1) - images)))


@pytest.mark.parametrize("kind", GRADUAL, ids=lambda kind: kind.__name__)
def test_a_stronger_alteration_changes_more(kind, images):
    none, weak, strong = (changed(kind, images, strength) for strength in (0.0, 0.05, 1.0))
    assert strong > 0.04
    assert none < 0.005
    assert none < weak < 0.3 * strong


def test_more_is_rearranged_and_blended_with_strength(images):
    for kind in (alterations.rearrange, alterations.blend):
        assert 0 < changed(kind, images, 0.05) < 0.9 * changed(kind, images, 1.0)


def test_the_strongest_turn_is_upside_down(images):
    draws = Draws(tf.random.Generator.from_seed(0, alg="philox"), len(images))
    turned = alterations.turn(images, tf.ones([len(images), 1, 1, 1]), draws)
    np.testing.assert_allclose(turned, images[:, ::-1, ::-1], atol=1e-3)
    assert changed(alterations.turn, images, 0.0) > 0.05  # 30 degrees


def test_reading_every_pixel_where_it_is_gives_the_image(images):
    places = tf.tile(grid(32), [len(images), 1, 1, 1])
    np.testing.assert_allclose(resample(images, places), images, atol=1e-6)
    right = resample(images, places - [0.0, 3.0])
    np.testing.assert_allclose(right[:, :, 3:], images[:, :, :-3], atol=1e-6)
    assert (right.numpy()[:, :, :3] == -1).all()  # air comes in
    half = resample(images, places + [0.5, 0.0])
    np.testing.assert_allclose(half[:, :-1], (images[:, :-1] + images[:, 1:]) / 2, atol=1e-5)


def test_each_image_is_changed_in_one_way_and_said_so(images):
    altered, strengths = alter(images, tf.random.Generator.from_seed(0, alg="philox"))
    assert altered.shape == images.shape and strengths.shape == (28, len(KINDS))
    taken = strengths.numpy() > 0
    assert (taken.sum(axis=1) == 1).all() and (taken.sum(axis=0) == 4).all()
    assert ((strengths.numpy()[taken] >= 0.05) & (strengths.numpy()[taken] <= 1)).all()
    assert np.abs(altered).max() <= 1
    assert (np.abs(altered - images).reshape(28, -1).max(axis=1) > 0.01).all()


def test_a_view_keeps_grey_levels_and_follows_from_the_seed(images):
    seen = [view(images, tf.random.Generator.from_seed(seed, alg="philox")).numpy() for seed in (1, 1, 2)]
    np.testing.assert_array_equal(seen[0], seen[1])
    assert (seen[0] != seen[2]).any()
    assert seen[0].min() >= -1 and seen[0].max() <= float(tf.reduce_max(images)) + 1e-5
    # Half of them are only moved and mirrored, so that their grey levels are whole ones still.
    levels = (seen[0] + 1) * 127.5
    whole = (np.abs(levels - levels.round()) < 1e-3).all(axis=(1, 2, 3))
    assert 6 <= whole.sum() <= 22
