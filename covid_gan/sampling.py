"""From latents to images: a generator in blocks, and paths through its latent space."""

from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from covid_gan import images

# Every image is made in a block of this size, the last one filled up: a convolution rounds
# differently in batches of other sizes, and an image must not depend on how many are asked for.
BLOCK = 16
# Images that are in memory at a time.
CHUNK = 512


def images_of(generator: keras.Model, latents: tf.Tensor) -> tf.Tensor:
    """Runs latents [n, latent_dim] through a generator; returns uint8 [n, H, W, 1]. For use in a graph."""
    count, width = tf.shape(latents)[0], latents.shape[1]
    size = generator.image_size
    blocks = tf.reshape(tf.pad(latents, [[0, -count % BLOCK], [0, 0]]), [-1, BLOCK, width])
    made = tf.map_fn(
        lambda block: images.denormalise(generator(block, training=False)),
        blocks,
        parallel_iterations=1,
        fn_output_signature=tf.TensorSpec([BLOCK, size, size, 1], tf.uint8),
    )
    return tf.reshape(made, [-1, size, size, 1])[:count]


class Sampler:
    """A generator compiled for sampling.

    Args:
        generator: latents [n, latent_dim] → images in [-1, 1].
    """

    def __init__(self, generator: keras.Model):
        self.latent_dim = generator.latent_dim
        signature = [tf.TensorSpec([None, generator.latent_dim], tf.float32)]
        self._run = tf.function(lambda latents: images_of(generator, latents), input_signature=signature)

    def __call__(self, latents: tf.Tensor) -> np.ndarray:
        """latents [n, latent_dim] → uint8 [n, H, W, 1]."""
        return self._run(latents).numpy()

    def chunks(self, latents: tf.Tensor) -> Iterator[np.ndarray]:
        """The same in parts, for more images than memory holds."""
        for start in range(0, len(latents), CHUNK):
            yield self(latents[start : start + CHUNK])


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
