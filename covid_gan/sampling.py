"""From latents to images: a generator in batches, and paths through its latent space."""

import keras
import numpy as np
import tensorflow as tf

from covid_gan import images

BATCH = 64


def generate(generator: keras.Model, latents) -> np.ndarray:
    """Runs latents [n, latent_dim] through a generator, in batches; returns uint8 [n, H, W, 1]."""
    parts = [
        images.denormalise(generator(latents[i : i + BATCH], training=False)).numpy()
        for i in range(0, len(latents), BATCH)
    ]
    return np.concatenate(parts)


def linear_path(start, end, t):
    """The straight line between two latents [d], at places `t` [n] in [0, 1]: [n, d]."""
    return start + t[:, None] * (end - start)


def spherical_path(start, end, t):
    """The great circle between two latents [d], at places `t` [n] in [0, 1]: [n, d].

    It keeps the length that latents of a normal distribution have, as the middle of a
    straight line does not.

    Reference:
        White 2016, https://arxiv.org/abs/1609.04468
    """
    cosine = tf.reduce_sum(tf.math.l2_normalize(start) * tf.math.l2_normalize(end))
    angle = tf.acos(tf.clip_by_value(cosine, -1.0, 1.0))
    if tf.sin(angle) < 1e-4:  # parallel, or opposite: no great circle is the shortest
        return linear_path(start, end, t)
    t = t[:, None]
    return (tf.sin((1 - t) * angle) * start + tf.sin(t * angle) * end) / tf.sin(angle)


PATHS = {"linear": linear_path, "spherical": spherical_path}
