"""A small classifier of two classes, trained from nothing for a fixed number of steps."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from covid_gan import augment, images
from covid_gan.errors import DivergenceError

# Side of the last maps, which are averaged.
SMALLEST_MAP = 7
# Images that are scored at a time.
_BLOCK = 256


@dataclasses.dataclass(frozen=True)
class Budget:
    """What each classifier may spend, the same in every arm.

    Attributes:
        steps: gradient steps.
        batch_size: images in a step.
        channels: of the first maps; each smaller map has twice as many, up to 8 times.
        learning_rate: of AdamW at the start; it falls to 0 along a half cosine, so that the last
            weights need not be chosen among many.
        weight_decay: of AdamW.
    """

    steps: int = 1000
    batch_size: int = 32
    channels: int = 16
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2

    def __post_init__(self):
        for name in ("steps", "batch_size", "channels", "learning_rate"):
            if getattr(self, name) <= 0:
                raise ValueError(f"`{name}` must be above 0. Received: {name}={getattr(self, name)}")


# For a trial of the whole chain; its numbers mean nothing.
QUICK = Budget(steps=20, batch_size=16, channels=8)


def network(size: int, channels: int, seed: int) -> keras.Model:
    """Square images float32 [n, size, size, 1] in [-1, 1] → logits [n, 1].

    Group norm does the same in training and afterwards, so the mixture of real and generated
    images in a batch cannot change what a test scan is normalised by.

    Reference:
        Wu and He 2018, https://arxiv.org/abs/1803.08494
    """
    seeds = iter(np.random.SeedSequence(seed).generate_state(16).tolist())
    model = keras.Sequential([keras.Input((size, size, 1))])
    width, most = channels, 8 * channels
    while size > SMALLEST_MAP:
        initial = keras.initializers.HeNormal(next(seeds))
        model.add(keras.layers.Conv2D(width, 3, 2, "same", use_bias=False, kernel_initializer=initial))
        model.add(keras.layers.GroupNormalization(max(1, width // 8)))
        model.add(keras.layers.ReLU())
        width, size = min(2 * width, most), size // 2
    model.add(keras.layers.GlobalAveragePooling2D())
    model.add(keras.layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(next(seeds))))
    return model


def train(made: np.ndarray, truth: np.ndarray, budget: Budget, seed: int, flip: bool = True) -> keras.Model:
    """Trains a classifier with small shifts and, where asked, mirrored images.

    Args:
        made: uint8 [n, S, S, 1], real or generated.
        truth: bool [n], True for the positive class.
        budget: the same for all arms that are compared.
        seed: of the weights, the order and the changes of the images.
        flip: mirror half of the images, left to right.

    Returns:
        The network after its last step; images in [-1, 1] → logits.

    Raises:
        ValueError: one class is missing.
    """
    truth = np.asarray(truth, bool)
    if truth.all() or not truth.any():
        raise ValueError(f"`truth` must hold both classes. Received: {truth.sum()} of {len(truth)} positive")
    rng = np.random.default_rng(seed)
    model = network(made.shape[1], budget.channels, seed)
    changes = (("flip",) if flip else ()) + ("translation",)
    step = _step_of(model, budget, changes)
    for places in _batches(len(made), budget, rng):
        drawn = rng.random((len(changes), len(places), 4), np.float32)
        step(made[places], truth[places, None].astype(np.float32), drawn)
    return model


def scores(model: keras.Model, real: np.ndarray) -> np.ndarray:
    """The logits of images uint8 [n, S, S, 1]: float64 [n], larger for the positive class.

    Raises:
        DivergenceError: a logit is NaN or infinite.
    """
    blocks = [real[start : start + _BLOCK] for start in range(0, len(real), _BLOCK)]
    logits = [np.asarray(model(images.normalise(block), training=False))[:, 0] for block in blocks]
    found = np.concatenate(logits).astype(np.float64)
    if not np.isfinite(found).all():
        raise DivergenceError("A classifier diverged; a smaller learning rate in its budget may help.")
    return found


def _batches(count, budget, rng):
    """Places of the images of each step; every image is seen once before any is seen again."""
    needed = budget.steps * budget.batch_size
    order = np.concatenate([rng.permutation(count) for _ in range(-(-needed // count))])
    return order[:needed].reshape(budget.steps, budget.batch_size)


def _step_of(model, budget, changes):
    schedule = keras.optimizers.schedules.CosineDecay(budget.learning_rate, budget.steps)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=budget.weight_decay)
    optimizer.build(model.trainable_variables)
    loss_of = keras.losses.BinaryCrossentropy(from_logits=True)

    @tf.function
    def step(batch, truth, drawn):
        rows = iter(tf.unstack(drawn, len(changes)))
        seen = augment.augment(images.normalise(batch), changes, lambda k: next(rows))
        with tf.GradientTape() as tape:
            loss = loss_of(truth, model(seen, training=True))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)

    return step
