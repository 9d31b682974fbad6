"""Floating-point operations, counted from graphs and by hand."""

import keras
import pytest
import tensorflow as tf

from covid_gan.config import Config
from experiments.bench import flops
from experiments.bench.cells import BareStep, Cell

X = tf.TensorSpec([2, 8, 8, 3])
K = tf.TensorSpec([4, 4, 3, 5])
# 2 images, 4 × 4 places, kernels of 4 × 4 pixels, 3 channels to 5, a multiplication and an addition.
CONVOLUTION = 2 * 4 * 4 * (4 * 4 * 3 * 5) * 2


def counted(call, *specs):
    return flops.count(tf.function(call).get_concrete_function(*specs))


def convolve(x, k):
    return tf.nn.conv2d(x, k, 2, "SAME")


def gradients(call, *targets):
    with tf.GradientTape() as tape:
        tape.watch(targets)
        y = tf.reduce_sum(tf.sin(call(*targets)))
    return tape.gradient(y, targets)


def test_matrix_products():
    a, b = tf.TensorSpec([3, 5]), tf.TensorSpec([5, 7])
    assert counted(tf.matmul, a, b) == 2 * 3 * 5 * 7
    assert counted(lambda a, b: tf.matmul(a, b, transpose_a=True), tf.TensorSpec([5, 3]), b) == 2 * 3 * 5 * 7
    batch = tf.TensorSpec([4, 3, 5]), tf.TensorSpec([4, 7, 5])
    assert counted(lambda a, b: tf.matmul(a, b, transpose_b=True), *batch) == 4 * 2 * 3 * 5 * 7
    # Two gradients, each as much as the product.
    assert counted(lambda a, b: gradients(tf.matmul, a, b), a, b) == 3 * 2 * 3 * 5 * 7


def test_convolutions_and_their_gradients():
    assert counted(convolve, X, K) == CONVOLUTION
    assert counted(lambda x, k: gradients(convolve, x, k), X, K) == 3 * CONVOLUTION
    transposed = lambda y, k: tf.nn.conv2d_transpose(y, k, [2, 8, 8, 3], 2)  # noqa: E731
    assert counted(transposed, tf.TensorSpec([2, 4, 4, 5]), K) == CONVOLUTION


def test_nested_functions_count_each_time_they_are_called():
    inner = tf.function(convolve)
    assert counted(lambda x, k: inner(x, k) + inner(2 * x, k), X, K) == 2 * CONVOLUTION
    dense = keras.layers.Dense(7, use_bias=False)
    dense.build((None, 5))
    assert counted(lambda x: dense(tf.function(dense)(x) @ tf.ones([7, 5])), tf.TensorSpec([2, 5])) == 420


def test_what_nobody_asks_for_is_not_counted():
    # TensorFlow traces the gradient of the images beside that of the kernels, and does not run it.
    assert counted(lambda x, k: gradients(lambda kernel: convolve(x, kernel), k), X, K) == 2 * CONVOLUTION


def test_an_unknown_batch_or_a_loop_is_refused():
    with pytest.raises(ValueError, match="is not known"):
        counted(convolve, tf.TensorSpec([None, 8, 8, 3]), K)
    power = lambda a: tf.while_loop(lambda a: tf.norm(a) < 9, lambda a: [a @ a], [a])  # noqa: E731
    with pytest.raises(ValueError, match="how often the loop"):
        counted(power, tf.TensorSpec([3, 3]))


@pytest.fixture(scope="module")
def config():
    return Config().replace(image_size=16, base_channels=4, batch_size=2, latent_dim=8, precision="float32",
                            dataset="lung_phantom", augment=(), dropout=0.0, upsample="transpose")  # fmt: skip


def test_a_step_of_the_dcgan_counts_as_its_layers_do(config):
    n, latents = 2, 8
    first, second = n * 8 * 8 * 16 * 1 * 4 * 2, n * 4 * 4 * 16 * 4 * 8 * 2
    logits, dense = n * 4 * 4 * 8 * 2, n * latents * 4 * 4 * 8 * 2
    # Each layer once forwards, and once for each of the gradients that are used.
    generator = dense + first + second
    for_weights = 2 * (2 * (first + second + logits) + second + logits)  # real and fake, no image gradient
    through = 2 * (first + second + logits)
    own_gradients = dense + 2 * (first + second)
    expected = generator + for_weights + generator + through + own_gradients
    assert BareStep(Cell(config)).flops == expected


@pytest.mark.slow
def test_a_larger_batch_counts_in_proportion_also_with_a_gradient_penalty(config):
    config = config.replace(model="wgan_gp", discriminator_steps=1)
    few, many = (BareStep(Cell(config.replace(batch_size=n))).flops for n in (2, 6))
    assert many == 3 * few


def test_the_fastest_product_is_one_of_those_asked_for():
    call, operations = flops.fastest_product("bfloat16", (8, 16))
    assert operations in (2 * 8**3, 2 * 16**3)
    assert isinstance(call(), float)
