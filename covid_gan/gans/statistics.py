"""The statistics of batch normalisation that belong to averaged weights."""

import contextlib

import keras
import tensorflow as tf

from covid_gan import randomness
from covid_gan.gans import replicas
from covid_gan.randomness import Purpose

BATCHES, BATCH = 16, 32


class BatchStatistics:
    """Measures what the batch norms of a generator see, since an average of statistics is not that.

    Izmailov et al. 2018, section 3.2, https://arxiv.org/abs/1803.05407.

    Args:
        generator: built; latents [n, latent_dim] → images. Nothing is done where it has no batch norm.
        seed: of the latents that are run through it.
    """

    def __init__(self, generator: keras.Model, seed: int):
        self._generator, self._seed = generator, seed
        self._norms = norms = replicas.batch_norms(generator)
        self._moving = [variable for norm in norms for variable in (norm.moving_mean, norm.moving_variance)]
        self._of_batch = tf.function(self._of_batch)

    def fit(self) -> None:
        """Sets the moving means and variances to the mean of those of `BATCHES` batches."""
        if not self._norms:
            return
        sums = [tf.zeros_like(variable) for variable in self._moving]
        with self._keep_last_batch():
            for i in range(BATCHES):
                sums = self._of_batch(tf.constant(i, tf.int64), sums)
        for variable, total in zip(self._moving, sums):
            variable.assign(total / BATCHES)

    def _of_batch(self, i, sums):
        """The sums, and the statistics of batch `i` added to them."""
        latents = randomness.normal([BATCH, self._generator.latent_dim], self._seed, Purpose.STATISTICS, i)
        self._generator(latents, training=True)
        return [total + variable for total, variable in zip(sums, self._moving)]

    @contextlib.contextmanager
    def _keep_last_batch(self):
        """Meanwhile the moving statistics are those of the last batch alone."""
        before = [(norm.trainable, norm.momentum) for norm in self._norms]
        for norm in self._norms:
            # A batch norm that is not trainable uses its moving statistics even when training.
            norm.trainable, norm.momentum = True, 0.0
        try:
            yield
        finally:
            for norm, (trainable, momentum) in zip(self._norms, before):
                norm.trainable, norm.momentum = trainable, momentum
