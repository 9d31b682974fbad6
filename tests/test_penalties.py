"""Penalties: linear and quadratic discriminators, the double backward, games that turn, refused pairs."""

import itertools
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from covid_gan import losses, penalties
from covid_gan.losses import LOSSES
from covid_gan.penalties import PENALTIES, consensus, gradients, pairs, weights

SHAPE = (4, 3, 3, 1)
MIX = np.array([0.1, 0.4, 0.6, 0.9], np.float32).reshape(4, 1, 1, 1)


def images(seed, shape=SHAPE):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def flat(x):
    return tf.reshape(x, [tf.shape(x)[0], -1])


def linear(w):
    """f(x) = w·x, whose gradient is w everywhere."""
    return lambda x: flat(x) @ tf.reshape(w, [-1, 1])


def quadratic(a):
    """f(x) = ½ Σ a·x², whose gradient is a·x."""
    return lambda x: tf.reduce_sum(0.5 * a * flat(x) ** 2, axis=1, keepdims=True)


class Recording:
    """A linear discriminator that remembers the images it is asked about."""

    def __init__(self):
        self.seen = []

    def __call__(self, x):
        self.seen.append(x.numpy())
        return linear(tf.ones([9]))(x)


def every_term():
    return [name for name in PENALTIES if penalties.get(name).term]


def term(name, discriminator, real=None, fake=None, mix=MIX, noise=None):
    real, fake = (images(i) if x is None else x for i, x in enumerate((real, fake)))
    noise = np.abs(images(2)) if noise is None else noise
    return penalties.get(name).term(discriminator, *(tf.constant(x) for x in (real, fake, mix, noise)))


# --- the map


def test_reading_the_names_imports_neither_keras_nor_tensorflow():
    code = (
        "import sys, covid_gan.penalties as p; from covid_gan.penalties import pairs; p.PENALTIES; p.WEIGHTS;"
        "pairs.refusal('hinge', 'r1'); print({'keras', 'tensorflow'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="none, gradient_penalty.*Received: name='r3'"):
        penalties.get("r3")


def test_each_name_has_its_one_function_and_a_weight():
    kinds = {
        name: [k for k in ("term", "clip", "gradients") if getattr(penalties.get(name), k)]
        for name in PENALTIES
    }
    assert kinds.pop("none") == [] and penalties.get("none").weight is None
    assert kinds.pop("clip") == ["clip"] and kinds.pop("consensus") == ["gradients"]
    assert all(k == ["term"] for k in kinds.values())
    assert all(penalties.get(name).weight > 0 for name in PENALTIES if name != "none")


# --- one-centred penalties


@pytest.mark.parametrize("size", [0.25, 1.0, 3.0])
def test_the_penalty_of_a_linear_critic_is_its_slopes_distance_from_one_squared(size):
    w = images(7, [9])
    w *= size / np.linalg.norm(w)
    penalty, norm = gradients.gradient_penalty(linear(w), images(0), images(1), tf.constant(MIX))
    assert float(penalty) == pytest.approx((size - 1) ** 2, abs=1e-6)
    assert float(norm) == pytest.approx(size, rel=1e-6)
    assert float(term("dragan", linear(w))) == pytest.approx((size - 1) ** 2, abs=1e-6)


def test_the_penalty_of_a_quadratic_critic_is_that_of_its_gradient_at_the_interpolates():
    real, fake, a = images(0).astype(float), images(1).astype(float), np.linspace(0.5, 2, 9)
    points = (MIX * real + (1 - MIX) * fake).reshape(4, 9)
    norms = np.linalg.norm(a * points, axis=1)
    critic = quadratic(tf.constant(a, tf.float32))
    penalty, norm = gradients.gradient_penalty(critic, real, fake, tf.constant(MIX))
    assert float(penalty) == pytest.approx(((norms - 1) ** 2).mean(), rel=1e-5)
    assert float(norm) == pytest.approx(norms.mean(), rel=1e-5)


def test_every_sample_has_one_share_of_the_real_image():
    critic, real, fake = Recording(), images(0), images(1)
    gradients.gradient_penalty(critic, tf.constant(real), tf.constant(fake), tf.constant(MIX))
    shares = (critic.seen[0] - fake) / (real - fake)
    np.testing.assert_allclose(shares, np.broadcast_to(MIX, SHAPE), atol=1e-4)


def test_dragan_looks_around_real_images_with_noise_per_pixel_and_a_reach_per_sample():
    discriminator, real, noise = Recording(), images(0), np.abs(images(2))
    gradients.dragan(discriminator, tf.constant(real), tf.constant(MIX), tf.constant(noise))
    moved = (discriminator.seen[0] - real) / (0.5 * real.std())
    np.testing.assert_allclose(moved / noise, np.broadcast_to(MIX, SHAPE), atol=1e-4)
    assert len(np.unique(moved.round(5))) == moved.size


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 3, 3, 1), (4, 1, 1)])
def test_a_mix_that_is_not_one_number_per_sample_is_refused(shape):
    for name in ("gradient_penalty", "dragan"):
        with pytest.raises(ValueError, match=r"`mix` must be of shape \[n, 1, 1, 1\].*Received"):
            term(name, linear(np.ones(9, np.float32)), mix=np.ones(shape, np.float32))


def test_a_noise_that_is_not_one_number_per_pixel_is_refused():
    with pytest.raises(ValueError, match="`noise` must be of `real`'s shape.*Received"):
        term("dragan", linear(np.ones(9, np.float32)), noise=np.ones((4, 1, 1, 1), np.float32))


# --- zero-centred penalties


def test_r1_and_r2_are_half_the_mean_squared_gradient_at_real_and_at_generated_images():
    real, fake, a = images(0), images(1), np.linspace(0.5, 2, 9, dtype=np.float32)
    at_real, at_fake = (0.5 * ((a * x.reshape(4, 9)) ** 2).sum(1).mean() for x in (real, fake))
    assert float(gradients.r1(quadratic(a), tf.constant(real))) == pytest.approx(at_real, rel=1e-5)
    assert float(gradients.r2(quadratic(a), tf.constant(fake))) == pytest.approx(at_fake, rel=1e-5)
    assert float(term("r1", quadratic(a))) == pytest.approx(at_real, rel=1e-5)
    assert float(term("r2", quadratic(a))) == pytest.approx(at_fake, rel=1e-5)
    assert float(term("r1_r2", quadratic(a))) == pytest.approx(at_real + at_fake, rel=1e-5)
    assert at_real != pytest.approx(at_fake, rel=0.01)


# --- derivatives of the terms, and precision


def tanh_penalty(name, w, v, real, fake, noise):
    """Each term for f(x) = v·tanh(W x), in float64 and with the gradient on paper."""

    def squared_norms(x):
        slopes = v * (1 - np.tanh(x @ w) ** 2)
        return ((slopes @ w.T) ** 2).sum(1)

    mix, n = MIX.reshape(4, 1).astype(float), len(real)
    real, fake, noise = (x.reshape(n, -1).astype(float) for x in (real, fake, noise))
    points = {
        "gradient_penalty": mix * real + (1 - mix) * fake,
        "dragan": real + mix * 0.5 * real.std() * noise,
    }
    if name in points:
        return ((np.sqrt(squared_norms(points[name])) - 1) ** 2).mean()
    halves = {"r1": 0.5 * squared_norms(real).mean(), "r2": 0.5 * squared_norms(fake).mean()}
    return halves.get(name, sum(halves.values()))


@pytest.mark.parametrize("name", every_term())
def test_the_double_backward_agrees_with_finite_differences(name):
    rng = np.random.default_rng(0)
    w, v, step = rng.normal(0, 0.5, (9, 5)), rng.normal(0, 1, 5), 1e-5
    real, fake, noise = images(0), images(1), np.abs(images(2))
    tf_w = tf.Variable(w, dtype=tf.float32)

    with tf.GradientTape() as tape:
        penalty = term(name, lambda x: tf.tanh(flat(x) @ tf_w) @ tf.constant(v[:, None], tf.float32))
    found = tape.gradient(penalty, tf_w).numpy()

    assert float(penalty) == pytest.approx(tanh_penalty(name, w, v, real, fake, noise), rel=1e-5)
    expected = np.empty_like(w)
    for index in np.ndindex(w.shape):
        around = []
        for sign in (1, -1):
            moved = w.copy()
            moved[index] += sign * step
            around.append(tanh_penalty(name, moved, v, real, fake, noise))
        expected[index] = (around[0] - around[1]) / (2 * step)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", every_term())
def test_a_zero_gradient_gives_numbers_with_numbers_for_derivatives(name):
    w = tf.Variable(tf.zeros([9]))
    with tf.GradientTape() as tape:
        penalty = term(name, linear(w))
    expected = 1 if name in ("gradient_penalty", "dragan") else 0
    assert float(penalty) == pytest.approx(expected, abs=1e-5)
    assert np.isfinite(tape.gradient(penalty, w)).all()


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float32", "float64"])
@pytest.mark.parametrize("name", every_term())
def test_the_sums_are_of_float32_whatever_the_networks_precision(name, policy):
    # 4096 weights of 2⁻⁴ and one of 2⁻²: exact in each type, but their squares' sum is 16.0586 in float32 only.
    layers = [keras.layers.Flatten(dtype=policy), keras.layers.Dense(1, use_bias=False, dtype=policy)]
    critic = keras.Sequential(layers)
    critic.build((None, 64, 64, 1))
    kernel = np.full((4096, 1), 2**-4)
    kernel[0] = 2**-2
    critic.set_weights([kernel])
    squares = (kernel**2).sum()
    shape = (4, 64, 64, 1)
    with tf.GradientTape() as tape:
        penalty = term(name, critic, images(0, shape), images(1, shape), noise=np.abs(images(2, shape)))
    expected = {"r1": squares / 2, "r2": squares / 2, "r1_r2": squares}.get(name, (np.sqrt(squares) - 1) ** 2)
    assert penalty.dtype == tf.float32
    assert float(penalty) == pytest.approx(expected, rel=1e-5)
    assert np.isfinite(tape.gradient(penalty, critic.trainable_variables)[0]).all()


@pytest.mark.parametrize("name", every_term())
def test_in_a_graph_with_batches_of_unknown_size_the_terms_are_the_same(name):
    specs = [tf.TensorSpec([None, *s]) for s in ((3, 3, 1), (3, 3, 1), (1, 1, 1), (3, 3, 1))]
    discriminator = quadratic(np.linspace(0.5, 2, 9, dtype=np.float32))
    graph = tf.function(lambda *xs: penalties.get(name).term(discriminator, *xs), input_signature=specs)
    given = [tf.constant(x) for x in (images(0), images(1), MIX, np.abs(images(2)))]
    assert float(graph(*given)) == pytest.approx(float(term(name, discriminator)), rel=1e-6)


# --- clip


@pytest.mark.parametrize("kind", [tf.Variable, keras.Variable])
def test_clipped_weights_are_within_the_limit_and_the_others_untouched(kind):
    values = np.array([-1, -0.01, -0.0099, 0, 1e-9, 0.005, 0.01, 0.0101], np.float32)
    variables = [kind(values), kind(values.reshape(2, 4) / 2)]
    weights.clip_weights(variables, 0.01)
    for variable, before in zip(variables, (values, values.reshape(2, 4) / 2)):
        after = keras.ops.convert_to_numpy(variable)
        inside = np.abs(before) <= np.float32(0.01)
        np.testing.assert_array_equal(after[inside], before[inside])
        np.testing.assert_array_equal(after[~inside], np.sign(before[~inside]) * np.float32(0.01))


@pytest.mark.parametrize("limit", [0, -0.01, float("nan")])
def test_a_limit_that_is_not_above_zero_is_refused(limit):
    with pytest.raises(ValueError, match="`limit` must be above 0.*Received"):
        weights.clip_weights([tf.Variable([1.0])], limit)


# --- consensus


def play_product(weight, steps=200, rate=0.1):
    """The distances from 0 of min over x, max over y, of x·y, played at once: the field of constant curl."""
    x, y = tf.Variable(1.0), tf.Variable(1.0)
    distances = [np.hypot(1, 1)]
    for _ in range(steps):
        dx, dy, _ = consensus.consensus_gradients(lambda: (x * y, -x * y), [x], [y], weight)
        x.assign_sub(rate * dx[0])
        y.assign_sub(rate * dy[0])
        distances.append(np.hypot(x.numpy(), y.numpy()))
    return np.array(distances)


def test_plain_gradients_circle_outwards_and_consensus_converges_at_their_known_rates():
    plain, helped = play_product(0.0), play_product(1.0)
    # A step multiplies the distance by |1 + ih| and by |1 − hγ + ih|, h = 0.1 and γ = 1.
    np.testing.assert_allclose(plain[1:] / plain[:-1], np.abs(1 + 0.1j), rtol=1e-4)
    np.testing.assert_allclose(helped[1:] / helped[:-1], np.abs(0.9 + 0.1j), rtol=1e-4)
    assert plain[-1] > 3 and helped[-1] < 1e-8


def test_consensus_gradients_are_those_of_the_losses_plus_the_weighted_ones_of_half_the_fields_square():
    # d = x²y and g = xy³ of x and y: v = (2xy, 3xy²), half its square 2x²y² + 9x²y⁴/2.
    x, y = tf.Variable(0.5), tf.Variable(-2.0)
    dx, dy, played = consensus.consensus_gradients(lambda: (x**2 * y, x * y**3, "more"), [x], [y], 0.3)
    a, b = 0.5, -2.0
    assert float(dx[0]) == pytest.approx(2 * a * b + 0.3 * (4 * a * b**2 + 9 * a * b**4), rel=1e-6)
    assert float(dy[0]) == pytest.approx(3 * a * b**2 + 0.3 * (4 * a**2 * b + 18 * a**2 * b**3), rel=1e-6)
    assert [float(played[0]), float(played[1]), played[2]] == [a**2 * b, a * b**3, "more"]


def test_a_variable_that_a_loss_does_not_depend_on_is_named():
    x, y = tf.Variable(1.0), tf.Variable(1.0, name="lonely")
    with pytest.raises(ValueError, match="generator's loss must depend on all its variables.*lonely"):
        consensus.consensus_gradients(lambda: (x * y, -x), [x], [y], 1.0)


@pytest.mark.parametrize("upsample", ["transpose", "resize"])
def test_consensus_goes_through_the_layers_of_a_gan_in_a_graph(upsample):
    keras.utils.set_random_seed(0)
    layers, norm = keras.layers, keras.layers.BatchNormalization
    up = [layers.UpSampling2D(), layers.Conv2D(3, 3, padding="same", use_bias=False)]
    if upsample == "transpose":
        up = [layers.Conv2DTranspose(3, 4, strides=2, padding="same", use_bias=False)]
    generator = keras.Sequential(
        [layers.Dense(32, use_bias=False), layers.Reshape((4, 4, 2)), norm(), layers.LeakyReLU(), *up, norm()]
        + [layers.LeakyReLU(), layers.Conv2D(1, 3, padding="same", activation="tanh")]
    )
    discriminator = keras.Sequential(
        [layers.Conv2D(4, 4, strides=2, padding="same"), layers.LeakyReLU()]
        + [layers.GroupNormalization(2), layers.Flatten(), layers.Dense(1)]
    )
    generator.build((None, 5))
    discriminator.build((None, 8, 8, 1))
    d_variables, g_variables = discriminator.trainable_variables, generator.trainable_variables
    loss, latents, real = losses.get("wasserstein"), images(3, (4, 5)), images(4, (4, 8, 8, 1))

    def play():
        found = discriminator(real), discriminator(generator(latents, training=True))
        return loss.discriminator(*found), loss.generator(*found)

    step = tf.function(
        lambda weight: consensus.consensus_gradients(play, d_variables, g_variables, weight)[:2]
    )
    plain, helped = (tf.nest.flatten(step(tf.constant(weight))) for weight in (0.0, 1.0))
    assert [g.shape for g in helped] == [v.shape for v in d_variables + g_variables]
    assert all(np.isfinite(g).all() for g in helped)
    assert not np.allclose(plain[0], helped[0]) and not np.allclose(plain[-2], helped[-2])
    # The field's half square falls along the pull.
    before = sum(float(tf.reduce_sum(g**2)) for g in plain)
    for variable, a, b in zip(d_variables + g_variables, plain, helped):
        variable.assign_sub(1e-3 * (b - a))
    assert sum(float(tf.reduce_sum(g**2)) for g in tf.nest.flatten(step(tf.constant(0.0)))) < before


# --- pairs

REFUSED = {("wasserstein", "none"), ("wasserstein", "dragan")} | {
    (loss, "clip") for loss in LOSSES if loss != "wasserstein"
}


@pytest.mark.parametrize("loss, penalty", list(itertools.product(LOSSES, PENALTIES)))
def test_every_pair_is_accepted_or_refused_with_the_reason(loss, penalty):
    expected = pairs.RULES[penalty].why if (loss, penalty) in REFUSED else None
    assert pairs.refusal(loss, penalty) == expected


def test_every_penalty_has_a_rule():
    assert tuple(pairs.RULES) == PENALTIES and all(rule.why for rule in pairs.RULES.values())


@pytest.mark.parametrize("loss, penalty, known", [("hinges", "r1", "hinge"), ("hinge", "r3", "r1_r2")])
def test_an_unknown_name_of_a_pair_is_refused_with_the_known_ones(loss, penalty, known):
    with pytest.raises(ValueError, match=f"{known}.*Received"):
        pairs.refusal(loss, penalty)


def critics_loss(penalty, scale, steep=True):
    """The wasserstein loss of a critic `scale`·f plus the penalty, with f flat around real images or not."""
    real, fake = np.full(SHAPE, 0.5, np.float32), np.full(SHAPE, -0.5, np.float32)

    def critic(x):
        values = tf.reduce_mean(flat(x), axis=1, keepdims=True)
        return scale * (values if steep else tf.minimum(values, 0.0))

    value = float(losses.get("wasserstein").discriminator(critic(real), critic(fake)))
    if penalties.get(penalty).term:
        value += penalties.get(penalty).weight * float(term(penalty, critic, real, fake))
    return value


def test_the_wasserstein_loss_of_a_growing_critic_falls_without_end_where_its_penalty_is_refused():
    for penalty, steep in (("none", True), ("dragan", False)):
        found = [critics_loss(penalty, scale, steep) for scale in (1, 10, 100, 1e3, 1e4)]
        assert found == sorted(found, reverse=True) and found[-1] < -4e3
    for steep in (True, False):
        assert critics_loss("gradient_penalty", 1e4, steep) > critics_loss("gradient_penalty", 1, steep)
