"""The averaged generator: its half-life, its start, and the batch statistics that fit its weights."""

import json

import numpy as np
import pytest
import tensorflow as tf

from covid_gan import build, randomness
from covid_gan.config import Config
from covid_gan.errors import ArgumentError
from covid_gan.gans import statistics
from covid_gan.randomness import Purpose

TINY = dict(image_size=16, latent_dim=8, base_channels=4, batch_size=4, dropout=0.0)


def tiny_gan(**settings):
    return build.gan_from(Config().replace(**{**TINY, **settings}))


def scans(count=4):
    return tf.random.stateless_uniform([count, 16, 16, 1], [0, 1], -1.0, 1.0)


def shake(gan):
    """Gives the averaged generator weights that draw all grey levels."""
    rng = np.random.default_rng(0)
    shapes = [w.shape for w in gan.ema_generator.weights]
    gan.ema_generator.set_weights(
        [rng.normal(0, 0.5, s) if len(s) > 1 else rng.uniform(0.2, 1, s) for s in shapes]
    )


@pytest.mark.parametrize(
    "step, settings, count, decay",
    [
        (0, {}, 4, 0.0),  # nothing is averaged with the random start
        (10_000, {}, 4, 0.5 ** (4 / 1000)),  # 5 % of 40,000 images would be more than the half-life
        (100, {}, 4, 0.5 ** (4 / 20)),  # 5 % of 400 images
        (10_000, dict(generator_steps=2), 4, 0.5 ** (8 / 1000)),  # two updates, a batch each
        (10_000, dict(discriminator_steps=2), 8, 0.5 ** (4 / 1000)),  # one update of the generator
        (10_000, dict(model="wgan_gp", discriminator_steps=2), 8, 0.5 ** (4 / 1000)),
    ],
)
def test_the_half_life_is_in_images_of_the_generators_updates(step, settings, count, decay):
    gan = tiny_gan(ema_half_life=1000.0, learning_rate=0.1, **settings)
    gan.step.assign(step)
    shake(gan)
    before = gan.ema_generator.get_weights()
    gan.train_step(scans(count))
    weights = gan.generator.get_weights()
    for average, old, new in zip(gan.ema_generator.get_weights(), before, weights, strict=True):
        np.testing.assert_allclose(average, decay * old + (1 - decay) * new, rtol=1e-4, atol=1e-5)


def test_half_a_difference_is_left_after_a_half_life():
    gan = tiny_gan(ema_half_life=100.0, learning_rate=1e-9)
    gan.step.assign(10_000)
    weight, average = gan.generator.trainable_weights[0], gan.ema_generator.weights[0]
    average.assign(weight + 1.0)
    for _ in range(25):  # of 4 images each
        gan.end_step(4)
    np.testing.assert_allclose(average - weight, 0.5, atol=1e-3)


def test_half_life_and_decay_exclude_each_other():
    with pytest.raises(ArgumentError, match="--ema_decay") as error:
        Config().replace(ema_half_life=1000.0, ema_decay=0.99)
    assert error.value.argument == "ema_half_life"


def test_a_model_has_a_half_life_unless_there_is_a_decay():
    assert build.resolve(Config()).training.ema_half_life > 0
    older = build.resolve(Config().replace(ema_decay=0.998)).training
    assert (older.ema_half_life, older.ema_decay) == (None, 0.998)


def test_an_older_run_keeps_its_decay():
    groups = json.loads(Config().replace(ema_decay=0.998).to_json())
    for name in ("ema_half_life", "evaluate_every", "best_by", "on_collapse"):
        del groups["training"][name]
    training = build.resolve(Config.from_json(json.dumps(groups))).training
    assert (training.ema_half_life, training.ema_decay) == (None, 0.998)
    assert (training.evaluate_every, training.on_collapse) == (0, "warn")


def test_without_an_average_samples_are_the_last_weights():
    gan = tiny_gan(ema_decay=0.0)
    for _ in range(3):
        gan.train_step(scans())
    gan.fit_average()
    for average, weight in zip(gan.ema_generator.weights, gan.generator.weights, strict=True):
        np.testing.assert_array_equal(average, weight)


def test_the_statistics_are_those_of_the_first_layers_output():
    gan = tiny_gan()
    shake(gan)
    gan.fit_average()
    generator = gan.ema_generator
    means, variances = [], []
    for i in range(statistics.BATCHES):
        latents = randomness.normal([statistics.BATCH, 8], gan.seed, Purpose.STATISTICS, i)
        x = generator.reshape(generator.project(latents)).numpy()
        means.append(x.mean(axis=(0, 1, 2)))
        variances.append(x.var(axis=(0, 1, 2)))
    np.testing.assert_allclose(generator.norms[0].moving_mean, np.mean(means, axis=0), atol=1e-5)
    np.testing.assert_allclose(generator.norms[0].moving_variance, np.mean(variances, axis=0), rtol=1e-4)


def test_with_its_own_statistics_images_are_those_of_a_batch():
    """With the first weights' statistics, of another scale, contrast is lost or clipped."""
    gan = tiny_gan()
    shake(gan)
    latents = randomness.sample_latents(256, 8, 0)
    as_trained = gan.ema_generator(latents, training=False).numpy()
    gan.fit_average()
    fitted = gan.ema_generator(latents, training=False).numpy()
    gan.ema_generator.trainable = True
    of_batch = gan.ema_generator(latents, training=True).numpy()
    assert np.abs(fitted - of_batch).mean() < 0.3 * np.abs(as_trained - of_batch).mean()


def test_the_statistics_follow_from_weights_and_seed_alone():
    gan, other, third = tiny_gan(), tiny_gan(), tiny_gan(seed=1)
    for each in (gan, other, third):
        shake(each)
    for norm in other.ema_generator.norms:
        norm.moving_mean.assign(norm.moving_mean + 3.0)
    other.step.assign(77)
    weights = []
    for each in (gan, other, third):
        each.fit_average()
        weights.append(each.ema_generator.get_weights())
    for a, b in zip(weights[0], weights[1], strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != c).any() for a, c in zip(weights[0], weights[2], strict=True))


def test_fitting_moves_nothing_but_the_statistics():
    gan = tiny_gan()
    shake(gan)
    before = [w.numpy() for w in gan.ema_generator.weights]
    raw = gan.generator.get_weights()
    gan.fit_average()
    moved = {
        w.name for w, old in zip(gan.ema_generator.weights, before, strict=True) if (w != old).numpy().any()
    }
    assert moved == {"moving_mean", "moving_variance"}
    for a, b in zip(raw, gan.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not gan.ema_generator.trainable_variables
    assert all(norm.momentum == 0.9 for norm in gan.ema_generator.norms)


def test_a_generator_without_batch_norm_is_left_alone():
    gan = tiny_gan(generator_normalization="layer")
    before = gan.ema_generator.get_weights()
    gan.fit_average()
    for a, b in zip(before, gan.ema_generator.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
