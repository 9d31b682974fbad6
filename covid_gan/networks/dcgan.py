"""The deep convolutional GAN of Radford et al. 2015 (https://arxiv.org/abs/1511.06434), for any size.

The generator doubles a small map of features until it is an image, the
discriminator halves an image until it is a small map. Their activation,
normalisation and kernel size are arguments; a recipe with another topology is a
file of its own.
"""

import keras
from keras import layers

from covid_gan.networks.choices import HEADS, NORMALIZATIONS
from covid_gan.networks.network import Network
from covid_gan.networks.sizes import doublings


def _initializer() -> keras.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)


def _normalization(name: str) -> layers.Layer:
    if name == "batch":
        return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
    if name == "layer":
        # One group: mean and variance over height, width and channels, a scale for each channel.
        return layers.GroupNormalization(groups=1)
    if name == "none":
        return layers.Identity()
    raise ValueError(f"`normalization` must be one of {NORMALIZATIONS}. Received: normalization={name!r}")


@keras.saving.register_keras_serializable("covid_gan.dcgan")
class Generator(Network):
    """Latent vectors [n, latent_dim] → images [n, image_size, image_size, 1] in [-1, 1].

    Args:
        image_size: 4 to 7 doubled at least once.
        latent_dim: length of a latent vector, drawn from a standard normal.
        base_channels: channels of the largest feature map; each smaller map has twice as many.
        activation: a Keras activation's name.
        normalization: "batch", "layer" or "none", between each layer and its activation.
        kernel_size: of the transposed convolutions, all of stride 2.
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
        **kwargs,
    ):
        super().__init__(**kwargs)
        if head not in HEADS:
            raise ValueError(f"`head` must be one of {HEADS}. Received: head={head!r}")
        self.image_size = image_size
        self.latent_dim = latent_dim
        self.base_channels = base_channels
        self.activation = activation
        self.normalization = normalization
        self.kernel_size = kernel_size
        self.head = head

        base, n = doublings(image_size)
        channels = [base_channels * 2 ** (n - 1 - i) for i in range(n)]
        # A layer in front of a batch norm has no bias: the norm would subtract it again.
        use_bias = normalization == "none"
        self.project = layers.Dense(
            base * base * channels[0], use_bias=use_bias, kernel_initializer=_initializer()
        )
        self.reshape = layers.Reshape((base, base, channels[0]))
        self.norms = [_normalization(normalization) for _ in channels]
        self.activations = [layers.Activation(activation) for _ in channels]
        self.upsamplings = [self._transposed(c, use_bias) for c in channels[1:]]
        self.to_image = self._transposed(1, use_bias=True)
        if head == "dense":
            self.flatten = layers.Flatten()
            self.mix_pixels = layers.Dense(image_size * image_size, use_bias=False)
            self.to_pixels = layers.Reshape((image_size, image_size, 1))
        # float32 whatever the precision policy: images leave the network here.
        self.tanh = layers.Activation("tanh", dtype="float32")

    def _transposed(self, channels, use_bias):
        return layers.Conv2DTranspose(
            channels,
            self.kernel_size,
            strides=2,
            padding="same",
            use_bias=use_bias,
            kernel_initializer=_initializer(),
        )

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
        }


@keras.saving.register_keras_serializable("covid_gan.dcgan")
class Discriminator(Network):
    """Images [n, image_size, image_size, 1] in [-1, 1] → logits [n, 1], positive for real.

    Args:
        image_size: 4 to 7 doubled at least once.
        base_channels: channels of the first feature map; each smaller map has twice as many.
        activation: a Keras activation's name.
        normalization: "batch", "layer" or "none", from the second convolution on.
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
        if normalization not in NORMALIZATIONS:
            raise ValueError(
                f"`normalization` must be one of {NORMALIZATIONS}. Received: normalization={normalization!r}"
            )
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
        self.convolutions = [
            layers.Conv2D(
                base_channels * 2**i,
                kernel_size,
                strides=2,
                padding="same",
                use_bias=name == "none",
                kernel_initializer=_initializer(),
            )
            for i, name in enumerate(names)
        ]
        self.norms = [_normalization(name) for name in names]
        self.activations = [layers.Activation(activation) for _ in names]
        self.dropouts = [layers.Dropout(dropout) for _ in names]
        self.flatten = layers.Flatten()
        self.to_logits = layers.Dense(1, kernel_initializer=_initializer(), dtype="float32")

    def call(self, images, training=None):
        x = images
        for convolution, norm, activation, dropout in zip(
            self.convolutions, self.norms, self.activations, self.dropouts
        ):
            x = activation(norm(convolution(x), training=training))
            x = dropout(x, training=training)
        return self.to_logits(self.flatten(x))

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
