"""What all GANs share: two networks, an average of one of them, latents and trackers."""

import keras
import tensorflow as tf

from covid_gan import augment, randomness
from covid_gan.gans.statistics import BatchStatistics
from covid_gan.randomness import Purpose

D_LOSS = "d_loss"
G_LOSS = "g_loss"
REAL_ACCURACY = "d_accuracy_real"
FAKE_ACCURACY = "d_accuracy_fake"
CRITIC_GAP = "critic_gap"
GRADIENT_NORM = "gradient_norm"
PENALTY = "penalty"
AUGMENTED = "augmented"

# More than a step ever draws latents for one purpose.
_DRAWS_PER_STEP = 64
# The same for the changes of images: each draw takes numbers for up to 16 changes.
_CHANGES_PER_STEP = 3 * _DRAWS_PER_STEP * 16

# Draws after this many restarts never meet those of the run before: more than all draws of 10^9 steps.
_DRAWS_PER_RESTART = 2**48

# The average's half-life is at most this part of the images seen so far, or it would be made of the
# random start: ema_rampup of Karras et al. 2020, https://arxiv.org/abs/2006.06676.
EMA_RAMP_UP = 0.05

# Images after which an adaptive share of changed images could have gone from 0 to 1.
ADA_IMAGES = 50_000


class Gan(keras.Model):
    """A generator, a discriminator and their training; a subclass is one algorithm.

    A subclass writes `train_step(images)`, images float32 [n, H, W, 1] in [-1, 1], and
    begins it with `begin_step()` and ends it with `end_step()`. `fit` works, and any
    loop may call `train_step` itself. A step takes `discriminator_steps` batches at
    once, one after the other in `images`.

    All randomness of a step is a function of (seed, restarts, step): a run that is
    continued from a checkpoint draws what it would have drawn.

    Args:
        generator: latents [n, latent_dim] → images in [-1, 1]; has `latent_dim`, `image_size`.
        discriminator: images → logits [n, 1].
        seed: of latents and dropout.
        ema_half_life: of the moving average of the generator's weights, in images, of which each
            generator update takes a batch.
        ema_decay: instead of that, what a step leaves of the average, in [0, 1); 0: no average.
        discriminator_steps: discriminator updates in a step, each on images of its own.
        augment: changes of what the discriminator sees, names of `augment.AUGMENTATIONS`.
        ada_target: None: all images are changed; else a share that starts at 0 and grows while the
            discriminator's sign on real images is above this mean: see `adapt`.
    """

    def __init__(
        self,
        generator,
        discriminator,
        seed=0,
        ema_half_life=10_000.0,
        ema_decay=None,
        discriminator_steps=1,
        augment=(),
        ada_target=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.augmentations = tuple(augment)
        self.ada_target = ada_target
        start = 1.0 if ada_target is None else 0.0
        self.augmented = tf.Variable(start, dtype=tf.float32, trainable=False, name="augmented")
        self.discriminator_steps = discriminator_steps
        self.generator = generator
        self.discriminator = discriminator
        self.seed = seed
        self.ema_half_life, self.ema_decay = ema_half_life, ema_decay
        self.ema_generator = generator.__class__.from_config(generator.get_config())
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")
        self.restarts = tf.Variable(0, dtype=tf.int64, trainable=False, name="restarts")
        self.trackers = {name: keras.metrics.Mean(name) for name in self.tracked()}
        self._build()

    def tracked(self) -> tuple[str, ...]:
        """Names of what `track` is given in a step."""
        return (D_LOSS, G_LOSS, REAL_ACCURACY, FAKE_ACCURACY)

    def _build(self):
        latents = (None, self.generator.latent_dim)
        size = self.generator.image_size
        self.generator.build(latents)
        self.discriminator.build((None, size, size, 1))
        self.ema_generator.build(latents)
        self.ema_generator.set_weights(self.generator.get_weights())
        self.ema_generator.trainable = False
        self._statistics = BatchStatistics(self.ema_generator, self.seed)
        self._dropout_states = [
            variable
            for variable in self.discriminator.variables
            if variable.path.endswith("seed_generator_state")
        ]
        self.built = True

    @staticmethod
    def optimizer(learning_rate, beta_1, beta_2) -> keras.optimizers.Optimizer:
        """What the algorithm's paper trains a network with."""
        return keras.optimizers.Adam(learning_rate, beta_1=beta_1, beta_2=beta_2)

    def compile(self, generator_optimizer, discriminator_optimizer, **kwargs):
        """Sets the two optimizers and makes their slots; compiled plainly, as XLA loses on a CPU."""
        super().compile(**{"jit_compile": False, **kwargs})
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        generator_optimizer.build(self.generator.trainable_variables)
        discriminator_optimizer.build(self.discriminator.trainable_variables)

    def call(self, latents, training=None):
        """Images of the averaged generator, float32 [n, H, W, 1] in [-1, 1]; best after `fit_average`."""
        return self.ema_generator(latents, training=False)

    def begin_step(self):
        """Ties dropout to this step, so that its masks do not depend on the steps before."""
        for i, state in enumerate(self._dropout_states):
            part = self._part(len(self._dropout_states), i)
            state.assign(randomness.bits([2], self.seed, Purpose.DROPOUT, part))

    def latents(self, purpose: Purpose, count, draw=0):
        """Latents for this step: float32 [count, latent_dim]; `draw` numbers repeated draws."""
        part = self._part(_DRAWS_PER_STEP, draw)
        return randomness.normal([count, self.generator.latent_dim], self.seed, purpose, part)

    def uniform(self, purpose: Purpose, shape, draw=0):
        """Float32 numbers of `shape` for this step, uniform in [0, 1)."""
        return randomness.uniform(shape, self.seed, purpose, self._part(_DRAWS_PER_STEP, draw))

    def _part(self, draws_per_step, draw):
        """The number of a draw among all draws of its purpose."""
        return self.restarts * _DRAWS_PER_RESTART + self.step * draws_per_step + draw

    def seen(self, images, draw=0):
        """The images as the discriminator is to see them, changed anew for each number `draw`."""
        calls = iter(range(16))

        def numbers(k):
            part = self._part(_CHANGES_PER_STEP, draw * 16 + next(calls))
            return randomness.uniform([tf.shape(images)[0], k], self.seed, Purpose.AUGMENT, part)

        return augment.augment(images, self.augmentations, numbers, self.augmented)

    def adapt(self, real_logits, threshold):
        """Changes more images while the discriminator is surer of real ones than `ada_target`, else fewer.

        Args:
            real_logits: [n, 1].
            threshold: a logit above it says real.

        Reference:
            Karras et al. 2020, section 3, r_t, https://arxiv.org/abs/2006.06676
        """
        if self.ada_target is not None:
            signs = tf.reduce_mean(tf.sign(tf.cast(real_logits, tf.float32) - threshold))
            stride = tf.cast(tf.shape(real_logits)[0], tf.float32) / ADA_IMAGES
            share = self.augmented + stride * tf.sign(signs - self.ada_target)
            self.augmented.assign(tf.clip_by_value(share, 0.0, 1.0))

    def update(self, network, optimizer, loss, tape):
        """One step of `optimizer` down the gradient of `loss`."""
        variables = network.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)

    def track(self, values: dict):
        """Adds this step's scalars, by the names of `tracked`, to their trackers."""
        for name, value in values.items():
            self.trackers[name].update_state(value)

    def end_step(self, images):
        """Moves the averaged generator and the step counter on; returns the trackers' means.

        Args:
            images: how many the generator's updates of this step took, an int or integer scalar tensor.
        """
        decay = self._decay(tf.cast(images, tf.float32))
        for average, weight in zip(self.ema_generator.weights, self.generator.weights):
            average.assign_add((1.0 - decay) * (weight - average))
        self.step.assign_add(1)
        return {name: tracker.result() for name, tracker in self.trackers.items()}

    def _decay(self, images):
        """What is left of the average after a step; less at first, so that it follows fast."""
        step = tf.cast(self.step, tf.float32)
        if self.ema_decay is not None:
            return tf.minimum(self.ema_decay, (1.0 + step) / (10.0 + step))
        half_life = tf.minimum(self.ema_half_life, EMA_RAMP_UP * step * images)
        return 0.5 ** (images / half_life)

    def fit_average(self):
        """Gives the averaged generator the batch statistics of its own weights, before it is looked at.

        They are a function of its weights and the seed. Without an average they are the generator's own.
        """
        if self.ema_decay != 0.0:
            self._statistics.fit()
