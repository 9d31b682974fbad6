"""Everything random, as a pure function of (seed, purpose, step): nothing to save, nothing to restore.

The Philox generator draws the same 32 bits in eager mode, in a graph and under XLA. What TensorFlow
2.21 makes of them is not the same: of a uniform number XLA takes the upper 23 bits, a graph the lower.
So all numbers are made of the bits here.
"""

import enum

import tensorflow as tf


class Purpose(enum.IntEnum):
    """What a draw is for: draws of two purposes never share their numbers."""

    ORDER = 0
    FLIP = 1
    DISCRIMINATOR_LATENTS = 2
    GENERATOR_LATENTS = 3
    SAMPLES = 4
    DROPOUT = 5
    MIX = 6
    NOISE = 7
    AUGMENT = 8
    STATISTICS = 9


def key(seed: int, purpose: Purpose, step=0) -> tf.Tensor:
    """The int64 [2] seed of one draw.

    Args:
        seed: the run's, from 0 to 2^31 - 1.
        purpose: what is drawn.
        step: an int or an integer scalar tensor: the step, epoch or part of it.
    """
    return tf.stack([tf.constant(seed * 1024 + purpose, tf.int64), tf.cast(step, tf.int64)])


def normal(shape, seed: int, purpose: Purpose, step=0) -> tf.Tensor:
    """Standard normal float32 numbers of `shape`, at most 5.5 from 0."""
    return tf.math.ndtri(_between(bits(shape, seed, purpose, step)))


def uniform(shape, seed: int, purpose: Purpose, step=0) -> tf.Tensor:
    """Float32 numbers of `shape`, uniform in [0, 1)."""
    return _from_zero(bits(shape, seed, purpose, step))


def _from_zero(drawn):
    """Multiples of 2^-23 in [0, 1) from uint32 bits."""
    return tf.cast(tf.bitwise.right_shift(drawn, tf.constant(9, tf.uint32)), tf.float32) * 2.0**-23


def _between(drawn):
    """The same, half a spacing further: strictly inside (0, 1)."""
    return _from_zero(drawn) + 2.0**-24


def bits(shape, seed: int, purpose: Purpose, step=0) -> tf.Tensor:
    """Random uint32 numbers of `shape`, to seed other generators with."""
    return tf.random.stateless_uniform(shape, key(seed, purpose, step), None, None, tf.uint32, alg="philox")


def sample_latents(count, latent_dim: int, seed, truncation=0.0) -> tf.Tensor:
    """The latent vectors that `seed` stands for, one after the other.

    The first k of a larger count are the same k. A truncation cuts the normal
    distribution at ±ψ by its quantiles, so that a smaller ψ moves each latent
    steadily towards the mean instead of drawing another one.

    Args:
        count: an int or an integer scalar tensor.
        latent_dim: length of a latent vector.
        seed: an int or an integer scalar tensor.
        truncation: ψ > 0, in standard deviations; 0 stands for no truncation.

    Returns:
        float32 [count, latent_dim].

    Reference:
        Brock et al. 2019, section 3.1, https://arxiv.org/abs/1809.11096
    """
    # No step is negative: a run's draws never have this key.
    seeds = tf.stack([tf.cast(seed, tf.int64), tf.constant(-Purpose.SAMPLES, tf.int64)])
    drawn = tf.random.stateless_uniform([count, latent_dim], seeds, None, None, tf.uint32, alg="philox")
    uniform = tf.cast(_between(drawn), tf.float64)
    truncation = tf.cast(truncation, tf.float64)
    lowest = tf.where(truncation > 0, _normal_cdf(-truncation), tf.constant(0.0, tf.float64))
    return tf.cast(tf.math.ndtri(lowest + uniform * (1.0 - 2.0 * lowest)), tf.float32)


def _normal_cdf(x: tf.Tensor) -> tf.Tensor:
    return 0.5 * tf.math.erfc(-x / tf.sqrt(tf.constant(2.0, tf.float64)))
