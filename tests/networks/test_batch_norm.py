"""The batch normalisation of one kernel: Keras's numbers, on the way there and back, and its statistics."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from covid_gan.networks.batch_norm import BatchNormalization

SHAPE = (6, 5, 4, 3)
KINDS = BatchNormalization, keras.layers.BatchNormalization


def layers(dtype="float32", **settings):
    made = [kind(momentum=0.9, epsilon=1e-5, dtype=dtype, **settings) for kind in KINDS]
    rng = np.random.default_rng(1)
    values = [rng.uniform(0.5, 2.0, SHAPE[-1:]) for _ in range(4)]
    for layer in made:
        layer.build((None, *SHAPE[1:]))
        layer.set_weights(values)
    return made


def passed(layer, x, direction, training=True):
    x = tf.cast(x, layer.compute_dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=training)
        loss = tf.reduce_sum(tf.cast(y, tf.float32) * direction)
    gradients = tape.gradient(loss, [x, layer.gamma.value, layer.beta.value])
    return [np.asarray(tf.cast(v, tf.float32)) for v in (y, *gradients, *layer.get_weights())]


@pytest.mark.parametrize("dtype, within", [("float32", 1e-5), ("mixed_bfloat16", 3e-2)])
@pytest.mark.parametrize("training", [True, False])
def test_it_gives_kerass_numbers(dtype, within, training):
    rng = np.random.default_rng(0)
    x = (3 * rng.normal(size=SHAPE) + 2).astype(np.float32)
    direction = rng.normal(size=SHAPE).astype(np.float32)
    own, keras_s = (passed(layer, x, direction, training) for layer in layers(dtype))
    for one, other in zip(own, keras_s):
        np.testing.assert_allclose(one, other, atol=within * np.abs(other).max())


def test_gradients_of_gradients_are_those_of_keras():
    """Consensus, and a penalty on the gradients of a critic whose batch norm was forced."""
    x = tf.constant(np.random.default_rng(2).normal(size=SHAPE).astype(np.float32))
    found = []
    for layer in layers():
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                loss = tf.reduce_sum(tf.tanh(layer(x, training=True)) ** 2)
            penalty = tf.reduce_sum(inner.gradient(loss, x) ** 2)
        found.append(outer.gradient(penalty, [x, layer.gamma.value]))
    for one, other in zip(*found):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * float(tf.reduce_max(tf.abs(other))))


def test_a_synchronised_or_frozen_one_is_kerass_own():
    x = tf.random.stateless_normal(SHAPE, [1, 2])
    for settings in (dict(synchronized=True), dict(trainable=False)):
        own, keras_s = (layer(x, training=True) for layer in layers(**settings))
        np.testing.assert_array_equal(own, keras_s)


def ops_of(layer, **call):
    step = tf.function(lambda x: layer(x, **call))
    traced = step.get_concrete_function(tf.TensorSpec(SHAPE, layer.compute_dtype)).graph.get_operations()
    return {op.type for op in traced}


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_the_fused_kernel_is_what_trains(dtype):
    own, keras_s = layers(dtype)
    assert "FusedBatchNormV3" in ops_of(own, training=True)
    assert "FusedBatchNormV3" not in ops_of(keras_s, training=True) | ops_of(own, training=False)


@pytest.mark.parametrize("settings", [dict(synchronized=True), dict(trainable=False), dict(scale=False)])
def test_elsewhere_it_is_not(settings):
    layer = BatchNormalization(**settings)
    layer.build((None, *SHAPE[1:]))
    assert "FusedBatchNormV3" not in ops_of(layer, training=True)
