"""InceptionV3: what it is fed, and what is said where its weights are not there."""

import hashlib
import time

import h5py
import keras
import numpy as np
import pytest
import requests
from keras.src.legacy.saving import legacy_h5_format

from covid_gan import features
from covid_gan.errors import ArgumentError
from covid_gan.features import inception


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty folder of Keras."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("failure", ["refused", "silent", "gone"])
def test_weights_that_cannot_be_had_are_told_within_seconds(tiny_config, home, monkeypatch, failure):
    monkeypatch.setattr(inception, "PATIENCE", 0.2)

    def head(*given, **named):
        if failure == "refused":
            raise requests.ConnectionError("no network")
        if failure == "silent":
            time.sleep(2)
        answer = requests.Response()
        answer.status_code = 404
        return answer

    monkeypatch.setattr(requests, "head", head)
    start = time.monotonic()
    with pytest.raises(ArgumentError, match="--features=ct") as error:
        features.get("inception", tiny_config)
    assert time.monotonic() - start < 1.5
    assert error.value.argument == "features"
    assert str(home / "models" / inception.FILE) in str(error.value) and inception.URL in str(error.value)


def test_a_download_that_breaks_off_leaves_nothing(tiny_config, home, monkeypatch):
    class Broken(requests.Response):
        def iter_content(self, size=None):
            yield b"a part"
            raise requests.ConnectionError("the line went dead")

        def close(self):
            pass

    answer = Broken()
    answer.status_code = 200
    monkeypatch.setattr(requests, "head", lambda *a, **k: answer)
    monkeypatch.setattr(requests, "get", lambda *a, **k: answer)
    with pytest.raises(ArgumentError, match="could not be downloaded"):
        features.get("inception", tiny_config)
    assert list((home / "models").iterdir()) == []


def test_a_file_that_is_not_the_weights_is_refused(tiny_config, home):
    path = home / "models" / inception.FILE
    path.parent.mkdir()
    path.write_bytes(b"something else")
    with pytest.raises(ArgumentError, match="is damaged or another file"):
        features.get("inception", tiny_config)


def test_grey_levels_become_what_the_network_wants(chests):
    prepared = inception.prepared(chests(2, size=64)).numpy()
    assert prepared.shape == (2, 299, 299, 3) and prepared.dtype == np.float32
    assert (prepared[..., 0] == prepared[..., 2]).all()
    constant = inception.prepared(np.full((1, 16, 16, 1), 255, np.uint8)).numpy()
    np.testing.assert_allclose(constant, 1, atol=1e-5)


@pytest.mark.slow
def test_weights_put_into_place_are_used(tiny_config, home, monkeypatch, chests):
    """Random weights stand for those of ImageNet, which cannot be had here."""
    path = home / "models" / inception.FILE
    path.parent.mkdir()
    keras.utils.set_random_seed(0)
    network = keras.applications.InceptionV3(include_top=False, weights=None, pooling="avg")
    with h5py.File(path, "w") as file:  # the format of Keras 2, in which the ImageNet weights are
        legacy_h5_format.save_weights_to_hdf5_group(file, network)
    monkeypatch.setattr(inception, "MD5", hashlib.md5(path.read_bytes()).hexdigest())
    monkeypatch.setattr(inception, "BLOCK", 2)
    extractor = features.get("inception", tiny_config)
    images = chests(3, size=32)
    found = extractor(images)
    assert extractor.key == "inception" and found.shape == (3, 2048)
    expected = network(inception.prepared(images), training=False)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(extractor(images[2:]), found[2:])
