"""Random numbers as functions of (seed, purpose, step): the same everywhere, and independent."""

import numpy as np
import pytest
import tensorflow as tf

from covid_gan import randomness
from covid_gan.randomness import Purpose, sample_latents

MODES = {
    "eager": lambda f: f,
    "graph": tf.function,
    "xla": lambda f: tf.function(f, jit_compile=True),
}


@pytest.mark.parametrize("k", [1, 2, 63, 100])
@pytest.mark.parametrize("truncation", [0.0, 0.7])
def test_the_first_k_of_a_larger_count_are_the_same_k(k, truncation):
    many = sample_latents(100, 7, seed=3, truncation=truncation)
    np.testing.assert_array_equal(sample_latents(k, 7, seed=3, truncation=truncation), many[:k])


@pytest.mark.parametrize("mode", ["graph", "xla"])
@pytest.mark.parametrize("truncation", [0.0, 0.7])
def test_latents_are_the_same_in_every_mode(mode, truncation):
    found = MODES[mode](lambda: sample_latents(50, 8, 3, truncation))()
    np.testing.assert_allclose(found, sample_latents(50, 8, 3, truncation), rtol=1e-6)


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_normals_are_the_same_in_every_mode(mode):
    draw = lambda: randomness.normal([50, 8], 3, Purpose.GENERATOR_LATENTS, 5)  # noqa: E731
    np.testing.assert_allclose(MODES[mode](draw)(), draw(), rtol=1e-6)


def test_latents_are_the_same_for_numbers_and_for_tensors():
    traced = tf.function(sample_latents, input_signature=[
        tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.int32),
        tf.TensorSpec([], tf.int64), tf.TensorSpec([], tf.float32),
    ])  # fmt: skip
    for seed, truncation in ((0, 0.0), (2**31 - 1, 0.7)):
        expected = sample_latents(20, 8, seed, truncation)
        found = traced(20, 8, tf.constant(seed, tf.int64), truncation)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "draw",
    [
        lambda seed: sample_latents(2000, 100, seed),
        lambda seed: randomness.normal([2000, 100], seed, Purpose.DISCRIMINATOR_LATENTS),
    ],
    ids=["sample_latents", "normal"],
)
@pytest.mark.parametrize("seed", [0, 7])
def test_they_are_standard_normal(draw, seed):
    z = draw(seed).numpy()
    assert z.dtype == np.float32 and np.isfinite(z).all()
    assert abs(z.mean()) < 0.01 and abs(z.std() - 1) < 0.01
    for quantile, expected in ((0.0228, -2), (0.1587, -1), (0.8413, 1), (0.9772, 2)):
        assert abs(np.quantile(z, quantile) - expected) < 0.03
    assert abs(np.corrcoef(z[:, 0], z[:, 1])[0, 1]) < 0.1


def test_no_truncation_is_zero_or_a_very_wide_one():
    plain = sample_latents(100, 8, 3)
    np.testing.assert_array_equal(sample_latents(100, 8, 3, 0.0), plain)
    np.testing.assert_allclose(sample_latents(100, 8, 3, 30.0), plain, rtol=1e-6)


@pytest.mark.parametrize("truncation", [0.0, 0.7])
def test_the_rarest_draws_give_finite_latents(truncation, monkeypatch):
    ends = tf.constant([[0, 2**32 - 1]], tf.uint32)
    monkeypatch.setattr(tf.random, "stateless_uniform", lambda *args, **kwargs: ends)
    lowest, highest = sample_latents(1, 2, 0, truncation).numpy()[0]
    limit = truncation or 5.5
    assert -limit <= lowest < 0 < highest <= limit
    assert lowest == pytest.approx(-highest, rel=1e-5)


@pytest.mark.parametrize("psi", [0.01, 0.3, 1.0, 2.0])
def test_a_truncation_bounds_every_number_and_fills_the_room(psi):
    z = sample_latents(1000, 20, 3, psi).numpy()
    assert np.abs(z).max() <= psi
    assert z.min() < -0.99 * psi and z.max() > 0.99 * psi
    assert abs(z.mean()) < 0.02 * psi


def test_a_smaller_truncation_moves_each_number_towards_zero():
    paths = np.stack([sample_latents(200, 8, 3, psi).numpy().ravel() for psi in (0, 4, 2, 1, 0.5, 0.1)])
    assert (np.diff(np.abs(paths), axis=0) <= 1e-6).all()
    assert (np.sign(paths) == np.sign(paths[0])).all()
    for path in paths[1:]:
        np.testing.assert_array_equal(np.argsort(path), np.argsort(paths[0]))


def test_seeds_purposes_and_steps_share_no_numbers():
    keys = [(seed, p, step) for seed in (0, 1, 2**31 - 1) for p in Purpose for step in (0, 1, 2**33)]
    drawn = np.stack([randomness.normal([50], *key).numpy() for key in keys])
    assert len(np.unique(drawn, axis=0)) == len(keys)
    correlation = np.corrcoef(np.stack([randomness.normal([2000], *key).numpy() for key in keys]))
    assert np.abs(correlation - np.eye(len(keys))).max() < 0.15


def test_latents_of_samples_share_no_numbers_with_a_step_of_a_run():
    for purpose in Purpose:
        key = randomness.key(0, purpose, step=int(Purpose.SAMPLES))
        drawn = tf.random.stateless_uniform([1000], key, alg="philox")
        latents = sample_latents(1, 1000, seed=int(purpose))[0]
        assert abs(np.corrcoef(drawn, latents)[0, 1]) < 0.15, purpose


def test_the_same_key_draws_the_same_and_a_tensor_will_do_as_step():
    draw = lambda step: randomness.normal([5], 3, Purpose.FLIP, step)  # noqa: E731
    np.testing.assert_array_equal(draw(4), draw(4))
    np.testing.assert_array_equal(draw(4), draw(tf.Variable(4, dtype=tf.int32)))


def test_latents_of_two_seeds_are_uncorrelated():
    z = np.stack([sample_latents(100, 50, seed).numpy().ravel() for seed in (0, 1, 2, 2**31 - 1)])
    assert np.abs(np.corrcoef(z) - np.eye(4)).max() < 0.06


def test_purposes_have_different_numbers():
    assert len({int(p) for p in Purpose}) == len(Purpose.__members__)
    assert max(Purpose) < 1024  # or two seeds would share theirs
