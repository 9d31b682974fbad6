"""The original game with the non-saturating loss, as the TensorFlow DCGANs play it.

Goodfellow et al. 2014 (https://arxiv.org/abs/1406.2661), Algorithm 1 with one
discriminator step; Radford et al. 2015 (https://arxiv.org/abs/1511.06434).
"""

import tensorflow as tf
from keras import ops

from covid_gan import losses
from covid_gan.gans import base
from covid_gan.randomness import Purpose


class Dcgan(base.Gan):
    """One discriminator update, then `generator_steps` generator updates on fresh latents.

    Args:
        generator_steps: generator updates after each discriminator update; 2 in a variant of UCLA 2020.
        **kwargs: see `Gan`.
    """

    def __init__(self, *args, generator_steps=1, **kwargs):
        super().__init__(*args, **kwargs)
        self.generator_steps = generator_steps

    def train_step(self, images):
        self.begin_step()
        count = tf.shape(images)[0]

        fakes = self.generator(self.latents(Purpose.DISCRIMINATOR_LATENTS, count), training=True)
        with tf.GradientTape() as tape:
            real_logits = self.discriminator(images, training=True)
            fake_logits = self.discriminator(fakes, training=True)
            d_loss = losses.non_saturating_discriminator_loss(real_logits, fake_logits)
        self.update(self.discriminator, self.discriminator_optimizer, d_loss, tape)

        for i in range(self.generator_steps):
            latents = self.latents(Purpose.GENERATOR_LATENTS, count, draw=i)
            with tf.GradientTape() as tape:
                logits = self.discriminator(self.generator(latents, training=True), training=True)
                g_loss = losses.non_saturating_generator_loss(logits)
            self.update(self.generator, self.generator_optimizer, g_loss, tape)

        self.track(
            {
                base.D_LOSS: d_loss,
                base.G_LOSS: g_loss,
                base.REAL_ACCURACY: ops.mean(ops.cast(real_logits > 0, "float32")),
                base.FAKE_ACCURACY: ops.mean(ops.cast(fake_logits <= 0, "float32")),
            }
        )
        return self.end_step()
