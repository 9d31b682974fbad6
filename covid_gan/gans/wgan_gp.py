"""The Wasserstein GAN with gradient penalty.

Gulrajani et al. 2017 (https://arxiv.org/abs/1704.00028). The names are those of its
Algorithm 1; the discriminator is called critic there, as its output is no probability.
"""

import tensorflow as tf
from keras import ops

from covid_gan import penalties
from covid_gan.gans import base
from covid_gan.losses.game import wasserstein_discriminator_loss, wasserstein_generator_loss
from covid_gan.penalties.gradients import gradient_penalty
from covid_gan.randomness import Purpose


class WganGp(base.Gan):
    """`discriminator_steps` (n_critic) critic updates, each on fresh images, then one of the generator.

    Args:
        penalty_weight: λ of the paper.
        **kwargs: see `Gan`.
    """

    def __init__(self, *args, penalty_weight=penalties.WEIGHTS["gradient_penalty"], **kwargs):
        super().__init__(*args, **kwargs)
        self.penalty_weight = penalty_weight

    def tracked(self):
        return (base.D_LOSS, base.G_LOSS, base.CRITIC_GAP, base.PENALTY, base.GRADIENT_NORM)

    def train_step(self, images):
        """One turn of the outer loop of Algorithm 1.

        Args:
            images: float32 [n_critic · m, H, W, 1] in [-1, 1].

        Returns:
            The means since the last reset of what is `tracked`, by name.
        """
        self.begin_step()
        critic = self.discriminator
        for t, x in enumerate(tf.split(images, self.discriminator_steps)):
            m = tf.shape(x)[0]
            z = self.latents(Purpose.DISCRIMINATOR_LATENTS, m, draw=t)
            epsilon = self.uniform(Purpose.MIX, [m, 1, 1, 1], draw=t)
            x, x_tilde = self.seen(x, draw=3 * t), self.seen(self.generator(z, training=True), draw=3 * t + 1)

            def critic_loss(x=x, x_tilde=x_tilde, epsilon=epsilon):
                real_logits, fake_logits = critic(x, training=True), critic(x_tilde, training=True)
                d_loss = wasserstein_discriminator_loss(real_logits, fake_logits)
                penalty, norm = gradient_penalty(
                    lambda x_hat: critic(x_hat, training=True), x, x_tilde, epsilon
                )
                gap = ops.mean(real_logits) - ops.mean(fake_logits)
                values = {
                    base.D_LOSS: d_loss,
                    base.CRITIC_GAP: gap,
                    base.PENALTY: penalty,
                    base.GRADIENT_NORM: norm,
                }
                return d_loss + self.penalty_weight * penalty, values

            values = self.descend(critic, self.discriminator_optimizer, critic_loss)

        z = self.latents(Purpose.GENERATOR_LATENTS, m)

        def generator_loss():
            x_tilde = self.seen(self.generator(z, training=True), draw=2)
            g_loss = wasserstein_generator_loss(critic(x_tilde, training=True))
            return g_loss, {base.G_LOSS: g_loss}

        values |= self.descend(self.generator, self.generator_optimizer, generator_loss)
        self.track(values)
        return self.end_step(m)
