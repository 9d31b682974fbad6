"""What is trained in the benchmark, and its bare compiled step."""

import dataclasses

import numpy as np
import tensorflow as tf

from covid_gan import build, images
from covid_gan.config import Config
from covid_gan.training.steps import Steps
from experiments.bench import flops

PRECISIONS = ("float32", "bfloat16")
# Image size and channels of the largest maps.
SIZES = ((64, 32), (64, 64), (128, 16))
MODELS = ("dcgan", "wgan_gp")


@dataclasses.dataclass(frozen=True)
class Cell:
    """One training that is timed, named as a row of the table."""

    config: Config

    @property
    def name(self) -> str:
        model, training = self.config.model, self.config.training
        size = f"{model.image_size} px, {model.base_channels} channels, batch {training.batch_size}"
        return f"{model.model}, {size}"

    @property
    def images_per_step(self) -> int:
        """Real images that a step takes."""
        training = build.resolve(self.config).training
        return training.batch_size * training.discriminator_steps

    def in_precision(self, precision: str) -> "Cell":
        return Cell(self.config.replace(precision=precision))


def all_cells(config: Config, sizes=SIZES) -> list[Cell]:
    """The models at the sizes, all else as in `config`."""
    return [
        Cell(config.replace(model=model, image_size=size, base_channels=channels))
        for size, channels in sizes
        for model in MODELS
    ]


class BareStep:
    """The step of a cell, compiled as the training loop has it, on one batch that stays in memory.

    Called, it makes a step and reads its losses.

    Attributes:
        batch: uint8 [n, S, S, 1], noise.
        flops: of a step, as `flops.count` counts them.
    """

    def __init__(self, cell: Cell):
        config = build.resolve(cell.config.replace(steps_per_loop=1))
        self._gan = build.gan_from(config)
        self._steps = Steps(self._gan, config, tf.distribute.get_strategy())
        size = cell.config.model.image_size
        rng = np.random.default_rng(0)
        self.batch = tf.constant(rng.integers(0, 256, (cell.images_per_step, size, size, 1)).astype(np.uint8))

    def __call__(self) -> dict[str, float]:
        return self._steps.take(iter((self.batch,)), 1)

    @property
    def flops(self) -> int:
        step = tf.function(lambda batch: self._gan.train_step(images.normalise(batch)))
        return flops.count(step.get_concrete_function(self.batch))
