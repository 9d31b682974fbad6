"""How the encoder learns to see without labels: which views show one image, and how an image was altered.

Two views of each scan, and of an altered copy of each, go through the network. Its features are to tell

- which two views are of one image (NT-Xent). Altered copies count as other images, so that alterations
  are seen rather than ignored, as they would be if they were among the views;
- how each was altered, if at all, and how strongly, by a linear map.

References:
    Chen et al. 2020 (NT-Xent), https://arxiv.org/abs/2002.05709
    Tack et al. 2020 (altered copies as other images), https://arxiv.org/abs/2007.08176
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from covid_gan.features import alterations, network
from covid_gan.images import normalise
from covid_gan.progress import Progress

# All that a trained encoder depends on, beside the images, the seed and the code.
STEPS = 1200
BATCH_SIZE = 32
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 1e-4
TEMPERATURE = 0.2
# The error of the strength beside that of the kind.
STRENGTH_WEIGHT = 10.0
# Views of each scan to which the whitening is fitted, and of how many scans at most.
WHITENING_VIEWS = 6
WHITENING_SCANS = 2000
# Widths of the layers between the features and what is compared, which is not kept.
_PROJECTION = (128, 64)


class _Teacher:
    """The network in training, its two tasks, and the step.

    Args:
        encoder: to be trained.
        steps: how many there will be.
        seed: of the weights of the tasks.
        generator: of the views and the alterations.
    """

    def __init__(self, encoder, steps, seed, generator):
        self.encoder, self._generator = encoder, generator
        seeds = iter(range(1000 * seed + 500, 1000 * seed + 600))

        def dense(width):
            return layers.Dense(width, kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)))

        hidden, width = _PROJECTION
        self._kinds = len(alterations.KINDS)
        self._project = keras.Sequential(
            [layers.LayerNormalization(), dense(hidden), layers.Activation("silu"), dense(width)]
        )
        self._tell = dense(2 * self._kinds + 1)
        for task in (self._project, self._tell):
            task.build((None, network.DIM))
        parts = (encoder, self._project, self._tell)
        self._weights = [w for part in parts for w in part.trainable_variables]
        rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
        self._optimizer = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY)
        self._optimizer.build(self._weights)

    @tf.function
    def step(self, scans):
        """One update by scans float32 [n, S, S, 1]; returns the losses of the two tasks."""
        altered, strengths = alterations.alter(scans, self._generator)
        images = tf.concat([scans, altered], 0)
        strengths = tf.concat([tf.zeros_like(strengths), strengths], 0)
        views = [alterations.view(images, self._generator) for _ in range(2)]
        with tf.GradientTape() as tape:
            features = self.encoder(tf.concat(views, 0), training=True)
            same = nt_xent(self._project(features))
            told = self._telling_loss(self._tell(features), tf.tile(strengths, [2, 1]))
            loss = same + told
        self._optimizer.apply(tape.gradient(loss, self._weights), self._weights)
        return same, told

    def _telling_loss(self, said, strengths):
        """Cross-entropy of the kind, 0 for none, and squared error of the strengths."""
        said_kind, said_strength = tf.split(said, [self._kinds + 1, self._kinds], -1)
        altered = tf.reduce_max(strengths, -1) > 0
        kind = tf.where(altered, 1 + tf.argmax(strengths, -1), 0)
        wrong = tf.nn.sparse_softmax_cross_entropy_with_logits(kind, said_kind)
        off = tf.reduce_sum((said_strength - strengths) ** 2, -1)
        return tf.reduce_mean(wrong + STRENGTH_WEIGHT * off)


def nt_xent(projections: tf.Tensor) -> tf.Tensor:
    """The cross-entropy of finding each view's partner among all other views.

    Args:
        projections: float32 [2n, d]; the partner of row i is row i + n.

    Returns:
        A number; log(2n - 1) if nothing is told apart.

    Reference:
        Chen et al. 2020, equation 1, https://arxiv.org/abs/2002.05709
    """
    unit = tf.math.l2_normalize(projections, -1)
    count = tf.shape(unit)[0]
    alike = tf.matmul(unit, unit, transpose_b=True) / TEMPERATURE
    alike = tf.linalg.set_diag(alike, tf.fill([count], -1e9))
    partners = tf.roll(tf.range(count), count // 2, axis=0)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(partners, alike))


def train(images: np.ndarray, seed: int, steps: int, stream=None) -> keras.Model:
    """Trains an encoder; deterministic on one machine.

    Args:
        images: uint8 [n, S, S, 1], n ≥ 16, not all equal.
        seed: of the weights and of what is drawn.
        steps: how many; `STEPS` for an encoder to use.
        stream: where to print the progress; stdout where not given.

    Returns:
        A model of images float32 [n, S, S, 1] in [-1, 1] to float32 [n, 64]; see `network.whitened`.
    """
    encoder = network.build(images.shape[1], seed)
    generator = tf.random.Generator.from_seed(seed, alg="philox")
    teacher = _Teacher(encoder, steps, seed, generator)
    progress = Progress(0, steps, BATCH_SIZE, len(images), stream)
    for number, places in enumerate(_orders(len(images), steps, seed), 1):
        same, told = teacher.step(normalise(images[places]))
        progress.update(number, {"views": float(same), "alterations": float(told)})
    progress.end()
    return network.whitened(encoder, _features_of_views(encoder, images, generator))


def _orders(count, steps, seed):
    """The places of the images of each step; every image once before any is seen again."""
    rng = np.random.default_rng(seed)
    epochs = -(-steps * BATCH_SIZE // count)
    places = np.concatenate([rng.permutation(count) for _ in range(epochs)])
    return places[: steps * BATCH_SIZE].reshape(steps, BATCH_SIZE)


def _features_of_views(encoder, images, generator):
    if len(images) > WHITENING_SCANS:
        images = images[np.linspace(0, len(images) - 1, WHITENING_SCANS).round().astype(int)]
    described = []
    for start in range(0, len(images), BATCH_SIZE):
        part = normalise(images[start : start + BATCH_SIZE])
        for _ in range(WHITENING_VIEWS):
            described.append(encoder(alterations.view(part, generator), training=False).numpy())
    return np.concatenate(described)
