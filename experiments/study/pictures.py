"""Images of the runs of a study, for what its own figures and measures need."""

import functools
import logging
from pathlib import Path

import numpy as np
import tensorflow as tf

from covid_gan import data
from covid_gan.evaluation.generated import drawn, generator_at
from covid_gan.runs import Run
from covid_gan.sampling import Sampler
from experiments.study.results import Result

# Seed of the latents: that of the evaluations.
_SEED = 0


def generated(result: Result, count: int) -> np.ndarray:
    """The first images of a run's judged checkpoint, uint8 [count, S, S, 1].

    Raises:
        RunError: the checkpoint cannot be read.
    """
    return _generated(result.run.path, result.step, result.task.evaluation.checkpoint, count)


@functools.cache  # reports are written again after each run
def _generated(path: Path, step: int, checkpoint: str, count: int) -> np.ndarray:
    # TensorFlow warns of a function that is traced again and again: each run has a generator of its own.
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        generator, _ = generator_at(Run(path), checkpoint)
        return drawn(Sampler(generator), count, _SEED)
    finally:
        logger.setLevel(level)


def scans(result: Result) -> np.ndarray:
    """What a run was trained on, uint8 [n, S, S, 1].

    Raises:
        ArgumentError: the data set cannot be read.
    """
    return _scans(result.run.path)


@functools.cache
def _scans(path: Path) -> np.ndarray:
    return data.all_images(data.load(Run(path).config)[1])
