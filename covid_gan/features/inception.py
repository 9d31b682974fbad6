"""The `inception` extractor: InceptionV3 as trained on ImageNet, the usual one of FID and KID.

Its weights are Keras's, not those of the TensorFlow graph that papers use, so its numbers are near theirs
but not the same. It has seen photographs, no scans.

References:
    Szegedy et al. 2016, https://arxiv.org/abs/1512.00567
    Heusel et al. 2017 (FID), https://arxiv.org/abs/1706.08500
"""

import hashlib
import logging
import os
import threading
from pathlib import Path

import keras
import numpy as np
import requests
import tensorflow as tf

from covid_gan import images as pixels
from covid_gan.errors import ArgumentError
from covid_gan.features.extractor import Extractor

NAME = "inception"
DIM = 2048
SIDE = 299
# Images computed together: the first maps of one take 12 MB.
BLOCK = 16
FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
URL = f"https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/{FILE}"
MD5 = "bcbd6486424b2319ff4ef7d526e38f63"
# Seconds in which the weights' home has to answer.
PATIENCE = 5.0

log = logging.getLogger(__name__)


def weights_path() -> Path:
    """Where Keras keeps the weights, whether they are there or not."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "models" / FILE


def extractor() -> Extractor:
    """The extractor; its weights, 84 MB, are downloaded where they are not there yet.

    Raises:
        ArgumentError: (`features`) they are not there and cannot be downloaded, or are not what
            they should be.
    """
    path = weights_path()
    if not path.exists():
        _download(path)
    content = path.read_bytes()
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != MD5:
        raise _missing(f"{path} is damaged or another file: its MD5 is not {MD5}")
    network = keras.applications.InceptionV3(include_top=False, weights=None, pooling="avg")
    network.load_weights(path)
    compute = tf.function(lambda block: network(prepared(block), training=False))
    return Extractor(
        name=NAME,
        key=NAME,
        fingerprint=hashlib.sha256(content).hexdigest(),
        dim=DIM,
        size=None,
        compute=lambda block: compute(tf.constant(block)).numpy(),
        block=BLOCK,
    )


def prepared(images: np.ndarray) -> tf.Tensor:
    """Grey levels as InceptionV3 wants them: uint8 [n, H, W, 1] → float32 [n, 299, 299, 3] in [-1, 1]."""
    resized = tf.image.resize(pixels.normalise(images), [SIDE, SIDE], antialias=True)
    return tf.repeat(resized, 3, axis=-1)


def _download(path):
    if not _answers():
        raise _missing(f"its ImageNet weights are not in {path}, and their home does not answer")
    log.info("Downloading the weights of InceptionV3, 84 MB, once …")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with requests.get(URL, stream=True, timeout=PATIENCE) as answer, open(draft, "wb") as file:
            answer.raise_for_status()
            for part in answer.iter_content(2**20):
                file.write(part)
        draft.replace(path)
    except (OSError, requests.RequestException) as error:
        raise _missing(f"its ImageNet weights could not be downloaded ({type(error).__name__})") from error
    finally:
        draft.unlink(missing_ok=True)


def _answers():
    """Whether the weights' home answers in time; looking up its name ignores any other limit."""
    answers = []

    def ask():
        try:
            answers.append(requests.head(URL, timeout=PATIENCE, allow_redirects=True).ok)
        except requests.RequestException as error:
            log.info("%s does not answer: %s", URL, error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return answers == [True]


def _missing(what):
    return ArgumentError(
        "features",
        f"{what}. Use --features=ct, which needs no download, or put the file that {URL} gives to "
        f"{weights_path()}.",
        NAME,
    )
