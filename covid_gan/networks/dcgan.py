"""The deep convolutional GAN of Radford et al. 2015 (https://arxiv.org/abs/1511.06434), for any size.

The generator doubles a small map of features until it is an image, the
discriminator halves an image until it is a small map. Their activation,
normalisation and kernel size are arguments; a recipe with another topology is a
file of its own.
"""

import math

import keras
from keras import layers

from covid_gan.networks.batch_norm import BatchNormalization
from covid_gan.networks.choices import DISCRIMINATOR_NORMALIZATIONS, HEADS, NORMALIZATIONS, UPSAMPLINGS
from covid_gan.networks.dropout import Dropout
from covid_gan.networks.network import Network
from covid_gan.networks.sizes import doublings
from covid_gan.networks.spectral import SpectralNormalization


def _initializer() -> keras.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)


def _normalization(name: str, channels: int) -> layers.Layer:
    """The layer between a convolution and its activation; spectral normalisation is on the weights."""
    if name == "batch":
        return BatchNormalization(momentum=0.9, epsilon=1e-5)
    if name in _GROUPS:
        # Mean and variance over height, width and the channels of a group; a scale for each channel.
        return layers.GroupNormalization(groups=_GROUPS[name](channels))
    return layers.Identity()


# How many groups of channels share their statistics.
_GROUPS = {
    "layer": lambda channels: 1,
    "group": lambda channels: math.gcd(channels, 8),
    "instance": lambda channels: channels,
}


def _check(argument: str, value: str, allowed: tuple[str, ...]):
    if value not in allowed:
        raise ValueError(f"`{argument}` must be one of {allowed}. Received: {argument}={value!r}")


@keras.saving.register_keras_serializable("covid_gan.dcgan")
class Generator(Network):
    """Latent vectors [n, latent_dim] → images [n, image_size, image_size, 1] in [-1, 1].

    Args:
        image_size: 4 to 7 doubled at least once.
        latent_dim: length of a latent vector, drawn from a standard normal.
        base_channels: channels of the largest feature map; each smaller map has twice as many.
        activation: a Keras activation's name.
        normalization: "batch", "layer", "group" (of 8 channels' groups), "instance" or "none", between
            each layer and its activation.
        kernel_size: of the transposed convolutions, all of stride 2.
        upsample: "transpose", or "resize": pixels doubled, then a plain convolution whose kernel, if
            even, is one smaller, and 3 at least. That leaves no checkerboards (Odena et al. 2016,
            https://distill.pub/2016/deconv-checkerboard) and costs about twice as much.
        head: "conv" ends with a transposed convolution and tanh; "dense" lets every pixel see the
            whole image through one dense layer before the tanh (Gubbi, Mody and Ng, UCLA 2020).

    Raises:
        ValueError: an argument is not one of those named above.
    """

    def __init__(
        self,
        image_size=64,
        latent_dim=100,
        base_channels=32,
        activation="leaky_relu",
        normalization="batch",
        kernel_size=4,
        head="conv",
        upsample="transpose",
        **kwargs,
    ):
        super().__init__(**kwargs)
        _check("head", head, HEADS)
        _check("normalization", normalization, NORMALIZATIONS)
        _check("upsample", upsample, UPSAMPLINGS)
        self.image_size = image_size
        self.latent_dim = latent_dim
        self.base_channels = base_channels
        self.activation = activation
        self.normalization = normalization
        self.kernel_size = kernel_size
        self.head = head
        self.upsample = upsample

        base, n = doublings(image_size)
        channels = [base_channels * 2 ** (n - 1 - i) for i in range(n)]
        # A layer in front of a batch norm has no bias: the norm would subtract it again.
        use_bias = normalization == "none"
        self.project = layers.Dense(
            base * base * channels[0], use_bias=use_bias, kernel_initializer=_initializer()
        )
        self.reshape = layers.Reshape((base, base, channels[0]))
        self.norms = [_normalization(normalization, c) for c in channels]
        self.activations = [layers.Activation(activation) for _ in channels]
        self.upsamplings = [self._doubling(c, use_bias) for c in channels[1:]]
        self.to_image = self._doubling(1, use_bias=True)
        if head == "dense":
            self.flatten = layers.Flatten()
            self.mix_pixels = layers.Dense(image_size * image_size, use_bias=False)
            self.to_pixels = layers.Reshape((image_size, image_size, 1))
        # float32 whatever the precision policy: images leave the network here.
        self.tanh = layers.Activation("tanh", dtype="float32")

    def _doubling(self, channels, use_bias):
        common = dict(padding="same", use_bias=use_bias, kernel_initializer=_initializer())
        if self.upsample == "transpose":
            return layers.Conv2DTranspose(channels, self.kernel_size, strides=2, **common)
        odd = max(3, self.kernel_size - 1 + self.kernel_size % 2)
        return keras.Sequential([layers.UpSampling2D(2), layers.Conv2D(channels, odd, **common)])

    def call(self, latent, training=None):
        x = self.reshape(self.project(latent))
        x = self.activations[0](self.norms[0](x, training=training))
        for upsample, norm, activation in zip(self.upsamplings, self.norms[1:], self.activations[1:]):
            x = activation(norm(upsample(x), training=training))
        x = self.to_image(x)
        if self.head == "dense":
            x = self.to_pixels(self.mix_pixels(self.flatten(x)))
        return self.tanh(x)

    def get_config(self):
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "latent_dim": self.latent_dim,
            "base_channels": self.base_channels,
            "activation": self.activation,
            "normalization": self.normalization,
            "kernel_size": self.kernel_size,
            "head": self.head,
            "upsample": self.upsample,
        }


@keras.saving.register_keras_serializable("covid_gan.dcgan")
class Discriminator(Network):
    """Images [n, image_size, image_size, 1] in [-1, 1] → logits [n, 1], positive for real.

    Args:
        image_size: 4 to 7 doubled at least once.
        base_channels: channels of the first feature map; each smaller map has twice as many.
        activation: a Keras activation's name.
        normalization: "batch", "layer", "group", "instance" or "none", from the second convolution on;
            or "spectral", on the weights of all layers (Miyato et al. 2018,
            https://arxiv.org/abs/1802.05957).
        dropout: rate after each activation, in [0, 1).
        kernel_size: of the convolutions, all of stride 2.

    Raises:
        ValueError: an argument is not one of those named above.
    """

    def __init__(
        self,
        image_size=64,
        base_channels=32,
        activation="leaky_relu",
        normalization="batch",
        dropout=0.0,
        kernel_size=4,
        **kwargs,
    ):
        super().__init__(**kwargs)
        _check("normalization", normalization, DISCRIMINATOR_NORMALIZATIONS)
        if not 0 <= dropout < 1:
            raise ValueError(f"`dropout` must be at least 0 and below 1. Received: dropout={dropout!r}")
        self.image_size = image_size
        self.base_channels = base_channels
        self.activation = activation
        self.normalization = normalization
        self.dropout = dropout
        self.kernel_size = kernel_size

        _, n = doublings(image_size)
        names = ["none"] + [normalization] * (n - 1)
        channels = [base_channels * 2**i for i in range(n)]
        self.convolutions = [
            self._spectral(
                layers.Conv2D(
                    c,
                    kernel_size,
                    strides=2,
                    padding="same",
                    use_bias=name in ("none", "spectral"),
                    kernel_initializer=_initializer(),
                )
            )
            for c, name in zip(channels, names)
        ]
        self.norms = [_normalization(name, c) for name, c in zip(names, channels)]
        self.activations = [layers.Activation(activation) for _ in names]
        self.dropouts = [Dropout(dropout) for _ in names]
        self.flatten = layers.Flatten()
        self.to_logits = self._spectral(layers.Dense(1, kernel_initializer=_initializer(), dtype="float32"))

    def _spectral(self, layer):
        return SpectralNormalization(layer) if self.normalization == "spectral" else layer

    def call(self, images, training=None):
        x = images
        for convolution, norm, activation, dropout in zip(
            self.convolutions, self.norms, self.activations, self.dropouts
        ):
            x = activation(norm(self._follow(convolution, x, training), training=training))
            x = dropout(x, training=training)
        return self._follow(self.to_logits, self.flatten(x), training)

    def _follow(self, layer, x, training):
        """Calls a layer of weights; a spectrally normalised one renews its estimate when training."""
        return layer(x, training=training) if self.normalization == "spectral" else layer(x)

    def get_config(self):
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "base_channels": self.base_channels,
            "activation": self.activation,
            "normalization": self.normalization,
            "dropout": self.dropout,
            "kernel_size": self.kernel_size,
        }
