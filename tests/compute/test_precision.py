"""What the hardware suits, and what of a GAN computes in it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from covid_gan import build
from covid_gan.compute import precision
from covid_gan.config import Config
from covid_gan.errors import ArgumentError

SMALL = dict(image_size=16, latent_dim=8, base_channels=4, batch_size=4)
suitable = precision.suitable  # the real one: the tests' own says float32


def gan_in(name, **settings):
    return build.gan_from(Config().replace(**SMALL, **settings, precision=name))


@pytest.mark.parametrize(
    "flags, expected",
    [
        ({"sse2", "avx512_bf16"}, ("bfloat16", "this CPU has avx512_bf16")),
        ({"amx_bf16"}, ("bfloat16", "this CPU has amx_bf16")),
        ({"avx512f"}, ("float32", "this CPU has no units for bfloat16")),
        (set(), ("float32", "this CPU has no units for bfloat16")),
    ],
)
def test_a_cpu_is_known_by_its_flags(monkeypatch, flags, expected):
    monkeypatch.setattr(precision, "_cpu_flags", lambda: flags)
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [])
    assert suitable() == expected


@pytest.mark.parametrize(
    "capabilities, expected", [([(8, 0)], "bfloat16"), ([(9, 0), (7, 5)], "float32"), ([(7, 0)], "float32")]
)
def test_a_gpu_is_known_by_its_capability(monkeypatch, capabilities, expected):
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: capabilities)
    monkeypatch.setattr(precision, "_capability", lambda gpu: gpu)
    assert suitable()[0] == expected


def test_auto_becomes_what_suits(monkeypatch):
    monkeypatch.setattr(precision, "suitable", lambda: ("bfloat16", "it is a test"))
    assert build.resolve(Config()).compute.precision == "bfloat16"
    assert build.resolve(Config().replace(precision="float16")).compute.precision == "float16"


@pytest.mark.parametrize("network, size", [("dcgan", 16), ("ucla128", 128), ("polanco64", 64)])
def test_weights_and_what_leaves_a_network_are_float32(network, size):
    with precision.policy("bfloat16"):
        model = Config().replace(network=network, image_size=size).model
        generator, discriminator = build.networks_from(model)
    generator.build((None, generator.latent_dim))
    discriminator.build((None, size, size, 1))
    assert {weight.dtype for net in (generator, discriminator) for weight in net.weights} == {"float32"}
    images = generator(tf.zeros([1, generator.latent_dim]))
    assert images.dtype == tf.float32
    assert discriminator(images).dtype == tf.float32


@pytest.mark.parametrize(
    "name, dtype", [("bfloat16", "bfloat16"), ("float16", "float16"), ("float32", "float32")]
)
def test_the_networks_compute_in_it_and_their_average_in_float32(name, dtype):
    gan = gan_in(name)
    for network in (gan.generator, gan.discriminator):
        layers = [layer for layer in network._flatten_layers() if "conv" in layer.name]
        assert layers and {layer.compute_dtype for layer in layers} == {dtype}
    layers = [layer for layer in gan.ema_generator._flatten_layers() if layer.name != "activation"]
    assert {layer.compute_dtype for layer in layers} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"  # outside nothing has changed


@pytest.mark.parametrize("model", ["dcgan", "wgan_gp"])
@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_steps_move_all_weights_by_finite_amounts(name, model):
    gan = gan_in(name, model=model)
    before = [weight.numpy() for weight in gan.trainable_variables]
    images = tf.random.stateless_uniform([4 * gan.discriminator_steps, 16, 16, 1], [0, 1], -1.0, 1.0)
    for _ in range(4):  # in float16 the first may overflow, until the scale fits
        values = gan.train_step(images)
    assert all(np.isfinite(value) for value in values.values())
    # The critic's last bias has no gradient: a constant leaves its loss as it is.
    still = [w.path for w, old in zip(gan.trainable_variables, before) if (w.numpy() == old).all()]
    assert not [path for path in still if not (model == "wgan_gp" and path.endswith("bias"))]


def test_float16_scales_losses_so_that_small_gradients_are_not_lost():
    gan = gan_in("float16")
    tiny = tf.Variable(1.0)

    def step(optimizer):
        with tf.GradientTape() as tape:
            half = tf.cast(tiny, tf.float16)
            loss = optimizer.scale_loss(tf.cast(half * tf.constant(6e-8, tf.float16), tf.float32) * 0.25)
        return float(tape.gradient(loss, tiny))

    plain = gan_in("float32").generator_optimizer
    assert step(plain) == 0.0
    assert step(gan.generator_optimizer) > 0.0


def test_a_step_that_overflows_is_left_out_and_the_scale_halved():
    gan = gan_in("float16")
    optimizer, before = gan.generator_optimizer, gan.generator.trainable_variables[0].numpy()
    scale = float(optimizer.dynamic_scale)
    grads = [tf.fill(v.shape, float("inf")) for v in gan.generator.trainable_variables]
    optimizer.apply(grads, gan.generator.trainable_variables)
    np.testing.assert_array_equal(gan.generator.trainable_variables[0].numpy(), before)
    assert float(optimizer.dynamic_scale) == scale / 2


def test_float16_refuses_a_penalty_that_sets_gradients_itself():
    with pytest.raises(ArgumentError, match="which float16 cannot scale"):
        gan_in("float16", penalty="consensus", discriminator_normalization="none")
