"""Wasserstein GANs, and every pair of a loss and a penalty: what a step changes, and what is refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from covid_gan import build, cli, gans, penalties
from covid_gan.config import Config
from covid_gan.errors import ArgumentError
from covid_gan.gans import base
from covid_gan.losses import LOSSES
from covid_gan.networks.choices import DISCRIMINATOR_NORMALIZATIONS
from covid_gan.penalties import PENALTIES, pairs

TINY = dict(image_size=8, latent_dim=4, base_channels=2, batch_size=2)


def make(**settings):
    return build.gan_from(Config().replace(**{**TINY, **settings}))


def pictures(count, size=8, seed=0):
    return tf.random.stateless_uniform([count, size, size, 1], [seed, 7], -1, 1)


def weights(network):
    return [w.numpy().copy() for w in network.trainable_weights]


def moved(network, before):
    return [not np.array_equal(w.numpy(), old) for w, old in zip(network.trainable_weights, before)]


PAIRS = [(loss, penalty) for loss in LOSSES for penalty in PENALTIES if not pairs.refusal(loss, penalty)]


@pytest.mark.parametrize("loss, penalty", PAIRS, ids="-".join)
def test_every_sensible_pair_takes_a_step(loss, penalty):
    """At 16 pixels, where the discriminator has a norm."""
    gan = make(loss=loss, penalty=penalty, image_size=16)
    before = weights(gan.generator), weights(gan.discriminator)
    values = gan.train_step(pictures(2, 16))
    assert set(values) == set(gan.tracked())
    assert all(np.isfinite(value) for value in values.values())
    assert any(moved(gan.generator, before[0])) and any(moved(gan.discriminator, before[1]))


@pytest.mark.parametrize(
    "settings", [*(dict(penalty=name) for name in PENALTIES if penalties.get(name).term),
                 dict(penalty="consensus"), dict(model="wgan_gp")], ids=str,
)  # fmt: skip
def test_the_weight_of_a_penalty_decides_where_the_discriminator_goes(settings):
    def after(penalty_weight):
        gan = make(**settings, image_size=16, penalty_weight=penalty_weight)
        gan.train_step(pictures(2 * gan.discriminator_steps, 16))
        return weights(gan.discriminator)[0]

    assert np.abs(after(100.0) - after(1e-6)).max() > 1e-6


@pytest.mark.parametrize(
    "settings, argument",
    [
        (dict(loss="wasserstein"), "penalty"),
        (dict(loss="hinge", penalty="clip"), "penalty"),
        (dict(penalty="r1", discriminator_normalization="batch"), "discriminator_normalization"),
        (dict(penalty_weight=1.0), "penalty_weight"),
        (dict(penalty="consensus", generator_steps=2), "penalty"),
        (dict(model="wgan_gp", discriminator_normalization="batch"), "discriminator_normalization"),
        (dict(model="wgan_gp", loss="hinge"), "loss"),
        (dict(model="wgan_gp", generator_steps=2), "generator_steps"),
        (dict(model="wgan", beta_1=0.5), "beta_1"),
        (dict(model="wgan", penalty="r1"), "penalty"),
        (dict(model="wgan_gp", network="polanco64"), "network"),
        (dict(penalty="r1", network="polanco64"), "network"),
        (dict(penalty="consensus", ada_target=0.6), "ada_target"),
    ],
    ids=str,
)
def test_nonsense_is_refused_with_the_setting_to_change(settings, argument):
    with pytest.raises(ArgumentError) as error:
        build.resolve(Config().replace(**settings))
    assert error.value.argument == argument


def test_the_refusal_of_batch_norm_gives_the_papers_reason():
    with pytest.raises(ArgumentError, match="mixes the images of a batch.*Gulrajani"):
        make(model="wgan_gp", discriminator_normalization="batch")


def test_batch_norm_in_a_critic_can_be_forced():
    settings = dict(image_size=16, discriminator_normalization="batch", allow_batch_norm=True)
    gan = make(model="wgan_gp", **settings)
    assert any(isinstance(norm, keras.layers.BatchNormalization) for norm in gan.discriminator.norms)
    before = weights(gan.discriminator)
    values = gan.train_step(pictures(10, size=16))
    assert all(np.isfinite(value) for value in values.values())
    assert all(moved(gan.discriminator, before)[:-1])  # the last bias cancels in the gap


@pytest.mark.parametrize("model", gans.GANS)
def test_each_model_has_its_own_defaults(model):
    config = build.resolve(Config().replace(model=model))
    for name, value in gans.DEFAULTS[model].items():
        assert config.get(name) == value
    assert build.resolve(config) == config


def test_the_penalty_is_weighted_as_its_paper_has_it():
    for model, weight in {"wgan_gp": 10.0, "wgan": 0.01, "dcgan": None}.items():
        assert build.resolve(Config().replace(model=model)).training.penalty_weight == weight
        assert make(model=model).penalty_weight == weight
    assert make(model="wgan_gp", penalty_weight=3.0).penalty_weight == 3.0
    assert make(penalty="r1_r2").penalty_weight == 0.2


@pytest.mark.parametrize(
    "model, n_critic, norm",
    [("wgan", 2, "batch"), ("dcgan", 2, "batch"), ("dcgan", 1, "spectral"), ("wgan_gp", 1, "layer"),
     *(("wgan_gp", 3, norm) for norm in DISCRIMINATOR_NORMALIZATIONS if norm != "batch")],
)  # fmt: skip
def test_a_step_is_n_critic_updates_of_the_critic_and_one_of_the_generator(
    model, n_critic, norm, monkeypatch
):
    settings = dict(discriminator_normalization=norm, image_size=16)
    gan = make(model=model, discriminator_steps=n_critic, **settings)
    updates = []
    descend = gan.descend

    def spied(network, optimizer, loss):
        networks = gan.generator, gan.discriminator
        before = [weights(each) for each in networks]
        values = descend(network, optimizer, loss)
        updates.append([any(moved(each, old)) for each, old in zip(networks, before)])
        return values

    monkeypatch.setattr(gan, "descend", spied)
    values = gan.train_step(pictures(2 * n_critic, 16))
    assert all(np.isfinite(value) for value in values.values())
    assert updates == [[False, True]] * n_critic + [[True, False]]


def test_each_critic_update_sees_images_of_its_own(monkeypatch):
    gan = make(model="wgan_gp", discriminator_steps=3, augment=())
    images, seen = pictures(6), []
    call = gan.discriminator.call

    def spied(x, training=None):
        seen.append(tf.convert_to_tensor(x).numpy())
        return call(x, training=training)

    monkeypatch.setattr(gan.discriminator, "call", spied)
    gan.train_step(images)
    for t in range(3):
        assert any(np.array_equal(x, images[2 * t : 2 * t + 2]) for x in seen)


def test_epsilon_is_one_number_for_each_sample(monkeypatch):
    from covid_gan.gans import wgan_gp

    mixes = []

    def spied(critic, real, fake, mix):
        mixes.append(mix.numpy())
        return tf.constant(0.0), tf.constant(0.0)

    monkeypatch.setattr(wgan_gp, "gradient_penalty", spied)
    gan = make(model="wgan_gp", discriminator_steps=2)
    gan.train_step(pictures(4))
    assert [mix.shape for mix in mixes] == [(2, 1, 1, 1)] * 2
    assert len({float(e) for mix in mixes for e in mix.ravel()}) == 4


def test_clipped_weights_stay_within_the_limit_and_have_no_momentum():
    gan = make(model="wgan", penalty_weight=0.003)
    for optimizer in (gan.generator_optimizer, gan.discriminator_optimizer):
        assert isinstance(optimizer, keras.optimizers.RMSprop) and optimizer.momentum == 0
    gan.train_step(pictures(10))
    assert max(np.abs(w).max() for w in weights(gan.discriminator)) <= 0.003
    assert max(np.abs(w).max() for w in weights(gan.generator)) > 0.003


@pytest.mark.parametrize("model", ["wgan_gp", "wgan"])
def test_a_step_is_a_function_of_seed_and_step(model):
    def twice():
        gan = make(model=model, dropout=0.3, seed=3)
        for i in range(2):
            gan.train_step(pictures(10, seed=i))
        return weights(gan.generator) + weights(gan.discriminator)

    for first, second in zip(twice(), twice()):
        np.testing.assert_array_equal(first, second)


def test_a_critic_learns_to_tell_a_generator_that_stands_still():
    gan = make(model="wgan_gp", learning_rate=1e-2, discriminator_steps=2, discriminator_normalization="none")
    gan.generator_optimizer.learning_rate = 0.0
    step = tf.function(gan.train_step)
    white = tf.fill([4, 8, 8, 1], 0.9)
    for _ in range(150):
        values = step(white)
        gan.reset_metrics()
    values = step(white)
    assert float(values["critic_gap"]) > 1.0
    assert 0.5 < float(values["gradient_norm"]) < 1.5


def test_the_penalty_is_float32_under_mixed_precision(monkeypatch):
    gan, tracked = make(model="wgan_gp", precision="bfloat16"), {}
    assert {layer.compute_dtype for layer in gan.discriminator.convolutions} == {"bfloat16"}
    monkeypatch.setattr(gan, "track", tracked.update)
    gan.train_step(pictures(10))
    assert tracked["penalty"].dtype == tracked["gradient_norm"].dtype == tf.float32
    assert all(np.isfinite(value) for value in tracked.values())


def test_steps_in_all_count_images_of_all_critic_updates(tiny_config):
    from covid_gan.training import loop

    config = tiny_config.replace(model="wgan_gp", discriminator_steps=5, steps=None, epochs=6)
    assert loop.resolve(config).training.steps == 6 * 20 // (4 * 5)


def states_whole_and_resumed(config, folder):
    """All tensors of the last checkpoint by name: of 6 steps at once, and of 4 and then 2."""
    from covid_gan import runs
    from covid_gan.training import loop

    whole = loop.train(config, runs_dir=folder / "whole")
    part = loop.train(config.replace(steps=4), runs_dir=folder / "part")
    loop.train(part.continued({"steps": 6}), run=runs.Run(part.path))
    for run in (whole, part):
        state = tf.train.load_checkpoint(str(run.path / "checkpoints" / "step-00000006" / "checkpoint"))
        names = [name for name in state.get_variable_to_shape_map() if "OBJECT_GRAPH" not in name]
        yield {name: state.get_tensor(name) for name in names}


def test_a_wgan_resumes_bit_for_bit(tiny_config, tmp_path):
    config = tiny_config.replace(model="wgan_gp", discriminator_steps=2, dropout=0.3)
    whole, resumed = states_whole_and_resumed(config, tmp_path)
    assert len(whole) > 20 and set(whole) == set(resumed)
    for name in whole:
        np.testing.assert_array_equal(whole[name], resumed[name])


class TestAugmentation:
    """Changes of what the discriminator sees."""

    @pytest.mark.parametrize("model", gans.GANS)
    def test_real_and_generated_images_alike_are_changed_at_every_turn(self, model, monkeypatch):
        gan = make(model=model, augment=("translation", "cutout"), discriminator_steps=2)
        draws, seen = [], gan.seen
        monkeypatch.setattr(gan, "seen", lambda images, draw=0: draws.append(draw) or seen(images, draw))
        values = gan.train_step(pictures(4))
        assert sorted(draws) == [0, 1, 2, 3, 4] and all(np.isfinite(v) for v in values.values())

    def test_every_draw_and_every_step_changes_images_anew(self):
        gan = make(augment=("translation",), image_size=16)
        images = pictures(8, 16)
        first = gan.seen(images).numpy()
        np.testing.assert_array_equal(gan.seen(images), first)
        assert (gan.seen(images, draw=1).numpy() != first).any()
        gan.step.assign_add(1)
        assert (gan.seen(images).numpy() != first).any()

    def test_without_any_the_images_are_seen_as_they_are(self):
        images = pictures(4)
        np.testing.assert_array_equal(make(augment=()).seen(images), images)

    def test_the_generator_learns_through_the_changes(self):
        gan = make(augment=("translation", "cutout", "rotation"))
        with tf.GradientTape() as tape:
            fakes = gan.seen(gan.generator(gan.latents(0, 4), training=True))
            value = tf.reduce_sum(fakes)
        gradients = tape.gradient(value, gan.generator.trainable_variables)
        assert all(np.abs(g).max() > 0 for g in gradients)

    def test_the_share_follows_the_discriminators_sign(self):
        gan = make(augment=("translation",), ada_target=0.6)
        assert float(gan.augmented) == 0.0
        sure, unsure = tf.fill([50, 1], 2.0), tf.constant([[2.0]] * 25 + [[-2.0]] * 25)
        for _ in range(10):
            gan.adapt(sure, 0.0)
        assert float(gan.augmented) == pytest.approx(500 / 50_000)
        for _ in range(4):
            gan.adapt(unsure, 0.0)
        assert float(gan.augmented) == pytest.approx(300 / 50_000)
        for _ in range(20):
            gan.adapt(unsure, 0.0)
        assert float(gan.augmented) == 0.0

    @pytest.mark.parametrize(
        "settings",
        [dict(augment=(), ada_target=0.6), dict(model="wgan_gp", augment=("flip",), ada_target=0.6),
         dict(loss="relativistic", augment=("flip",), ada_target=0.6)],
        ids=str,
    )  # fmt: skip
    def test_a_share_that_nothing_can_adapt_is_refused(self, settings):
        with pytest.raises(ArgumentError) as error:
            build.resolve(Config().replace(**settings))
        assert error.value.argument == "ada_target"

    def test_an_adaptive_run_resumes_bit_for_bit(self, tiny_config, tmp_path, monkeypatch):
        monkeypatch.setattr(base, "ADA_IMAGES", 20)  # the share moves by a fifth a step
        config = tiny_config.replace(augment=("translation", "cutout"), ada_target=0.0, dropout=0.3)
        whole, resumed = states_whole_and_resumed(config, tmp_path)
        (share,) = (whole[name] for name in whole if name.startswith("augmented") and "VALUE" in name)
        assert share > 0 and set(whole) == set(resumed)
        for name in whole:
            np.testing.assert_array_equal(whole[name], resumed[name])


@pytest.mark.parametrize("alias, setting", cli.ALIASES.items())
def test_flags_have_the_papers_names_too(alias, setting):
    from absl import flags

    values = flags.FlagValues()
    cli.define_settings(values)
    value = {"n_critic": "2", "critic_norm": "group", "every": "7"}[alias]
    values(["x", "--model=wgan_gp", f"--{alias}={value}"])
    assert str(cli.given_settings(values)[setting]) == value
