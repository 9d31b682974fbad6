"""One step of a published recipe, and what it did, as plain numbers."""

import concurrent.futures
import multiprocessing

import numpy as np
import tensorflow as tf
from absl import flags

from covid_gan import build, cli
from covid_gan.config import Config


def given(preset: str) -> dict:
    """The settings in a preset's flag file, parsed as on the command line."""
    values = flags.FlagValues()
    cli.define_settings(values)
    rest = values(["train", f"--flagfile={cli.preset_folder() / preset}.flags"])
    assert rest == ["train"]
    return cli.given_settings(values)


def take(preset: str) -> dict:
    """A step on two images: the shape made, dropout, losses, and how far each network's first weights moved."""
    config = Config().replace(**{**given(preset), "batch_size": 2, "precision": "float32"})
    gan = build.gan_from(config)
    networks = (gan.generator, gan.discriminator)
    before = [network.trainable_weights[0].numpy() for network in networks]
    size, count = config.model.image_size, 2 * gan.discriminator_steps
    logs = gan.train_step(tf.random.stateless_uniform([count, size, size, 1], [0, 0], -1, 1))
    after = [network.trainable_weights[0].numpy() for network in networks]
    return {
        "made": tuple(gan.generator.tanh.output.shape),
        "dropout": gan.discriminator.get_config().get("dropout", config.model.dropout),
        "logs": [float(value) for value in logs.values()],
        "moved": [float(np.abs(new - old).max()) for new, old in zip(after, before)],
        "discriminator_steps": gan.discriminator_steps,
    }


def take_elsewhere(preset: str) -> dict:
    """The same in a process of its own, which gives its memory back."""
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(take, preset).result()
