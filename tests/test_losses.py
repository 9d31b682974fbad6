"""Losses: known values, the order they give, the divergences they bound, and their gradients."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from covid_gan import losses
from covid_gan.losses import LOSSES

LOG_2 = np.log(2.0)
F_DIVERGENCES = ("kl", "reverse_kl", "pearson", "jensen_shannon")

REAL, FAKE = np.array([2.0, -1.0, 0.5]), np.array([-3.0, 1.0, 0.25])


def logits(*values, dtype=tf.float32) -> tf.Tensor:
    return tf.constant(values, dtype)[:, None]


def d_loss(name, real, fake) -> float:
    return float(losses.get(name).discriminator(logits(*real), logits(*fake)))


def g_loss(name, real, fake) -> float:
    return float(losses.get(name).generator(logits(*real), logits(*fake)))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_reading_the_names_imports_neither_keras_nor_tensorflow():
    code = "import sys, covid_gan.losses as l; l.LOSSES; print({'keras', 'tensorflow'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="non_saturating, minimax.*Received: name='hinges'"):
        losses.get("hinges")


# Where the discriminator cannot tell: its logit, its loss and the generator's.
@pytest.mark.parametrize(
    "name, logit, discriminator, generator",
    [
        ("non_saturating", 0, 2 * LOG_2, LOG_2),
        ("minimax", 0, 2 * LOG_2, -LOG_2),
        ("wasserstein", 0, 0, 0),
        ("hinge", 0, 2, 0),
        ("least_squares", 0.5, 1 / 4, 1 / 8),
        ("relativistic", 7, LOG_2, LOG_2),
        ("kl", 1, 0, -1),
        ("reverse_kl", 0, 0, 1),
        ("pearson", 0, 0, 0),
        ("jensen_shannon", 0, 0, 0),
    ],
)
def test_a_discriminator_that_cannot_tell(name, logit, discriminator, generator):
    same = [logit] * 3
    assert d_loss(name, same, same) == pytest.approx(discriminator, abs=1e-6)
    assert g_loss(name, same, same) == pytest.approx(generator, abs=1e-6)
    if losses.get(name).threshold is not None:
        assert losses.get(name).threshold == logit


@pytest.mark.parametrize("name", [name for name in LOSSES if losses.get(name).threshold is not None])
def test_the_threshold_is_the_best_logit_of_one_who_cannot_tell(name):
    threshold = losses.get(name).threshold
    tried = threshold + np.linspace(-0.5, 0.5, 11)
    found = [d_loss(name, [x], [x]) for x in tried]
    assert min(found) == pytest.approx(found[5], abs=1e-6)


# The definitions in float64, by the letter of the papers.
DISCRIMINATOR = {
    "non_saturating": lambda r, f: -np.log(sigmoid(r)).mean() - np.log(1 - sigmoid(f)).mean(),
    "minimax": lambda r, f: -np.log(sigmoid(r)).mean() - np.log(1 - sigmoid(f)).mean(),
    "wasserstein": lambda r, f: f.mean() - r.mean(),
    "hinge": lambda r, f: np.maximum(0, 1 - r).mean() + np.maximum(0, 1 + f).mean(),
    "least_squares": lambda r, f: ((r - 1) ** 2).mean() / 2 + (f**2).mean() / 2,
    "relativistic": lambda r, f: -np.log(sigmoid(r - f)).mean(),
}
GENERATOR = {
    "non_saturating": lambda r, f: -np.log(sigmoid(f)).mean(),
    "minimax": lambda r, f: np.log(1 - sigmoid(f)).mean(),
    "wasserstein": lambda r, f: -f.mean(),
    "hinge": lambda r, f: -f.mean(),
    "least_squares": lambda r, f: ((f - 1) ** 2).mean() / 2,
    "relativistic": lambda r, f: -np.log(sigmoid(f - r)).mean(),
}
# f, f', g_f, f* of Nowozin et al.
TABLE = {
    "kl": (
        lambda u: u * np.log(u),
        lambda u: 1 + np.log(u),
        lambda v: v,
        lambda t: np.exp(t - 1),
    ),
    "reverse_kl": (
        lambda u: -np.log(u),
        lambda u: -1 / u,
        lambda v: -np.exp(-v),
        lambda t: -1 - np.log(-t),
    ),
    "pearson": (
        lambda u: (u - 1) ** 2,
        lambda u: 2 * (u - 1),
        lambda v: v,
        lambda t: t**2 / 4 + t,
    ),
    "jensen_shannon": (
        lambda u: u * np.log(u) - (u + 1) * np.log((u + 1) / 2),
        lambda u: np.log(2 * u / (u + 1)),
        lambda v: LOG_2 - np.log(1 + np.exp(-v)),
        lambda t: -np.log(2 - np.exp(t)),
    ),
}


@pytest.mark.parametrize("name", DISCRIMINATOR)
def test_the_games_are_their_definitions(name):
    assert d_loss(name, REAL, FAKE) == pytest.approx(DISCRIMINATOR[name](REAL, FAKE), rel=1e-6)
    assert g_loss(name, REAL, FAKE) == pytest.approx(GENERATOR[name](REAL, FAKE), rel=1e-6)


@pytest.mark.parametrize("name", TABLE)
def test_the_f_divergences_are_compositions_of_the_papers_table(name):
    _, _, activation, conjugate = TABLE[name]
    bound = activation(REAL).mean() - conjugate(activation(FAKE)).mean()
    assert d_loss(name, REAL, FAKE) == pytest.approx(-bound, abs=1e-6)
    assert g_loss(name, REAL, FAKE) == pytest.approx(-activation(FAKE).mean(), abs=1e-6)


def best_logits(name, ratio):
    """The logits V with g_f(V) = f'(ratio)."""
    best = TABLE[name][1](ratio)
    inverse = {
        "kl": lambda t: t,
        "reverse_kl": lambda t: -np.log(-t),
        "pearson": lambda t: t,
        "jensen_shannon": lambda t: -np.log(np.exp(LOG_2 - t) - 1),
    }
    return inverse[name](best)


@pytest.mark.parametrize("name", F_DIVERGENCES)
def test_the_best_discriminator_reaches_the_divergence_of_two_discrete_distributions_and_no_other_does(name):
    p, q = np.array([5, 3, 2]), np.array([2, 3, 5])  # in tenths
    divergence = (q / 10 * TABLE[name][0](p / q)).sum()
    best = best_logits(name, p / q)
    assert d_loss(name, np.repeat(best, p), np.repeat(best, q)) == pytest.approx(-divergence, rel=1e-5)
    for seed in range(5):
        other = best + np.random.default_rng(seed).normal(0, 0.5, 3)
        assert d_loss(name, np.repeat(other, p), np.repeat(other, q)) > -divergence + 1e-4


@pytest.mark.parametrize(
    "name, divergence",
    [
        ("kl", 0.5**2 / 2),
        ("reverse_kl", 0.5**2 / 2),
        ("pearson", np.exp(0.5**2) - 1),
    ],
)
def test_it_reaches_the_known_divergences_of_two_gaussians(name, divergence):
    # p = N(1/2, 1) and q = N(0, 1), by their quantiles: log(p/q) = x/2 − 1/8.
    q = stats.norm.ppf((np.arange(100_000) + 0.5) / 100_000)
    real, fake = (best_logits(name, np.exp(x / 2 - 1 / 8)) for x in (q + 0.5, q))
    assert d_loss(name, real, fake) == pytest.approx(-divergence, rel=2e-3)


def test_the_cross_entropies_are_those_of_keras():
    rng = np.random.default_rng(0)
    real, fake = (logits(*rng.normal(0, 3, n)) for n in (5, 7))
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    expected = entropy(tf.ones_like(real), real) + entropy(tf.zeros_like(fake), fake)
    loss = losses.get("non_saturating")
    np.testing.assert_allclose(loss.discriminator(real, fake), expected, rtol=1e-6)
    np.testing.assert_allclose(loss.generator(None, fake), entropy(tf.ones_like(fake), fake), rtol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float32])
def test_they_are_float32_scalars_computed_in_float32(name, dtype):
    # Exact in every type; their losses in half precision would not be.
    real, fake = [1.0, -0.5, 0.125] * 3, [-2.0, 0.25, 0.375] * 3
    loss = losses.get(name)
    for function, expected in ((loss.discriminator, d_loss), (loss.generator, g_loss)):
        value = function(logits(*real, dtype=dtype), logits(*fake, dtype=dtype))
        assert value.shape == () and value.dtype == tf.float32
        assert float(value) == expected(name, real, fake)


@pytest.mark.parametrize("name", LOSSES)
def test_they_are_means_over_the_batch(name):
    for loss in (d_loss, g_loss):
        assert loss(name, [1, -2], [0, 3]) == pytest.approx(loss(name, [1, -2] * 4, [0, 3] * 4), rel=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_a_better_discriminator_has_the_lower_loss(name):
    middle = losses.get(name).threshold or 0.0
    found = [d_loss(name, [middle + x], [middle - x]) for x in (-0.9, -0.5, -0.1, 0.1, 0.4)]
    assert found == sorted(found, reverse=True) and len(set(found)) == 5


@pytest.mark.parametrize("name", LOSSES)
def test_a_generator_that_fools_better_has_the_lower_loss(name):
    found = [g_loss(name, [0.3], [x]) for x in (-3, -1, 0, 0.5, 1)]
    assert found == sorted(found, reverse=True) and len(set(found)) == 5


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradients_pull_real_up_and_fake_down_and_the_generator_fake_up(name):
    # Between 0 and 1, as least squares wants real logits to be 1 and generated ones 0.
    d_real, d_fake, g_fake = gradients(name, logits(0.1, 0.5, 0.9), logits(0.1, 0.5, 0.9))
    assert (d_real < 0).all() and (d_fake > 0).all() and (g_fake < 0).all()


def gradients(name, real, fake):
    """Of the discriminator's loss to real and fake logits, and of the generator's to fake ones."""
    loss = losses.get(name)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        d, g = loss.discriminator(real, fake), loss.generator(real, fake)
    return [x.numpy() for x in (*tape.gradient(d, [real, fake]), tape.gradient(g, fake))]


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("size", [100, 1e4])
def test_losses_and_gradients_stay_finite_at_huge_logits(name, size):
    for real in (-size, size):
        for fake in (-size, size):
            assert np.isfinite([d_loss(name, [real], [fake]), g_loss(name, [real], [fake])]).all()
            found = gradients(name, logits(real), logits(fake))
            # Their squares too, which Adam takes.
            assert np.isfinite([np.square(g) for g in found]).all()


@pytest.mark.parametrize("name, sign", [("kl", 1), ("reverse_kl", -1)])
def test_the_exponentials_are_exact_up_to_their_tangents_and_rise_beyond(name, sign):
    def exponential(x):
        """What each has as exp(x)."""
        if name == "kl":
            return d_loss(name, [0.0], [1 + x])
        return g_loss(name, [0.0], [-x])

    assert exponential(39.9) == pytest.approx(np.exp(39.9), rel=1e-5)
    assert exponential(42.0) == pytest.approx(np.exp(40.0) * 3, rel=1e-5)
    assert exponential(100.0) > exponential(50.0) > exponential(40.0)


def test_the_generators_gradient_vanishes_in_the_minimax_game_alone_where_the_discriminator_is_sure():
    real, fake = logits(30), logits(-30)
    assert np.abs(gradients("minimax", real, fake)[2]) < 1e-12
    for name in LOSSES:
        if name != "minimax":
            assert np.abs(gradients(name, real, fake)[2]) > 0.99


def test_a_hinge_beyond_its_margin_has_no_gradient():
    d_real, d_fake, _ = gradients("hinge", logits(1.5, 0.5), logits(-0.5, -1.5))
    np.testing.assert_allclose(d_real.ravel(), [0, -0.5])
    np.testing.assert_allclose(d_fake.ravel(), [0.5, 0])


@pytest.mark.parametrize("name", LOSSES)
def test_only_a_loss_that_says_so_uses_the_real_logits_of_the_generators_step(name):
    loss = losses.get(name)
    fake = logits(0.5, -1)
    values = {float(loss.generator(logits(*real), fake)) for real in ([0.0, 0.0], [1.0, 2.0])}
    assert len(values) == (2 if loss.uses_real else 1)
    if not loss.uses_real:
        assert float(loss.generator(None, fake)) in values


def test_relativistic_logits_are_paired_row_by_row():
    paired = d_loss("relativistic", [3, -3], [2, -4])
    assert paired == pytest.approx(np.log1p(np.exp(-1)), rel=1e-6)
    assert d_loss("relativistic", [3, -3], [-4, 2]) != pytest.approx(paired, rel=0.1)


@pytest.mark.parametrize("real, fake", [((4, 1), (1, 1)), ((4, 1), (4,)), ((2, 1), (3, 1))])
def test_relativistic_logits_that_are_no_pairs_are_refused(real, fake):
    loss = losses.get("relativistic")
    for function in (loss.discriminator, loss.generator):
        with pytest.raises(ValueError, match="one shape.*Received"):
            function(tf.zeros(real), tf.zeros(fake))


def test_relativistic_losses_take_batches_of_unknown_size():
    loss = losses.get("relativistic")
    spec = tf.TensorSpec([None, 1])
    function = tf.function(loss.discriminator, input_signature=[spec, spec])
    assert float(function(logits(1, 2), logits(1, 2))) == pytest.approx(LOG_2)
