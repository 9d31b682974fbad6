"""The published recipes: each flag file is a valid config whose networks can be built and trained."""

import os

import numpy as np
import pytest
from preset_step import given, take, take_elsewhere

from covid_gan import build, cli
from covid_gan.config import Config, all_fields

# What each says beside --classes=covid and, where nothing else is said, --split=all; as published.
KIEL = dict(network="dcgan", resize="stretch", image_size=128, epochs=1250)
EXPECTED = {
    "kiel28": dict(image_size=28, dropout=0.0, activation="leaky_relu", learning_rate=1e-4, epochs=500),
    "kiel28_relu": dict(image_size=28, dropout=0.0, activation="relu", learning_rate=1e-4, epochs=500),
    "kiel_2020": dict(**KIEL, activation="leaky_relu", dropout=0.0),
    "kiel_2020_swish": dict(**KIEL, activation="swish", dropout=0.0),
    "kiel_2020_swish_dropout30": dict(**KIEL, activation="swish", dropout=0.3),
    "kiel_2020_swish_dropout50": dict(**KIEL, activation="swish", dropout=0.5),
    "kiel_2021_wgan_gp": dict(
        **KIEL,
        model="wgan_gp",
        activation="leaky_relu",
        dropout=0.0,
        discriminator_normalization="layer",
        upsample="resize",
        discriminator_steps=5,
        penalty_weight=10.0,
    ),
    "nodule56": dict(
        dropout=0.0,
        image_size=56,
        base_channels=128,
        kernel_size=5,
        generator_activation="relu",
        discriminator_activation="leaky_relu",
        learning_rate=2e-4,
        beta_1=0.5,
        epochs=None,
    ),
    "plain": dict(
        split="train",
        image_size=64,
        base_channels=32,
        activation="leaky_relu",
        generator_normalization="batch",
        discriminator_normalization="batch",
        upsample="transpose",
        dropout=0.0,
        loss="non_saturating",
        penalty="none",
        augment=(),
        ema_decay=0.0,
        learning_rate=2e-4,
        beta_1=0.5,
        batch_size=32,
    ),
    "wgan_gp_2017": dict(
        model="wgan_gp",
        split="train",
        image_size=64,
        discriminator_normalization="layer",
        discriminator_steps=5,
        penalty_weight=10.0,
        learning_rate=1e-4,
        beta_1=0.0,
        beta_2=0.9,
        batch_size=64,
        dropout=0.0,
        augment=(),
        ema_decay=0.0,
    ),
    "polanco64": dict(network="polanco64", image_size=64, latent_dim=100, epochs=1000),
    "ucla128": dict(
        network="ucla128",
        image_size=128,
        latent_dim=100,
        dropout=0.3,
        batch_size=50,
        epochs=5000,
        resize="stretch",
        flip=True,
    ),
}
UCLA_NEEDS = 12e9  # bytes; 10.4 GB at its peak, of which 4.6 are weights, averages and moments

big = pytest.mark.skipif(
    os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") < UCLA_NEEDS, reason="needs 12 GB of memory"
)
PRESETS = [
    pytest.param(name, marks=[pytest.mark.slow, big] if name == "ucla128" else []) for name in EXPECTED
]


def test_every_flag_file_is_tested_here():
    assert {path.stem for path in cli.preset_folder().glob("*.flags")} == set(EXPECTED)


@pytest.mark.parametrize("preset", EXPECTED)
def test_a_preset_says_what_was_published(preset):
    config = Config().replace(**given(preset))
    found = {name: config.get(name) for name in EXPECTED[preset]}
    assert found == EXPECTED[preset]
    assert config.data.split == EXPECTED[preset].get("split", "all")
    assert config.data.classes == ("covid",)
    assert config.model.model == EXPECTED[preset].get("model", "dcgan")


@pytest.mark.parametrize("preset", EXPECTED)
def test_a_preset_names_its_networks_in_its_flags(preset):
    assert {"model", "network", "image_size", "split", "classes"} <= set(given(preset))


@pytest.mark.parametrize("preset", EXPECTED)
def test_a_preset_does_not_follow_a_change_of_the_defaults(preset):
    config = build.resolve(Config().replace(**given(preset)))
    fields = [f for f in all_fields() if not f.metadata["may_change"] and config.get(f.name) is not None]
    players = {"activation"} if config.model.generator_activation else set()
    free = {"dataset", "exclude", "cache", "seed"} | players
    assert {f.name for f in fields} - free <= set(given(preset))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_trains(preset):
    config = Config().replace(**given(preset))
    # In a process of its own, as one of the suite would keep the 10 GB.
    found = (take_elsewhere if preset == "ucla128" else take)(preset)
    size, rate = config.model.image_size, config.training.learning_rate
    assert found["made"] == (None, size, size, 1)
    assert found["dropout"] == config.model.dropout
    assert np.isfinite(found["logs"]).all() and found["logs"]
    for moved, steps in zip(found["moved"], (1, found["discriminator_steps"]), strict=True):
        # Adam's first step has the length of the learning rate, and a later one up to 3 times it where beta_2 is 0.9.
        assert 0.9 * rate < moved < rate * (1.1 + 3.2 * (steps - 1))
