"""The DCGAN's step: what it changes and in which order, its average, where its randomness is from."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from covid_gan import build, gans
from covid_gan.config import Config
from covid_gan.errors import ArgumentError
from covid_gan.networks import dcgan
from covid_gan.randomness import Purpose

TINY = dict(image_size=16, latent_dim=8, base_channels=4, batch_size=4, dropout=0.0)


def tiny_gan(**settings):
    return build.gan_from(Config().replace(**{**TINY, **settings}))


def scans(n=4, seed=0) -> tf.Tensor:
    return tf.random.stateless_uniform([n, 16, 16, 1], [seed, 1], -1.0, 1.0)


def weights(network) -> dict:
    """The weights that a gradient, a batch or an average moves; a dropout's seed is none of them."""
    return {w.path: w.numpy() for w in network.weights if w.dtype == "float32"}


def moved(network, before) -> set[str]:
    return {path for path, value in weights(network).items() if (value != before[path]).any()}


def test_a_step_moves_every_weight_and_counts_itself():
    gan = tiny_gan()
    networks = (gan.generator, gan.discriminator, gan.ema_generator)
    before = [weights(network) for network in networks]
    gan.train_step(scans())
    for network, old in zip(networks, before):
        assert moved(network, old) == set(old)
    assert int(gan.step) == 1
    assert int(gan.generator_optimizer.iterations) == int(gan.discriminator_optimizer.iterations) == 1


@pytest.mark.parametrize("image_size", [28, 56, 64, 128, 256])
def test_every_size_takes_a_step(image_size):
    gan = tiny_gan(image_size=image_size, batch_size=2)
    images = tf.random.stateless_uniform([2, image_size, image_size, 1], [0, 1], -1.0, 1.0)
    logs = tf.function(gan.train_step)(images)
    assert all(np.isfinite(value) for value in logs.values())
    assert gan(tf.zeros([1, 8])).shape == (1, image_size, image_size, 1)


@pytest.mark.parametrize("still, moving", [("generator", "discriminator"), ("discriminator", "generator")])
def test_each_player_moves_by_its_own_optimizer_alone(still, moving):
    gan = tiny_gan()
    getattr(gan, f"{still}_optimizer").learning_rate = 0.0
    before = {player: weights(getattr(gan, player)) for player in (still, moving)}
    gan.train_step(scans())
    statistics = {path for path in before[still] if "moving" in path}
    assert moved(getattr(gan, still), before[still]) == statistics
    assert moved(getattr(gan, moving), before[moving]) == set(before[moving])


@pytest.mark.parametrize("generator_steps", [1, 2, 3])
def test_generator_steps_are_counted_by_its_optimizer(generator_steps):
    gan = tiny_gan(generator_steps=generator_steps)
    for _ in range(2):
        gan.train_step(scans())
    assert int(gan.generator_optimizer.iterations) == 2 * generator_steps
    assert int(gan.discriminator_optimizer.iterations) == int(gan.step) == 2


def test_each_generator_step_draws_fresh_latents():
    gan = tiny_gan(generator_steps=2)
    drawn = [
        gan.latents(Purpose.DISCRIMINATOR_LATENTS, 4),
        gan.latents(Purpose.GENERATOR_LATENTS, 4, draw=0),
        gan.latents(Purpose.GENERATOR_LATENTS, 4, draw=1),
    ]
    gan.step.assign(1)
    drawn += [gan.latents(Purpose.GENERATOR_LATENTS, 4, draw=0)]
    assert len(np.unique(np.stack(drawn))) == 4 * 4 * 8


@pytest.mark.parametrize("generator_steps", [1, 2])
def test_one_step_is_the_algorithm_written_out(generator_steps):
    """Discriminator first, on fakes of the old generator; then the generator against the new one."""
    settings = dict(generator_normalization="none", discriminator_normalization="none")
    settings |= dict(dropout=0.0, augment=())
    gan, other = (tiny_gan(**settings, generator_steps=generator_steps) for _ in range(2))
    real, bce = scans(), keras.losses.BinaryCrossentropy(from_logits=True)
    g, d = other.generator, other.discriminator
    fakes = g(other.latents(Purpose.DISCRIMINATOR_LATENTS, 4))
    with tf.GradientTape() as tape:
        on_real, on_fake = d(real), d(fakes)
        d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
    other.discriminator_optimizer.apply(tape.gradient(d_loss, d.trainable_variables))
    for i in range(generator_steps):
        with tf.GradientTape() as tape:
            on_fake = d(g(other.latents(Purpose.GENERATOR_LATENTS, 4, draw=i)))
            g_loss = bce(tf.ones_like(on_fake), on_fake)
        other.generator_optimizer.apply(tape.gradient(g_loss, g.trainable_variables))

    logs = gan.train_step(real)
    np.testing.assert_allclose(logs["d_loss"], d_loss, rtol=1e-5)
    np.testing.assert_allclose(logs["g_loss"], g_loss, rtol=1e-5)
    for network, expected in ((gan.discriminator, d), (gan.generator, g)):
        for value, wanted in zip(network.get_weights(), expected.get_weights(), strict=True):
            np.testing.assert_allclose(value, wanted, atol=1e-6)


@pytest.mark.parametrize(
    "ema_decay, step, decay",
    [(0.999, 0, 0.1), (0.999, 8, 0.5), (0.999, 10**6, 0.999), (0.3, 8, 0.3), (0.0, 100, 0.0)],
)
def test_the_average_follows_fast_at_first_and_at_its_decay_later(ema_decay, step, decay):
    gan = tiny_gan(ema_decay=ema_decay, learning_rate=0.1)
    gan.step.assign(step)
    before = gan.ema_generator.get_weights()
    gan.train_step(scans())
    weights = gan.generator.get_weights()
    for average, old, new in zip(gan.ema_generator.get_weights(), before, weights, strict=True):
        np.testing.assert_allclose(average, decay * old + (1 - decay) * new, rtol=1e-4, atol=1e-6)


def test_a_gan_shows_images_of_its_averaged_generator():
    gan = tiny_gan()
    for _ in range(3):  # the average's first step is the whole way
        gan.train_step(scans())
    latents = gan.latents(Purpose.SAMPLES, 3)
    np.testing.assert_array_equal(gan(latents), gan.ema_generator(latents, training=False))
    assert np.abs(gan(latents) - gan.generator(latents, training=False)).max() > 0


def test_dropout_is_a_function_of_seed_and_step():
    settings = dict(dropout=0.5, discriminator_normalization="none", seed=3)

    def answer(gan, step):
        gan.step.assign(step)
        gan.begin_step()
        return gan.discriminator(scans(), training=True).numpy()

    gan, same, other = tiny_gan(**settings), tiny_gan(**settings), tiny_gan(**{**settings, "seed": 4})
    other.discriminator.set_weights(gan.discriminator.get_weights())
    expected = answer(gan, 5)
    same.discriminator(scans(), training=True)  # a draw between the steps changes nothing
    np.testing.assert_array_equal(answer(same, 5), expected)
    np.testing.assert_array_equal(answer(gan, 5), expected)
    assert (answer(gan, 6) != expected).any()
    assert (answer(other, 5) != expected).any()


def test_the_same_seed_and_step_give_the_same_losses():
    gan, other = tiny_gan(dropout=0.5), tiny_gan(dropout=0.5)
    for a in (gan, other):
        a.step.assign(41)
    other.discriminator(scans(), training=True)
    first = {name: float(value) for name, value in gan.train_step(scans()).items()}
    second = {name: float(value) for name, value in other.train_step(scans()).items()}
    assert first == pytest.approx(second, rel=1e-5)


def test_the_first_weights_follow_from_the_seed():
    gan, same, other = tiny_gan(seed=1), tiny_gan(seed=1), tiny_gan(seed=2)
    for player in ("generator", "discriminator", "ema_generator"):
        a, b, c = (getattr(g, player).get_weights() for g in (gan, same, other))
        for x, y in zip(a, b, strict=True):
            np.testing.assert_array_equal(x, y)
        assert (a[0] != c[0]).any()


def test_the_average_starts_as_the_generator():
    gan = tiny_gan()
    pairs = zip(gan.ema_generator.get_weights(), gan.generator.get_weights(), strict=True)
    for average, weight in pairs:
        np.testing.assert_array_equal(average, weight)


def test_fit_works_and_reports_the_means_of_each_epoch():
    gan, other = tiny_gan(), tiny_gan()
    batches = [scans(seed=i) for i in range(3)]
    data = tf.data.Dataset.from_tensor_slices(tf.stack(batches))
    history = gan.fit(data, epochs=2, verbose=0)
    assert set(history.history) == {"d_loss", "g_loss", "d_accuracy_real", "d_accuracy_fake"}
    assert int(gan.step) == 6
    for epoch in range(2):
        for tracker in other.trackers.values():
            tracker.reset_state()
        for batch in batches:
            logs = other.train_step(batch)
        for name, values in history.history.items():
            assert values[epoch] == pytest.approx(float(logs[name]), rel=1e-3, abs=1e-3)


def test_a_discriminator_learns_to_tell_a_generator_that_stands_still():
    gan = tiny_gan(discriminator_learning_rate=0.01)
    gan.generator_optimizer.learning_rate = 0.0
    stripes = tf.tile(tf.constant([[-1.0], [1.0]]), [8, 16])[None, ..., None]
    data = tf.data.Dataset.from_tensors(tf.tile(stripes, [4, 1, 1, 1])).repeat(20)
    history = gan.fit(data, epochs=3, verbose=0).history
    assert history["d_loss"][-1] < history["d_loss"][0]
    assert history["d_loss"][-1] < 0.1
    assert history["d_accuracy_real"][-1] == history["d_accuracy_fake"][-1] == 1.0


def test_the_optimizers_are_adam_with_the_given_settings():
    gan = tiny_gan(learning_rate=1e-3, discriminator_learning_rate=4e-3, beta_1=0.4, beta_2=0.9)
    for optimizer, rate in ((gan.generator_optimizer, 1e-3), (gan.discriminator_optimizer, 4e-3)):
        assert isinstance(optimizer, keras.optimizers.Adam)
        assert float(optimizer.learning_rate) == pytest.approx(rate)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.4, 0.9)
    both = tiny_gan(learning_rate=1e-3)
    assert float(both.discriminator_optimizer.learning_rate) == pytest.approx(1e-3)


def test_every_setting_of_a_network_reaches_it():
    config = Config().replace(
        image_size=28,
        latent_dim=5,
        base_channels=3,
        generator_activation="relu",
        activation="gelu",
        dropout=0.2,
        kernel_size=3,
        generator_head="dense",
        generator_normalization="layer",
        discriminator_normalization="none",
    )
    generator, discriminator = build.networks_from(config.model)
    shared = dict(image_size=28, base_channels=3, kernel_size=3)
    g = dict(shared, latent_dim=5, activation="relu", normalization="layer", head="dense")
    d = dict(shared, activation="gelu", normalization="none", dropout=0.2)
    assert {name: getattr(generator, name) for name in g} == g
    assert {name: getattr(discriminator, name) for name in d} == d
    assert isinstance(generator, dcgan.Generator) and isinstance(discriminator, dcgan.Discriminator)


@pytest.mark.parametrize(
    "network, size, name, value",
    [
        ("polanco64", 64, "kernel_size", 3),
        ("polanco64", 64, "base_channels", 64),
        ("polanco64", 64, "dropout", 0.5),
        ("polanco64", 64, "activation", "relu"),
        ("polanco64", 64, "generator_activation", "relu"),
        ("polanco64", 64, "discriminator_normalization", "none"),
        ("ucla128", 128, "generator_head", "dense"),
        ("ucla128", 128, "kernel_size", 5),
        ("ucla128", 128, "generator_normalization", "layer"),
        ("polanco64", 128, "network", "polanco64"),
        ("ucla128", 64, "network", "ucla128"),
    ],
)
def test_a_setting_that_a_published_network_fixes_is_refused(network, size, name, value):
    config = Config().replace(**{"network": network, "image_size": size, name: value})
    with pytest.raises(ArgumentError, match=network) as error:
        build.networks_from(config.model)
    assert error.value.argument == name


def test_an_unknown_model_is_refused_with_those_known():
    with pytest.raises(ValueError, match="dcgan.*Received: name='nonesuch'"):
        gans.get("nonesuch")
