"""Penalties on the gradient of the discriminator's logits with respect to its images.

They are means over the batch, not weighted, and are computed in float32 whatever the
precision of the network. A discriminator is any function of images [n, H, W, 1] to logits
[n, 1] whose logits depend each on its own image: batch normalisation breaks that.
"""

import tensorflow as tf

# Inside the square root, so that the norm of a zero gradient has a derivative.
_EPSILON = 1e-12
# The standard deviations of the real images that DRAGAN's noise reaches.
_DRAGAN_REACH = 0.5


def gradient_penalty(critic, real, fake, mix):
    """How far from 1 the critic's gradient is between real and generated images: (‖∇‖ − 1)².

    Args:
        critic: images [n, H, W, 1] → [n, 1].
        real: float [n, H, W, 1].
        fake: float [n, H, W, 1].
        mix: float [n, 1, 1, 1], each sample's share of the real image, uniform in [0, 1).

    Returns:
        The penalty and the mean norm of the gradient, float32 scalars.

    Raises:
        ValueError: `mix` is not of one number per sample.

    Reference:
        Gulrajani et al. 2017, Algorithm 1, https://arxiv.org/abs/1704.00028
    """
    real, fake, mix = _float32(real, fake, mix)
    _check_mix(mix)
    return _distance_from_one(critic, mix * real + (1.0 - mix) * fake)


def dragan(discriminator, real, mix, noise):
    """How far from 1 the discriminator's gradient is around real images: (‖∇‖ − 1)².

    It is taken at real + mix · 0.5 · std(real) · noise, std over the whole batch, as in the
    authors' code (https://github.com/kodalinaveen3/DRAGAN); the paper adds normal noise.

    Args:
        discriminator: images [n, H, W, 1] → logits [n, 1].
        real: float [n, H, W, 1].
        mix: float [n, 1, 1, 1], how far each sample goes towards its noisy self, uniform in [0, 1).
        noise: float [n, H, W, 1], a number for each pixel, uniform in [0, 1).

    Returns:
        The penalty and the mean norm of the gradient, float32 scalars.

    Raises:
        ValueError: `mix` is not of one number per sample, or `noise` not of one per pixel.

    Reference:
        Kodali et al. 2017, Algorithm 1, https://arxiv.org/abs/1705.07215
    """
    real, mix, noise = _float32(real, mix, noise)
    _check_mix(mix)
    if not noise.shape.is_compatible_with(real.shape):
        raise ValueError(f"`noise` must be of `real`'s shape, {real.shape}. Received: shape {noise.shape}")
    return _distance_from_one(discriminator, real + mix * _DRAGAN_REACH * tf.math.reduce_std(real) * noise)


def r1(discriminator, real):
    """Half the mean squared norm of the gradient at real images, a float32 scalar.

    Args:
        discriminator: images [n, H, W, 1] → logits [n, 1].
        real: float [n, H, W, 1].

    Reference:
        Mescheder et al. 2018, section 4.1, https://arxiv.org/abs/1801.04406
    """
    (real,) = _float32(real)
    return 0.5 * tf.reduce_mean(_squared_norms(discriminator, real))


def r2(discriminator, fake):
    """Half the mean squared norm of the gradient at generated images, a float32 scalar.

    Args:
        discriminator: images [n, H, W, 1] → logits [n, 1].
        fake: float [n, H, W, 1].

    Reference:
        Mescheder et al. 2018, section 4.1, https://arxiv.org/abs/1801.04406
    """
    return r1(discriminator, fake)


def gradient_penalty_term(discriminator, real, fake, mix, noise):
    """`gradient_penalty` as a `Penalty.term`."""
    return gradient_penalty(discriminator, real, fake, mix)[0]


def dragan_term(discriminator, real, fake, mix, noise):
    """`dragan` as a `Penalty.term`."""
    return dragan(discriminator, real, mix, noise)[0]


def r1_term(discriminator, real, fake, mix, noise):
    """`r1` as a `Penalty.term`."""
    return r1(discriminator, real)


def r2_term(discriminator, real, fake, mix, noise):
    """`r2` as a `Penalty.term`."""
    return r2(discriminator, fake)


def r1_r2_term(discriminator, real, fake, mix, noise):
    """`r1` + `r2` as a `Penalty.term`, as Huang et al. 2024 (https://arxiv.org/abs/2501.05441) take both."""
    return r1(discriminator, real) + r2(discriminator, fake)


def _float32(*tensors):
    return tuple(tf.cast(tensor, tf.float32) for tensor in tensors)


def _check_mix(mix):
    if not mix.shape.is_compatible_with([None, 1, 1, 1]):
        raise ValueError(
            f"`mix` must be of shape [n, 1, 1, 1], a number per sample. Received: shape {mix.shape}"
        )


def _distance_from_one(critic, images):
    norms = tf.sqrt(_squared_norms(critic, images) + _EPSILON)
    return tf.reduce_mean(tf.square(norms - 1.0)), tf.reduce_mean(norms)


def _squared_norms(critic, images):
    """The squared norm of each image's gradient: float32 [n]."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = tf.cast(critic(images), tf.float32)
    gradients = tf.cast(tape.gradient(logits, images), tf.float32)
    return tf.reduce_sum(tf.square(gradients), axis=[1, 2, 3])
