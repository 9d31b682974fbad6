"""What all GANs share: two networks, an average of one of them, latents and trackers."""

import itertools
import threading

import keras
import tensorflow as tf

from covid_gan import augment, randomness
from covid_gan.compute import precision
from covid_gan.gans import replicas
from covid_gan.gans.statistics import BatchStatistics
from covid_gan.gans.trackers import RunningMean
from covid_gan.networks.dropout import Dropout
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
# The same for dropout masks: each look at a batch takes one for each layer.
_MASKS_PER_STEP = 16 * _DRAWS_PER_STEP
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
    once, one after the other in `images`. Where several replicas share a step, each is
    given its part of those batches, and all of them end with the same weights.

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
        # An average moves by less than bfloat16 can tell, and is looked at in full precision.
        with precision.policy("float32"):
            config = generator.get_config() | {"dtype": "float32"}
            self.ema_generator = generator.__class__.from_config(config)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")
        self.restarts = tf.Variable(0, dtype=tf.int64, trainable=False, name="restarts")
        # Replicas are traced in threads of their own, and number their masks alike.
        self._replica = threading.local()
        self._replica.masks = itertools.count()
        # For XLA on several replicas, which cannot compile what they do together.
        self.compile_gradients = False
        self.trackers = {name: RunningMean(name) for name in self.tracked()}
        self._build()

    @property
    def metrics(self) -> list[RunningMean]:
        """What `fit` and `reset_metrics` reset."""
        return list(self.trackers.values())

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
        for layer in self.discriminator._flatten_layers():
            if isinstance(layer, Dropout):
                layer.draw = self._dropout_numbers
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
        """Numbers the dropout masks of a step anew, so that they do not depend on the steps before."""
        self._replica.masks = itertools.count()

    def _dropout_numbers(self, shape):
        """Numbers for one mask after the other, whose first dimension is that of a batch."""
        part = self._part(_MASKS_PER_STEP, next(self._replica.masks))
        return replicas.own(lambda whole: randomness.uniform(whole, self.seed, Purpose.DROPOUT, part), shape)

    def latents(self, purpose: Purpose, count, draw=0):
        """Latents for this step: float32 [count, latent_dim]; `draw` numbers repeated draws."""
        part = self._part(_DRAWS_PER_STEP, draw)
        shape = [count, self.generator.latent_dim]
        return replicas.own(lambda whole: randomness.normal(whole, self.seed, purpose, part), shape)

    def uniform(self, purpose: Purpose, shape, draw=0):
        """Float32 numbers of `shape` for this step, uniform in [0, 1)."""
        part = self._part(_DRAWS_PER_STEP, draw)
        return replicas.own(lambda whole: randomness.uniform(whole, self.seed, purpose, part), shape)

    def _part(self, draws_per_step, draw):
        """The number of a draw among all draws of its purpose."""
        return self.restarts * _DRAWS_PER_RESTART + self.step * draws_per_step + draw

    def seen(self, images, draw=0):
        """The images as the discriminator is to see them, changed anew for each number `draw`."""
        calls = iter(range(16))

        def numbers(k):
            part = self._part(_CHANGES_PER_STEP, draw * 16 + next(calls))
            shape = [tf.shape(images)[0], k]
            return replicas.own(
                lambda whole: randomness.uniform(whole, self.seed, Purpose.AUGMENT, part), shape
            )

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
            signs = replicas.mean(tf.reduce_mean(tf.sign(tf.cast(real_logits, tf.float32) - threshold)))
            stride = tf.cast(replicas.count() * tf.shape(real_logits)[0], tf.float32) / ADA_IMAGES
            share = self.augmented + stride * tf.sign(signs - self.ada_target)
            self.augmented.assign(tf.clip_by_value(share, 0.0, 1.0))

    def descend(self, network, optimizer, loss):
        """One step of `optimizer` down the gradient of `loss` in the weights of `network`.

        Replicas add up their gradients; each divides its own by their number, and the step is that of
        the whole batch.

        Args:
            network: the generator or the discriminator.
            optimizer: its own.
            loss: () → the float32 scalar to lower, a mean over this replica's images, and more values.

        Returns:
            Those values.
        """
        variables = network.trainable_variables

        def gradients():
            with tf.GradientTape() as tape:
                scalar, values = loss()
                scalar = optimizer.scale_loss(scalar / replicas.count())
            return tape.gradient(scalar, variables), values

        if self.compile_gradients:
            gradients = tf.function(gradients, jit_compile=True)
        found, values = gradients()
        optimizer.apply(found, variables)
        return values

    def track(self, values: dict):
        """Adds this step's scalars, by the names of `tracked`, to their trackers."""
        for name, value in replicas.mean(values).items():
            self.trackers[name].update_state(value)

    def end_step(self, images):
        """Moves the averaged generator and the step counter on; returns the trackers' means.

        Args:
            images: how many this replica's updates of the generator took, an int or integer scalar tensor.
        """
        decay = self._decay(tf.cast(replicas.count() * images, tf.float32))
        for average, weight in zip(self.ema_generator.weights, self.generator.weights):
            if self.ema_decay == 0.0:
                average.assign(weight)  # to the last bit
            else:
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
