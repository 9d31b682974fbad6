"""Changes of images in front of the discriminator: what each does, and that nothing but air comes in."""

import numpy as np
import pytest
import tensorflow as tf

from covid_gan import augment

SIZE = 16


def pictures(count=64, seed=0):
    return tf.random.stateless_uniform([count, SIZE, SIZE, 1], [seed, 3], -0.9, 1)


def numbers(count=64, seed=0):
    """As a step gives them: new ones at each call."""
    calls = iter(range(1000))
    return lambda k: tf.random.stateless_uniform([count, k], [seed, next(calls)])


def changed(names, images=None, share=1.0, seed=0):
    images = pictures() if images is None else images
    return augment.augment(images, names, numbers(len(images), seed), share).numpy()


@pytest.mark.parametrize("name", augment.AUGMENTATIONS)
def test_shape_stays_and_most_images_change(name):
    images = pictures().numpy()
    after = changed([name])
    assert after.shape == images.shape and after.dtype == np.float32 and np.isfinite(after).all()
    assert (after != images).any((1, 2, 3)).mean() > 0.4


@pytest.mark.parametrize("name", augment.AUGMENTATIONS)
def test_a_share_of_the_images_is_left_alone(name):
    images = pictures(400).numpy()
    same = [
        (changed([name], tf.constant(images), share) == images).all((1, 2, 3)).mean() for share in (0, 0.5)
    ]
    assert same[0] == 1.0
    assert same[1] > 0.4


@pytest.mark.parametrize("name", ["flip", "translation", "cutout", "rotation", "zoom"])
def test_what_comes_in_is_air_and_grey_levels_stay(name):
    white = changed([name], tf.fill([64, SIZE, SIZE, 1], 0.5))
    assert white.max() <= 0.5 + 1e-5 and white.min() >= -1 - 1e-5
    if name in ("translation", "cutout"):
        assert set(np.unique(white)) <= {np.float32(-1), np.float32(0.5)}
    air = changed([name], tf.fill([64, SIZE, SIZE, 1], -1.0))
    np.testing.assert_allclose(air, -1, atol=1e-6)


def test_translation_moves_by_whole_pixels_at_most_an_eighth():
    point = np.full((200, SIZE, SIZE, 1), -1, np.float32)
    point[:, 8, 8] = 1
    moved = np.argwhere(changed(["translation"], tf.constant(point))[..., 0] == 1)
    assert len(moved) == 200
    offsets = moved[:, 1:] - 8
    assert set(offsets.ravel()) == {-2, -1, 0, 1, 2}


def test_cutout_takes_at_most_a_quarter():
    white = changed(["cutout"], tf.fill([300, SIZE, SIZE, 1], 1.0))
    taken = (white == -1).mean((1, 2, 3))
    assert 0.24 < taken.max() <= 0.25 and taken.min() > 0


def test_flips_are_about_half():
    images = pictures(400).numpy()
    after = changed(["flip"], tf.constant(images))
    flipped = (after == images[:, :, ::-1]).all((1, 2, 3))
    assert (flipped | (after == images).all((1, 2, 3))).all()
    assert 0.4 < flipped.mean() < 0.6


def test_a_zoom_keeps_the_middle_and_a_rotation_turns_about_it():
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    disc = np.where(x**2 + y**2 < 0.4, 1.0, -1.0).astype(np.float32)[None, ..., None]
    images = tf.constant(np.repeat(disc, 64, 0))
    turned = changed(["rotation"], images)
    assert np.abs(turned - disc).mean() < 0.06
    areas = (changed(["zoom"], images) > 0).mean((1, 2, 3)) / (disc > 0).mean()
    assert areas.min() < 0.85 and areas.max() > 1.15


def test_intensity_changes_are_of_the_whole_image():
    images = pictures()
    brighter = changed(["brightness"]) - images.numpy()
    np.testing.assert_allclose(brighter.std((1, 2, 3)), 0, atol=1e-6)
    contrast = changed(["contrast"])
    np.testing.assert_allclose(contrast.mean((1, 2, 3)), images.numpy().mean((1, 2, 3)), atol=1e-5)


@pytest.mark.parametrize("name", augment.AUGMENTATIONS)
def test_gradients_flow_through_once_and_twice(name):
    images = pictures(4)
    with tf.GradientTape() as outer:
        outer.watch(images)
        with tf.GradientTape() as tape:
            tape.watch(images)
            value = tf.reduce_sum(augment.augment(images, [name], numbers(4)) ** 3)
        gradient = tape.gradient(value, images)
        size = tf.reduce_sum(gradient**2)
    second = outer.gradient(size, images)
    assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0
    assert np.isfinite(second).all() and np.abs(second).max() > 0


def test_the_same_numbers_make_the_same_changes_in_a_graph():
    everything = list(augment.AUGMENTATIONS)
    eager = changed(everything)
    graph = tf.function(lambda x: augment.augment(x, everything, numbers()))(pictures())
    np.testing.assert_allclose(graph, eager, atol=1e-5)


def test_an_unknown_change_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="flip, translation.*Received: blur"):
        changed(["flip", "blur"])
