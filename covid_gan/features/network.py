"""The encoder's network: scans → 64 numbers, the same in training and afterwards."""

import math

import keras
import numpy as np
from keras import layers

DIM = 64
WIDTHS = (24, 48, 96, 128)
GROUPS = 8
# Channels of the coarse map that keeps where things are.
MAP_CHANNELS = 16
# Side of the first feature map, about.
_FIRST_MAP = 32
# The least spread of a whitened direction, as a part of the greatest.
_LEAST_SPREAD = 1e-2


def build(size: int, seed: int) -> keras.Model:
    """An untrained encoder.

    Four strided convolutions; group norm, which does not look at other images, in all but the first,
    so that brightness and contrast are not lost. The features are a linear map of the means of every
    level, the finer ones for texture, and of the coarsest map itself, for anatomy.

    Args:
        size: height and width of the images in pixels, 8 or more. A larger one is read with a larger
            stride at first, so that it costs hardly more.
        seed: of the first weights.

    Returns:
        A model of images float32 [n, size, size, 1] in [-1, 1] to float32 [n, 64].

    Reference:
        Wu and He 2018 (group norm), https://arxiv.org/abs/1803.08494
    """
    seeds = iter(range(seed * 1000, (seed + 1) * 1000))

    def initial():
        return keras.initializers.GlorotUniform(seed=next(seeds))

    def convolution(channels, kernel, stride=1):
        return layers.Conv2D(channels, kernel, stride, padding="same", kernel_initializer=initial())

    stride = 2 ** max(0, round(math.log2(size / _FIRST_MAP)))
    inputs = keras.Input((size, size, 1))
    x = convolution(WIDTHS[0], max(3, 2 * stride), stride)(inputs)
    means = []
    for width in WIDTHS[1:]:
        x = layers.Activation("silu")(x)
        means.append(layers.GlobalAveragePooling2D()(x))
        x = layers.GroupNormalization(GROUPS)(convolution(width, 3, 2)(x))
    x = layers.Activation("silu")(x)
    x = layers.Activation("silu")(convolution(WIDTHS[-1], 3)(x))
    means.append(layers.GlobalAveragePooling2D()(x))
    places = layers.Flatten()(convolution(MAP_CHANNELS, 1)(x))
    described = layers.Concatenate()([*means, places])
    return keras.Model(inputs, layers.Dense(DIM, kernel_initializer=initial())(described))


def whitened(encoder: keras.Model, features: np.ndarray) -> keras.Model:
    """The encoder with features that do not correlate, have a mean of 0 and a spread of 1, and are bounded.

    What scans hardly ever do then counts as much as what they do all the time: a checkerboard moves
    features along directions in which scans barely differ. Beyond 1 they grow as their logarithm
    (asinh), or else the few strangest scans would make up most of a kernel distance.

    Args:
        encoder: that made the features.
        features: float [n, d] of views of scans.

    Returns:
        A model with two more layers.
    """
    mean = features.mean(axis=0, dtype=np.float64)
    covariance = np.cov(features, rowvar=False, dtype=np.float64)
    variances, directions = np.linalg.eigh(covariance)
    spreads = np.sqrt(np.maximum(variances, variances[-1] * _LEAST_SPREAD**2))
    matrix = directions[:, ::-1] / spreads[::-1]
    whiten = layers.Dense(features.shape[1])
    model = keras.Model(encoder.inputs, keras.ops.arcsinh(whiten(encoder.output)))
    whiten.set_weights([matrix, -mean @ matrix])
    return model
