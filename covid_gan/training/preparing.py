"""What a session needs before its first step, and what it records of itself."""

import os
import platform
import sys
import time
from pathlib import Path

import keras
import tensorflow as tf

import covid_gan
from covid_gan import data
from covid_gan.checkpoint_files import paths_in
from covid_gan.config import DEFAULT_STEPS, PHANTOM, Config
from covid_gan.data.scans import Scans
from covid_gan.errors import ArgumentError
from covid_gan.training import checkpoints, evaluations, guards


def described(fingerprint: dict) -> str:
    """How many images of what, and of a mixture how many of each."""
    name, count = fingerprint["name"], fingerprint["count"]
    if name == PHANTOM:
        return f"{count} drawn phantoms"
    parts = fingerprint["counts"]
    if len(parts) == 1:
        return f"{count} images of {name}"
    each = (
        f"{part}: " + ", ".join(f"{n} {label}" for label, n in own.items()) for part, own in parts.items()
    )
    return f"{count} images of {name} ({'; '.join(each)})"


def load(config: Config) -> tuple[Config, Scans]:
    """Returns the config as it will be recorded, and the images.

    Raises:
        ArgumentError: a setting does not fit the data.
    """
    config, scans = data.load(config)
    config = with_steps(config, scans.count)
    if config.training.batch_size > scans.count:
        raise ArgumentError(
            "batch_size", f"is more than the {scans.count} images.", config.training.batch_size
        )
    return evaluations.resolve(config), scans


def images_per_step(training) -> int:
    """Real images that a step takes: a batch for each update of the discriminator."""
    return training.batch_size * training.discriminator_steps


def with_steps(config: Config, count: int) -> Config:
    """The config with its total of steps, which epochs may stand for."""
    training = config.training
    if training.epochs is not None:
        steps = -(-training.epochs * count // images_per_step(training))
    else:
        steps = training.steps or DEFAULT_STEPS
    return config.replace(steps=steps, epochs=None)


def check_room(folder: Path, gan, training) -> None:
    """Refuses a run whose checkpoints would not fit, those that it has already aside.

    Raises:
        RunError: naming what is needed and what is free.
    """
    milestones = training.steps // training.milestone_every if training.milestone_every else 0
    kept = min(training.checkpoints_to_keep, training.steps // training.checkpoint_every + 1)
    kept += bool(training.evaluate_every)  # the best
    # While one more is written, none of the others is gone.
    to_come = kept + milestones + 1 - len(paths_in(folder))
    guards.check_disk(folder, checkpoints.nbytes(gan), max(to_come, 1))


def environment() -> dict:
    """What a run's numbers may depend on beside its config."""
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "command": sys.argv,
        "versions": {
            "covid_gan": covid_gan.__version__,
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "devices": [device.device_type for device in tf.config.list_logical_devices()],
        "cpus": os.cpu_count(),
    }
