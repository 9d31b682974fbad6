"""The 64×64 DCGAN of A. Polanco Lozano's talk "Applying GANs in the medical industry".

Its two networks stand on the slides as TensorFlow code; this is their topology,
with Keras' default initialisation, as there.
"""

import keras
from keras import layers

from covid_gan.networks.network import Network

IMAGE_SIZE = 64


def _check(image_size):
    if image_size != IMAGE_SIZE:
        raise ValueError(
            f"`image_size` must be {IMAGE_SIZE} for polanco64. Received: image_size={image_size}"
        )


@keras.saving.register_keras_serializable("covid_gan.polanco64")
class Generator(Network):
    """Latent vectors [n, latent_dim] → images [n, 64, 64, 1] in [-1, 1]; 3,707,648 parameters.

    Args:
        image_size: 64.
        latent_dim: length of a latent vector, drawn from a standard normal; 100 on the slides.

    Raises:
        ValueError: the image size is another one.
    """

    def __init__(self, image_size=IMAGE_SIZE, latent_dim=100, **kwargs):
        super().__init__(**kwargs)
        _check(image_size)
        self.image_size = image_size
        self.latent_dim = latent_dim

        self.project = layers.Dense(8 * 8 * 64, use_bias=False)
        self.project_norm = layers.BatchNormalization()
        self.reshape = layers.Reshape((8, 8, 64))
        self.upsamplings = [
            layers.Conv2DTranspose(channels, 4, strides=strides, padding="same", use_bias=False)
            for channels, strides in ((512, 1), (256, 2), (128, 2), (64, 2))
        ]
        self.norms = [layers.BatchNormalization() for _ in self.upsamplings]
        self.relu = layers.ReLU()
        self.to_image = layers.Conv2DTranspose(1, 4, strides=1, padding="same", use_bias=False)
        self.tanh = layers.Activation("tanh", dtype="float32")

    def call(self, latent, training=None):
        x = self.relu(self.project_norm(self.project(latent), training=training))
        x = self.reshape(x)
        for upsample, norm in zip(self.upsamplings, self.norms):
            x = self.relu(norm(upsample(x), training=training))
        return self.tanh(self.to_image(x))

    def get_config(self):
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "latent_dim": self.latent_dim,
        }


@keras.saving.register_keras_serializable("covid_gan.polanco64")
class Discriminator(Network):
    """Images [n, 64, 64, 1] in [-1, 1] → logits [n, 1], positive for real; 2,766,275 parameters.

    The slides' class makes a dropout layer that its `call` never uses; it is left out here.

    Args:
        image_size: 64.

    Raises:
        ValueError: the image size is another one.
    """

    def __init__(self, image_size=IMAGE_SIZE, **kwargs):
        super().__init__(**kwargs)
        _check(image_size)
        self.image_size = image_size

        self.convolutions = [
            layers.Conv2D(channels, 4, strides=2, padding="same") for channels in (64, 128, 256, 512)
        ]
        self.norms = [layers.Identity()] + [layers.BatchNormalization() for _ in range(3)]
        self.leaky_relu = layers.LeakyReLU(0.2)
        self.to_one = layers.Conv2D(1, 4, strides=1, padding="valid")
        self.flatten = layers.Flatten()
        self.to_logits = layers.Dense(1, dtype="float32")

    def call(self, images, training=None):
        x = images
        for convolution, norm in zip(self.convolutions, self.norms):
            x = self.leaky_relu(norm(convolution(x), training=training))
        return self.to_logits(self.flatten(self.to_one(x)))

    def get_config(self):
        return {**super().get_config(), "image_size": self.image_size}
