"""Losses: known values, the order they give, and their gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from covid_gan.losses import non_saturating_discriminator_loss as discriminator_loss
from covid_gan.losses import non_saturating_generator_loss as generator_loss

LOG_2 = np.log(2.0)


def logits(*values) -> tf.Tensor:
    return tf.constant(values, tf.float32)[:, None]


def test_a_discriminator_that_cannot_tell_has_two_log_two():
    assert float(discriminator_loss(logits(0, 0, 0), logits(0, 0))) == pytest.approx(2 * LOG_2)
    assert float(generator_loss(logits(0, 0, 0))) == pytest.approx(LOG_2)


@pytest.mark.parametrize(
    "real, fake, expected",
    [
        (20, -20, 0),
        (-20, -20, 20),
        (20, 20, 20),
        (-20, 20, 40),
        (np.log(3), -np.log(3), 2 * np.log(4 / 3)),  # right with a probability of 3/4
    ],
)
def test_known_discriminator_losses(real, fake, expected):
    assert float(discriminator_loss(logits(real), logits(fake))) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("fake, expected", [(20, 0), (-20, 20), (np.log(3), np.log(4 / 3))])
def test_known_generator_losses(fake, expected):
    assert float(generator_loss(logits(fake))) == pytest.approx(expected, abs=1e-6)


def test_they_are_the_sigmoid_cross_entropies_of_keras():
    rng = np.random.default_rng(0)
    real, fake = (logits(*rng.normal(0, 3, n)) for n in (5, 7))
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    expected = entropy(tf.ones_like(real), real) + entropy(tf.zeros_like(fake), fake)
    np.testing.assert_allclose(discriminator_loss(real, fake), expected, rtol=1e-6)
    np.testing.assert_allclose(generator_loss(fake), entropy(tf.ones_like(fake), fake), rtol=1e-6)


def test_they_are_float32_scalars_and_means_over_the_batch():
    once, twice = logits(1, -2), logits(1, -2, 1, -2)
    for loss in (discriminator_loss(once, once), generator_loss(once)):
        assert loss.shape == () and loss.dtype == tf.float32
    np.testing.assert_allclose(discriminator_loss(once, once), discriminator_loss(twice, twice))
    np.testing.assert_allclose(generator_loss(once), generator_loss(twice))


def test_a_better_discriminator_has_the_lower_loss():
    found = [float(discriminator_loss(logits(x), logits(-x))) for x in (-3, -1, 0, 1, 3)]
    assert found == sorted(found, reverse=True) and len(set(found)) == 5


def test_a_generator_that_fools_better_has_the_lower_loss():
    found = [float(generator_loss(logits(x))) for x in (-3, -1, 0, 1, 3)]
    assert found == sorted(found, reverse=True) and len(set(found)) == 5


@pytest.mark.parametrize("real", [-1e4, 1e4])
@pytest.mark.parametrize("fake", [-1e4, 1e4])
def test_losses_and_gradients_stay_finite_at_huge_logits(real, fake):
    real, fake = logits(real), logits(fake)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        d_loss, g_loss = discriminator_loss(real, fake), generator_loss(fake)
    gradients = [*tape.gradient(d_loss, [real, fake]), tape.gradient(g_loss, fake)]
    assert all(np.isfinite(x).all() for x in (d_loss, g_loss, *gradients))


def test_the_gradients_pull_real_up_and_fake_down_and_the_generator_fake_up():
    real, fake = logits(-2, 0, 2), logits(-2, 0, 2)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        d_loss, g_loss = discriminator_loss(real, fake), generator_loss(fake)
    assert (tape.gradient(d_loss, real).numpy() < 0).all()
    assert (tape.gradient(d_loss, fake).numpy() > 0).all()
    assert (tape.gradient(g_loss, fake).numpy() < 0).all()


def test_the_generators_gradient_does_not_vanish_where_the_discriminator_is_sure():
    fake = logits(-30)
    with tf.GradientTape() as tape:
        tape.watch(fake)
        g_loss = generator_loss(fake)
    assert tape.gradient(g_loss, fake).numpy() == pytest.approx(-1)
