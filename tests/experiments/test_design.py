"""Every study names settings that there are, and flags that make them again."""

import importlib

import pytest

from covid_gan import build, cli
from covid_gan.config import Config
from experiments.study.design import flags_of, preset_settings

STUDIES = ("activations", "data_size", "dcgan_vs_wgan_gp", "defaults", "long_run", "other_images",
           "recipe", "search", "tiny", "update_ratio", "upsampling")  # fmt: skip


def parsed(line):
    """The config that `covid_gan.train` makes of a command line."""
    from absl import flags

    values = flags.FlagValues()
    cli.define_settings(values)
    values(["train", *line])
    return Config().replace(**cli.given_settings(values))


@pytest.mark.parametrize("name", STUDIES)
def test_arms_fit_their_networks_and_their_flags_make_them_again(name):
    study = importlib.import_module(f"experiments.{name}").STUDY
    assert study.name == name and set(study.chosen) <= set(study.arms)
    configs = [build.resolve(study.config_of(arm, {})) for arm in study.arms]
    for config in configs:
        assert parsed(flags_of(config)) == config
    assert len({config.to_json() for config in configs}) == len(configs) or name == "other_images"


def test_flags_of_every_kind_of_value():
    config = Config().replace(
        classes=(), flip=False, augment=("translation", "cutout"), learning_rate=3e-4, seed=5
    )
    assert parsed(flags_of(config)) == config
    assert flags_of(Config()) == []


def test_a_preset_comes_without_its_length():
    found = preset_settings("kiel28")
    assert found["image_size"] == 28 and not {"epochs", "steps", "seed"} & set(found)
