"""The same networks and batch, trained by loops as tutorials write them.

`fit`: a `keras.Model` with a `train_step`, as in keras.io's DCGAN to generate face images
(https://keras.io/examples/generative/dcgan_overriding_train_step): real and generated images in one
batch, noisy labels, binary cross-entropy. `train_on_batch`: two compiled models, one behind the other,
as the course projects of 2020 trained their DCGANs: `predict` draws the images, and three
`train_on_batch` calls make a step. Data augmentation, averages, guards and checkpoints: none.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from covid_gan import build, images
from experiments.bench import timing
from experiments.bench.cells import Cell

FIT, FIT_PLAIN, TRAIN_ON_BATCH = "keras.Model.fit", "keras.Model.fit, jit_compile=False", "train_on_batch"
_CROSS_ENTROPY = keras.losses.BinaryCrossentropy(from_logits=True)


def fit(cell: Cell, pictures: np.ndarray, jit_compile: bool | str = "auto") -> timing.Turns:
    """The loop of keras.io as an arm.

    Args:
        cell: whose networks, optimizers and batch size are taken.
        pictures: uint8 [n, S, S, 1], n at least a batch.
        jit_compile: of `compile`; "auto", Keras's default, means XLA.
    """
    training = build.resolve(cell.config).training
    gan = _KerasIoGan(*build.networks_from(cell.config.model))
    gan.compile(_adam(training), _adam(training), _CROSS_ENTROPY, jit_compile=jit_compile)
    data = tf.data.Dataset.from_tensor_slices(pictures).shuffle(1024).repeat()
    data = data.batch(training.batch_size).map(images.normalise)

    def loop(after_step):
        def on_train_batch_end(batch, logs):
            float(logs["d_loss"]), float(logs["g_loss"])  # where a device works ahead, it is waited for
            after_step()

        callback = keras.callbacks.LambdaCallback(on_train_batch_end=on_train_batch_end)
        gan.fit(data, steps_per_epoch=10**9, shuffle=False, verbose=0, callbacks=[callback])

    return timing.Turns(loop)


class _KerasIoGan(keras.Model):
    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        size = generator.image_size
        generator.build((None, generator.latent_dim))
        discriminator.build((None, size, size, 1))
        self.seed_generator = keras.random.SeedGenerator(0)
        self.d_loss_metric, self.g_loss_metric = keras.metrics.Mean("d_loss"), keras.metrics.Mean("g_loss")
        self.built = True

    def compile(self, d_optimizer, g_optimizer, loss_fn, **kwargs):
        super().compile(**kwargs)
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn

    @property
    def metrics(self):
        return [self.d_loss_metric, self.g_loss_metric]

    def train_step(self, real_images):
        batch_size = ops.shape(real_images)[0]
        random_latent_vectors = self._latents(batch_size)
        generated_images = self.generator(random_latent_vectors, training=True)
        combined_images = ops.concatenate([generated_images, real_images], axis=0)
        labels = ops.concatenate([ops.ones((batch_size, 1)), ops.zeros((batch_size, 1))], axis=0)
        labels += 0.05 * keras.random.uniform(ops.shape(labels), seed=self.seed_generator)
        with tf.GradientTape() as tape:
            predictions = self.discriminator(combined_images, training=True)
            d_loss = self.loss_fn(labels, predictions)
        self._apply(self.d_optimizer, tape, d_loss, self.discriminator)

        random_latent_vectors = self._latents(batch_size)
        misleading_labels = ops.zeros((batch_size, 1))
        with tf.GradientTape() as tape:
            generated = self.generator(random_latent_vectors, training=True)
            predictions = self.discriminator(generated, training=True)
            g_loss = self.loss_fn(misleading_labels, predictions)
        self._apply(self.g_optimizer, tape, g_loss, self.generator)
        self.d_loss_metric.update_state(d_loss)
        self.g_loss_metric.update_state(g_loss)
        return {"d_loss": self.d_loss_metric.result(), "g_loss": self.g_loss_metric.result()}

    def _latents(self, count):
        return keras.random.normal((count, self.generator.latent_dim), seed=self.seed_generator)

    def _apply(self, optimizer, tape, loss, network):
        gradients = tape.gradient(loss, network.trainable_weights)
        optimizer.apply_gradients(zip(gradients, network.trainable_weights))


class TrainOnBatch:
    """The loop of 2020: called, it makes one step.

    Args:
        cell: whose networks, optimizers and batch size are taken.
        pictures: uint8 [n, S, S, 1], n at least a batch.
    """

    def __init__(self, cell: Cell, pictures: np.ndarray):
        training = build.resolve(cell.config).training
        self.batch_size = training.batch_size
        self.pictures = images.normalise(pictures).numpy()
        self.generator, self.discriminator = build.networks_from(cell.config.model)
        self.latent_dim = self.generator.latent_dim
        self.generator.build((None, self.latent_dim))
        self.discriminator.build((None, *pictures.shape[1:]))
        self.discriminator.compile(loss=_CROSS_ENTROPY, optimizer=_adam(training))
        self.gan = keras.Sequential([keras.Input((self.latent_dim,)), self.generator, self.discriminator])
        self.gan.compile(loss=_CROSS_ENTROPY, optimizer=_adam(training))
        self.rng = np.random.default_rng(0)

    def __call__(self):
        n = self.batch_size
        real = self.pictures[self.rng.integers(0, len(self.pictures), n)]
        generated = self.generator.predict(self._noise(n), verbose=0)
        # Keras 3 looks at this when it compiles a call, Keras 2 did when the model was compiled.
        self.discriminator.trainable = True
        d_loss_real = self.discriminator.train_on_batch(real, np.ones((n, 1)))
        d_loss_fake = self.discriminator.train_on_batch(generated, np.zeros((n, 1)))
        self.discriminator.trainable = False
        g_loss = self.gan.train_on_batch(self._noise(n), np.ones((n, 1)))
        return d_loss_real, d_loss_fake, g_loss

    def _noise(self, count):
        return self.rng.normal(size=(count, self.latent_dim))


def _adam(training):
    return keras.optimizers.Adam(training.learning_rate, beta_1=training.beta_1, beta_2=training.beta_2)
