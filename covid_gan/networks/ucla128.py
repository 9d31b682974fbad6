"""The 128×128 DCGAN of Gubbi, Mody and Ng, "COVID-19-Affected Lung CT Image Generative Network" (UCLA 2020).

Its dense last layer, which lets each pixel see the whole image, holds 268 of the
generator's 288 million parameters.
"""

import keras
from keras import layers

from covid_gan.networks.dropout import Dropout
from covid_gan.networks.network import Network

IMAGE_SIZE = 128


def _check(image_size):
    if image_size != IMAGE_SIZE:
        raise ValueError(f"`image_size` must be {IMAGE_SIZE} for ucla128. Received: image_size={image_size}")


@keras.saving.register_keras_serializable("covid_gan.ucla128")
class Generator(Network):
    """Latent vectors [n, latent_dim] → images [n, 128, 128, 1] in [-1, 1]; 287,582,721 parameters.

    That published number is the one of layers with biases and a single batch norm,
    behind the first dense layer: 65,536 + 32,768 + 961 beside the kernels.

    Args:
        image_size: 128.
        latent_dim: length of a latent vector, drawn from a standard normal; 100 in the paper.

    Raises:
        ValueError: the image size is another one.
    """

    def __init__(self, image_size=IMAGE_SIZE, latent_dim=100, **kwargs):
        super().__init__(**kwargs)
        _check(image_size)
        self.image_size = image_size
        self.latent_dim = latent_dim

        self.project = layers.Dense(4 * 4 * 1024)
        self.project_norm = layers.BatchNormalization()
        self.reshape = layers.Reshape((4, 4, 1024))
        self.upsamplings = [
            layers.Conv2DTranspose(channels, 5, strides=2, padding="same") for channels in (512, 256, 128, 64)
        ]
        self.leaky_relu = layers.LeakyReLU(0.2)
        self.to_image = layers.Conv2DTranspose(1, 5, strides=2, padding="same")
        self.flatten = layers.Flatten()
        self.mix_pixels = layers.Dense(IMAGE_SIZE * IMAGE_SIZE)
        self.to_pixels = layers.Reshape((IMAGE_SIZE, IMAGE_SIZE, 1))
        self.tanh = layers.Activation("tanh", dtype="float32")

    def call(self, latent, training=None):
        x = self.leaky_relu(self.project_norm(self.project(latent), training=training))
        x = self.reshape(x)
        for upsample in self.upsamplings:
            x = self.leaky_relu(upsample(x))
        x = self.mix_pixels(self.flatten(self.to_image(x)))
        return self.tanh(self.to_pixels(x))

    def get_config(self):
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "latent_dim": self.latent_dim,
        }


@keras.saving.register_keras_serializable("covid_gan.ucla128")
class Discriminator(Network):
    """Images [n, 128, 128, 1] in [-1, 1] → logits [n, 1], positive for real; 18,462,849 parameters.

    Args:
        image_size: 128.
        dropout: rate after each convolution, in [0, 1); 0.3 in the paper.

    Raises:
        ValueError: the image size is another one.
    """

    def __init__(self, image_size=IMAGE_SIZE, dropout=0.3, **kwargs):
        super().__init__(**kwargs)
        _check(image_size)
        self.image_size = image_size
        self.dropout = dropout

        self.convolutions = [
            layers.Conv2D(channels, 5, strides=2, padding="same") for channels in (64, 128, 256, 512, 1024)
        ]
        self.dropouts = [Dropout(dropout) for _ in self.convolutions]
        self.leaky_relu = layers.LeakyReLU(0.2)
        self.flatten = layers.Flatten()
        self.hidden = [layers.Dense(units) for units in (64, 32, 16)]
        self.to_logits = layers.Dense(1, dtype="float32")

    def call(self, images, training=None):
        x = images
        for convolution, dropout in zip(self.convolutions, self.dropouts):
            x = dropout(self.leaky_relu(convolution(x)), training=training)
        x = self.flatten(x)
        for dense in self.hidden:
            x = self.leaky_relu(dense(x))
        return self.to_logits(x)

    def get_config(self):
        return {**super().get_config(), "image_size": self.image_size, "dropout": self.dropout}
