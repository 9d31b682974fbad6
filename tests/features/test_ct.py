"""The ct extractor: trained once for each set of images, size and recipe, and only opened where it fits."""

import io
import json
import logging

import numpy as np
import pytest

from covid_gan import features
from covid_gan.errors import ArgumentError
from covid_gan.features import ct, network, pretext


@pytest.fixture
def config(tiny_config, cache_dir):
    return tiny_config


@pytest.fixture
def trainings(monkeypatch):
    """The seeds of the trainings that were started, each of which leaves the network as it was at first."""
    seeds = []

    def train(images, seed, steps, stream):
        seeds.append(seed)
        return network.build(images.shape[1], seed)

    monkeypatch.setattr(pretext, "train", train)
    return seeds


def extractor_for(config, **given):
    return ct.extractor_for(config, stream=io.StringIO(), **given)


def test_a_real_training_end_to_end(config, chests):
    """Three steps: what comes out of the cache describes scans as what was trained does."""
    first = extractor_for(config)
    images = chests(5)
    np.testing.assert_array_equal(first(images), ct.cached(config)(images))
    assert np.isfinite(first(images)).all()


def test_it_is_trained_once_and_found_again(config, cache_dir, trainings, chests):
    assert ct.cached(config) is None
    first = extractor_for(config)
    again = features.get("ct", config.replace(split="test", classes=("covid",), cache="none", steps=9))
    assert len(trainings) == 1
    assert first.key == f"ct-{first.fingerprint[:6]}" == again.key == ct.cached(config).key
    images = chests(5)
    np.testing.assert_array_equal(first(images), again(images))
    assert first(images).shape == (5, first.dim)
    (entry,) = (path for path in cache_dir.iterdir() if path.is_dir())
    assert sorted(path.name for path in entry.iterdir()) == ["encoder.json", "encoder.keras"]
    facts = json.loads((entry / "encoder.json").read_text())
    assert facts["data"]["count"] == 32 and facts["data"]["split"] == "train"  # both classes
    assert facts["recipe"]["steps"] == 3 and facts["size"] == 16


def test_other_images_sizes_seeds_and_recipes_are_other_encoders(config, monkeypatch, trainings):
    keys = {extractor_for(config).key}
    for other in ({"exclude": ("scan-00",)}, {"image_size": 32}, {"resize": "stretch"}):
        keys.add(extractor_for(config.replace(**other)).key)
    keys.add(extractor_for(config, seed=1).key)
    monkeypatch.setattr(pretext, "TEMPERATURE", 0.5)
    keys.add(extractor_for(config).key)
    assert len(keys) == len(trainings) == 6


def test_other_weights_are_another_fingerprint():
    """The same recipe rounds to other weights on another machine: numbers of both must not share a name."""
    model = network.build(16, seed=0)
    before = ct._fingerprint("entry", model)
    assert before == ct._fingerprint("entry", model) != ct._fingerprint("other", model)
    weights = model.get_weights()
    weights[0] = np.nextafter(weights[0], 1)
    model.set_weights(weights)
    assert before != ct._fingerprint("entry", model)


@pytest.mark.parametrize("harm", ["flipped", "cut", "no json", "json", "gone"])
def test_a_damaged_encoder_is_named_and_trained_anew(config, cache_dir, trainings, caplog, harm):
    first = extractor_for(config)
    (entry,) = (path for path in cache_dir.iterdir() if path.is_dir())
    network, facts = entry / "encoder.keras", entry / "encoder.json"
    content = bytearray(network.read_bytes())
    if harm == "flipped":
        content[len(content) // 2] ^= 1
        network.write_bytes(content)
    elif harm == "cut":
        network.write_bytes(content[:1000])
    elif harm == "gone":
        network.unlink()
    else:
        facts.write_text("{" if harm == "no json" else "[]")
    with caplog.at_level(logging.WARNING):
        assert ct.cached(config) is None
    assert "trained anew" in caplog.text and str(entry) in caplog.text
    assert extractor_for(config).fingerprint == first.fingerprint  # and deterministically
    assert len(trainings) == 2 and ct.cached(config).key == first.key


def test_a_training_that_fails_leaves_nothing(config, cache_dir, monkeypatch):
    def fail(*given, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr(pretext, "train", fail)
    with pytest.raises(KeyboardInterrupt):
        extractor_for(config)
    assert [path for path in cache_dir.iterdir() if path.is_dir()] == []
    assert ct.cached(config) is None


def test_an_encoder_is_opened_only_with_its_fingerprint(config, cache_dir, trainings, tmp_path):
    extractor = extractor_for(config)
    (entry,) = (path for path in cache_dir.iterdir() if path.is_dir())
    assert ct.open_encoder(entry, extractor.fingerprint).key == extractor.key
    with pytest.raises(ArgumentError, match=f"must be {'0' * 64}; .* has {extractor.fingerprint}"):
        ct.open_encoder(entry, "0" * 64)
    with pytest.raises(ArgumentError, match="there is no encoder"):
        ct.open_encoder(tmp_path / "nowhere")


def test_a_cache_that_cannot_be_written_is_named(config, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COVID_GAN_CACHE", str(tmp_path / "file"))
    with pytest.raises(ArgumentError, match="set COVID_GAN_CACHE"):
        extractor_for(config)


@pytest.mark.parametrize(
    "images, message",
    [
        (np.zeros((20, 16, 16, 1), np.uint8), "must hold scans that differ"),
        (np.zeros((15, 16, 16, 1), np.uint8), "at least 16 images. Received: 15"),
        (np.full((20, 16, 16, 1), np.nan, np.float32), "must be uint8"),
        (np.zeros((20, 16, 32, 1), np.uint8), "must be square"),
        (np.zeros((20, 4, 4, 1), np.uint8), "at least 8 pixels"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(images, message):
    with pytest.raises(ValueError, match=message):
        ct.train(images)


def test_too_few_scans_in_a_data_set_are_named(config):
    few = tuple(f"scan-{i:02d}" for i in range(20))
    with pytest.raises(ArgumentError, match="no ct encoder .*tiny_scans: .*at least 16 images. Received: 12"):
        extractor_for(config.replace(exclude=few))
