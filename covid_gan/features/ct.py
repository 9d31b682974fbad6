"""The `ct` extractor: an encoder that the package trains on the scans themselves, without labels, once.

It is trained on the training split of a run's data set, all classes, at the run's size, and lies in a cache.
"""

import hashlib
import json
import logging
import platform
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from covid_gan import data
from covid_gan import images as pixels
from covid_gan.config import Config
from covid_gan.data import Scans
from covid_gan.errors import ArgumentError
from covid_gan.features import alterations, cache, network, pretext
from covid_gan.features.extractor import Extractor
from covid_gan.metrics.checks import check_images, check_square

NAME = "ct"
# To be counted up whenever code changes what an encoder becomes.
VERSION = 1
LEAST_IMAGES = 16
SMALLEST = 8

log = logging.getLogger(__name__)


def recipe(seed: int = 0) -> dict:
    """The settings that an encoder depends on, beside the images; all that is code counts up `VERSION`."""
    return {
        "version": VERSION,
        "seed": seed,
        "steps": pretext.STEPS,
        "batch_size": pretext.BATCH_SIZE,
        "learning_rate": pretext.LEARNING_RATE,
        "weight_decay": pretext.WEIGHT_DECAY,
        "temperature": pretext.TEMPERATURE,
        "strength_weight": pretext.STRENGTH_WEIGHT,
        "whitening_views": pretext.WHITENING_VIEWS,
        "alterations": [kind.__name__ for kind in alterations.KINDS],
        "widths": network.WIDTHS,
        "dim": network.DIM,
    }


def train(images: np.ndarray, seed: int = 0, stream=None) -> keras.Model:
    """Trains an encoder on scans; about three minutes on two cores at 64 pixels, whatever their number.

    Args:
        images: uint8 [n, S, S, 1], n ≥ 16, S ≥ 8.
        seed: of all that is random; the same seed gives the same encoder on the same machine.
        stream: where to print the progress; stdout where not given.

    Returns:
        A model of images float32 [n, S, S, 1] in [-1, 1] to features float32 [n, 64].

    Raises:
        ValueError: another type or shape, too few images, or images that are all equal.
    """
    check_images("images", images, LEAST_IMAGES)
    check_square(images, SMALLEST)
    if (images == images[0]).all():
        raise ValueError("`images` must hold scans that differ. Received: copies of one image")
    return pretext.train(images, seed, pretext.STEPS, stream)


def extractor_for(config: Config, seed: int = 0, stream=None) -> Extractor:
    """The extractor for a run's images: from the cache, or else trained and put there.

    Args:
        config: of a run. Its split and its classes do not matter: it is trained on the training split,
            with all classes, less what is excluded.
        seed: of the training.
        stream: where to print its progress; stdout where not given.

    Raises:
        ArgumentError: the data set cannot be read, its scans are too few or all equal, or the cache
            cannot be written.
    """
    scans = _training_scans(config)
    path = cache.folder() / _entry(scans, config, seed)
    found = _open_cached(path)
    if found:
        return found
    with cache.lock(path):
        found = _open_cached(path)  # another process may have been faster
        if found:
            return found
        _train_into(path, scans, config, seed, stream)
    return open_encoder(path)


def cached(config: Config, seed: int = 0) -> Extractor | None:
    """The extractor for a run's images if it is in the cache; trains none.

    Raises:
        ArgumentError: the data set cannot be read.
    """
    return _open_cached(cache.folder() / _entry(_training_scans(config), config, seed))


def open_encoder(path: str | Path, fingerprint: str | None = None) -> Extractor:
    """Opens an encoder from its folder.

    Args:
        path: the folder, as it lies in the cache.
        fingerprint: that it must have; None: any.

    Raises:
        ArgumentError: there is none, it cannot be read, or it has another fingerprint.
    """
    try:
        model, facts = cache.load(Path(path).expanduser())
    except (FileNotFoundError, cache.DamagedError) as error:
        message = "there is no encoder." if isinstance(error, FileNotFoundError) else f"{error}."
        raise ArgumentError("features", message, str(path)) from error
    if fingerprint not in (None, facts["fingerprint"]):
        raise ArgumentError(
            "features",
            f"the encoder's fingerprint must be {fingerprint}; {path} has {facts['fingerprint']}. Numbers of "
            "two encoders cannot be compared.",
            str(path),
        )
    return _extractor(model, facts)


def _extractor(model, facts):
    compute = tf.function(lambda block: model(pixels.normalise(block), training=False))
    return Extractor(
        name=NAME,
        key=f"{NAME}-{facts['fingerprint'][:6]}",
        fingerprint=facts["fingerprint"],
        dim=model.output_shape[-1],
        size=model.input_shape[1],
        compute=lambda block: compute(tf.constant(block)).numpy(),
    )


def _training_scans(config: Config) -> Scans:
    return data.load(config.replace(split="train", classes=(), cache="none"))[1]


def _entry(scans, config, seed):
    """The name of a cache entry: a SHA-256 of the images as the network sees them, and the recipe."""
    parts = {
        "images": scans.fingerprint["sha256"],
        "grey_range": scans.fingerprint["grey_range"],
        "size": config.model.image_size,
        "resize": config.data.resize,
        "recipe": recipe(seed),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _open_cached(path):
    try:
        return _extractor(*cache.load(path))
    except FileNotFoundError:
        return None
    except cache.DamagedError as error:
        log.warning("The cached encoder %s; it is trained anew when it is needed.", error)
        return None


def _train_into(path, scans, config, seed, stream):
    log.info("Training an encoder on %d scans, once; it will lie in %s.", scans.count, path)
    try:
        model = train(data.all_images(scans), seed, stream)
    except ValueError as error:
        raise ArgumentError(
            "features", f"no ct encoder can be trained on {scans.fingerprint['name']}: {error}.", NAME
        ) from error
    facts = {
        "name": NAME,
        "fingerprint": _fingerprint(path.name, model),
        "entry": path.name,
        "recipe": recipe(seed),
        "data": scans.fingerprint,
        "size": config.model.image_size,
        "resize": config.data.resize,
        "versions": {
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "python": platform.python_version(),
        },
    }
    cache.save(path, model, facts)


def _fingerprint(entry, model):
    """Of the recipe, the images and the weights: elsewhere the same recipe may round to other weights."""
    digest = hashlib.sha256(entry.encode())
    for weight in model.get_weights():
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()
