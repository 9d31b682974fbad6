"""Spectral normalisation: the divided kernel is used, and the weights are left to the optimizer."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from covid_gan.networks.spectral import SpectralNormalization


def layer_and_images(**kwargs):
    keras.utils.set_random_seed(0)
    layer = SpectralNormalization(layers.Conv2D(6, 3, padding="same", **kwargs))
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 4)).astype("float32")
    layer.build(images.shape)
    return layer, images


def largest_singular_value(kernel) -> float:
    return np.linalg.svd(np.reshape(kernel, [-1, kernel.shape[-1]]), compute_uv=False)[0]


def test_the_kernel_in_use_has_a_largest_singular_value_of_1():
    layer, images = layer_and_images()
    layer.kernel.assign(3 * layer.kernel.numpy())
    for _ in range(50):
        layer(images, training=True)
    kernel, bias = layer.layer.get_weights()
    assert largest_singular_value(kernel) > 2
    expected = tf.nn.conv2d(images, kernel / largest_singular_value(kernel), 1, "SAME") + bias
    np.testing.assert_allclose(layer(images), expected, atol=1e-3)


def test_a_call_renews_the_estimate_when_training_and_never_the_weights():
    layer, images = layer_and_images()
    kernel, vector = layer.kernel.numpy(), layer.vector_u.numpy()
    layer(images)
    np.testing.assert_array_equal(layer.vector_u.numpy(), vector)
    layer(images, training=True)
    assert (layer.vector_u.numpy() != vector).any()
    np.testing.assert_array_equal(layer.kernel.numpy(), kernel)


def test_the_gradient_passes_through_the_singular_value():
    """A kernel's scale changes nothing, so the gradient is at right angles to the kernel (eq. 12 of the paper)."""
    layer, images = layer_and_images()
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(tf.sin(layer(images, training=True)))
    gradient = tape.gradient(value, layer.kernel.value).numpy()
    along = np.sum(gradient * layer.kernel.numpy())
    assert abs(along) < 1e-3 * np.linalg.norm(gradient) * np.linalg.norm(layer.kernel.numpy())


def test_the_estimate_keeps_all_bits_under_mixed_precision():
    layer, images = layer_and_images(dtype="mixed_bfloat16")
    assert layer(images, training=True).dtype == tf.bfloat16
    vector, kernel = layer.normalized_weights()
    assert vector.dtype == kernel.dtype == tf.float32


def test_it_is_saved_with_its_layer(tmp_path):
    layer, images = layer_and_images()
    model = keras.Sequential([keras.Input((8, 8, 4)), layer])
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(images), model(images))
