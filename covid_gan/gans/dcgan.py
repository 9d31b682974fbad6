"""The adversarial game of two losses, as the TensorFlow DCGANs play it, with any loss and penalty.

Goodfellow et al. 2014 (https://arxiv.org/abs/1406.2661), Algorithm 1; Radford et al.
2015 (https://arxiv.org/abs/1511.06434). Plainly: the non-saturating loss, no penalty.
"""

import tensorflow as tf
from keras import ops

from covid_gan import losses, penalties
from covid_gan.gans import base
from covid_gan.randomness import Purpose


class Dcgan(base.Gan):
    """`discriminator_steps` discriminator updates, then `generator_steps` generator updates.

    Args:
        loss: one of `losses.LOSSES`.
        penalty: one of `penalties.PENALTIES`. With "consensus" both players move at once.
        penalty_weight: what the penalty is multiplied by, or the limit of "clip"; None: the paper's.
        generator_steps: generator updates after those of the discriminator, on fresh latents; 2 in
            a variant of UCLA 2020.
        **kwargs: see `Gan`.
    """

    def __init__(
        self,
        *args,
        loss="non_saturating",
        penalty="none",
        penalty_weight=None,
        generator_steps=1,
        **kwargs,
    ):
        self.loss_pair, self.penalty = losses.get(loss), penalties.get(penalty)
        super().__init__(*args, **kwargs)
        self.penalty_weight = self.penalty.weight if penalty_weight is None else penalty_weight
        self.generator_steps = generator_steps

    def tracked(self):
        says = () if self.loss_pair.threshold is None else (base.REAL_ACCURACY, base.FAKE_ACCURACY)
        penalty = (base.PENALTY,) if self.penalty.term else ()
        adaptive = (base.AUGMENTED,) if self.ada_target is not None else ()
        return (base.D_LOSS, base.G_LOSS, *(says or (base.CRITIC_GAP,)), *penalty, *adaptive)

    def train_step(self, images):
        """Updates the discriminator, then the generator; with "consensus" both at once.

        Args:
            images: float32 [discriminator_steps · n, H, W, 1] in [-1, 1].

        Returns:
            The means since the last reset of what is `tracked`, by name.
        """
        self.begin_step()
        batches = tf.split(images, self.discriminator_steps)
        if self.penalty.gradients:
            values = self._move_at_once(batches[0])
        else:
            for i, reals in enumerate(batches):
                values = self._discriminator_step(reals, i)
            for i in range(self.generator_steps):
                values[base.G_LOSS] = self._generator_step(batches[-1], i)
        if self.ada_target is not None:
            values[base.AUGMENTED] = self.augmented
        self.track(values)
        return self.end_step(tf.shape(batches[-1])[0] * self.generator_steps)

    def _discriminator_step(self, reals, i):
        fakes = self.generator(
            self.latents(Purpose.DISCRIMINATOR_LATENTS, tf.shape(reals)[0], draw=i), training=True
        )
        reals, fakes = self.seen(reals, draw=3 * i), self.seen(fakes, draw=3 * i + 1)

        def loss():
            real_logits = self.discriminator(reals, training=True)
            fake_logits = self.discriminator(fakes, training=True)
            d_loss = self.loss_pair.discriminator(real_logits, fake_logits)
            term = self._penalty_term(reals, fakes, i)
            total = d_loss if term is None else d_loss + self.penalty_weight * term
            return total, (d_loss, term, real_logits, fake_logits)

        d_loss, term, real_logits, fake_logits = self.descend(
            self.discriminator, self.discriminator_optimizer, loss
        )
        if self.penalty.clip:
            self.penalty.clip(self.discriminator.trainable_variables, self.penalty_weight)
        self.adapt(real_logits, self.loss_pair.threshold)
        penalty = {} if term is None else {base.PENALTY: term}
        return {base.D_LOSS: d_loss, **self._judged(real_logits, fake_logits), **penalty}

    def _generator_step(self, reals, i):
        latents = self.latents(Purpose.GENERATOR_LATENTS, tf.shape(reals)[0], draw=i)

        def loss():
            fakes = self.seen(self.generator(latents, training=True), draw=3 * i + 2)
            fake_logits = self.discriminator(fakes, training=True)
            # A pairing compares with real ones, whose logits are a constant here.
            seen = self.seen(reals, draw=3 * i) if self.loss_pair.uses_real else None
            real_logits = None if seen is None else self.discriminator(seen, training=True)
            g_loss = self.loss_pair.generator(real_logits, fake_logits)
            return g_loss, g_loss

        return self.descend(self.generator, self.generator_optimizer, loss)

    def _penalty_term(self, reals, fakes, i):
        if not self.penalty.term:
            return None
        n = tf.shape(reals)[0]
        mix = self.uniform(Purpose.MIX, [n, 1, 1, 1], draw=i)
        noise = self.uniform(Purpose.NOISE, [n, *reals.shape[1:]], draw=i)
        return self.penalty.term(lambda x: self.discriminator(x, training=True), reals, fakes, mix, noise)

    def _move_at_once(self, reals):
        """One step of both players from the same point, down the gradients that the penalty gives."""
        latents = self.latents(Purpose.DISCRIMINATOR_LATENTS, tf.shape(reals)[0])

        def play():
            fakes = self.seen(self.generator(latents, training=True), draw=1)
            logits = (
                self.discriminator(self.seen(reals), training=True),
                self.discriminator(fakes, training=True),
            )
            return self.loss_pair.discriminator(*logits), self.loss_pair.generator(*logits), logits

        players = self.discriminator, self.generator
        variables = [player.trainable_variables for player in players]
        *gradients, (d_loss, g_loss, logits) = self.penalty.gradients(play, *variables, self.penalty_weight)
        for optimizer, own, moved in zip(
            (self.discriminator_optimizer, self.generator_optimizer), gradients, variables
        ):
            optimizer.apply(own, moved)
        return {base.D_LOSS: d_loss, base.G_LOSS: g_loss, **self._judged(*logits)}

    def _judged(self, real_logits, fake_logits):
        """How often the discriminator is right or, where a logit alone says nothing, by how much."""
        threshold = self.loss_pair.threshold
        if threshold is None:
            return {base.CRITIC_GAP: ops.mean(real_logits) - ops.mean(fake_logits)}
        return {
            base.REAL_ACCURACY: ops.mean(ops.cast(real_logits > threshold, "float32")),
            base.FAKE_ACCURACY: ops.mean(ops.cast(fake_logits <= threshold, "float32")),
        }
