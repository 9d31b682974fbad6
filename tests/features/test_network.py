"""The encoder's network: sizes, seeds, and what whitening promises."""

import keras
import numpy as np
import pytest

from covid_gan.features import network


@pytest.mark.parametrize("size", [8, 16, 28, 48, 64, 112, 128, 256])
def test_any_size_becomes_as_many_features(size):
    model = network.build(size, seed=0)
    assert model(np.zeros((2, size, size, 1), np.float32)).shape == (2, network.DIM)


def test_larger_images_cost_few_weights_more():
    small, large = (network.build(size, seed=0).count_params() for size in (64, 512))
    assert large < 1.2 * small


def test_weights_follow_from_the_seed():
    first, again, other = (network.build(16, seed).get_weights() for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(first, again))
    assert any((a != b).any() for a, b in zip(first, other))
    kernels = [w for w in first if w.ndim == 4 and w.shape == (3, 3, 128, 128)]
    assert len(kernels) == 1  # and no two layers of one shape could share their numbers


def test_training_and_inference_are_one(chests):
    images = chests(8).astype(np.float32) / 127.5 - 1
    model = network.build(16, seed=0)
    np.testing.assert_array_equal(model(images, training=True), model(images, training=False))


def test_whitened_features_are_centred_uncorrelated_and_of_one_spread():
    inputs = keras.Input((6,))
    identity = keras.Model(inputs, keras.layers.Identity()(inputs))
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(4000, 6)) @ rng.normal(size=(6, 6)) + 5
    model = network.whitened(identity, mixed)
    white = np.sinh(model(mixed.astype(np.float32)).numpy())  # the bound undone
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(np.cov(white.T), np.eye(6), atol=5e-3)


def test_a_direction_in_which_nothing_moves_is_not_blown_up():
    inputs = keras.Input((3,))
    identity = keras.Model(inputs, keras.layers.Identity()(inputs))
    flat = np.random.default_rng(0).normal(size=(500, 3)) * [1, 0.1, 0]
    model = network.whitened(identity, flat)
    moved = np.sinh(model(np.array([[0, 0, 0.01]], np.float32)).numpy())
    assert np.abs(moved).max() == pytest.approx(1, rel=0.2)  # 1 % of the greatest spread counts as 1
