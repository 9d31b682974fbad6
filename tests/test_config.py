"""Settings: what is accepted, what is refused and how it is said, and the way to JSON and back."""

import dataclasses
import json
import math
from collections import Counter

import pytest

from covid_gan.config import Config, all_fields
from covid_gan.errors import ArgumentError
from covid_gan.settings import value_type

CHANGED = dict(
    dataset="sars_cov2_ct",
    split="all",
    classes=("covid", "other"),
    exclude=("a.png", "b.png"),
    flip=False,
    image_size=28,
    generator_activation="relu",
    dropout=0.25,
    epochs=3,
    learning_rate=1e-5,
    seed=2**31 - 1,
)


def refused(argument: str):
    """Expects an `ArgumentError` about this argument."""
    return pytest.raises(ArgumentError, match=f"^`{argument}`: .* Received: {argument}=")


@pytest.mark.parametrize("settings", [{}, CHANGED, {"classes": ()}, {"steps": 7}])
def test_json_gives_back_the_same_config(settings):
    config = Config().replace(**settings)
    assert Config.from_json(config.to_json()) == config


def test_json_holds_every_setting():
    groups = json.loads(Config().replace(**CHANGED).to_json())
    assert {n for group in groups.values() for n in group} == {f.name for f in all_fields()}
    assert groups["data"]["classes"] == ["covid", "other"]
    assert groups["training"]["learning_rate"] == 1e-5


@pytest.mark.parametrize(
    "damage",
    [
        lambda groups: groups["model"].pop("dropout"),
        lambda groups: groups["model"].update(drop_out=0.1),
        lambda groups: groups.pop("data"),
        lambda groups: groups.update(more={"dropout": 0.1}),
        lambda groups: groups["data"].update(dropout=groups["model"].pop("dropout")),
    ],
    ids=["missing", "unknown", "missing group", "unknown group", "wrong group"],
)
def test_json_with_other_settings_is_refused(damage):
    groups = json.loads(Config().to_json())
    damage(groups)
    with pytest.raises(ValueError, match="not the JSON of a covid_gan config"):
        Config.from_json(json.dumps(groups))


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '"model"', '{"data": 1, "model": 2, "training": 3}'])
def test_text_that_is_no_config_is_refused(text):
    with pytest.raises(ValueError, match="not the JSON of a covid_gan config"):
        Config.from_json(text)


def test_json_with_a_value_out_of_range_names_it():
    groups = json.loads(Config().to_json())
    groups["model"]["dropout"] = 1.5
    with refused("dropout"):
        Config.from_json(json.dumps(groups))


@pytest.mark.parametrize(
    "name, lowest, highest, below, above",
    [
        ("latent_dim", 1, 65536, 0, 65537),
        ("base_channels", 1, 1024, 0, 1025),
        ("dropout", 0.0, 0.999, -0.001, 1.0),
        ("kernel_size", 2, 11, 1, 12),
        ("batch_size", 1, 10**6, 0, None),
        ("steps", 1, 10**9, 0, None),
        ("epochs", 1, 10**9, 0, None),
        ("learning_rate", 1e-12, 1.0, 0.0, 1.001),
        ("discriminator_learning_rate", 1e-12, 1.0, 0.0, 1.001),
        ("beta_1", 0.0, 0.999, -0.1, 1.0),
        ("beta_2", 0.0, 0.9999, -0.1, 1.0),
        ("ema_decay", 0.0, 0.9999, -0.1, 1.0),
        ("generator_steps", 1, 24, 0, 25),
        ("seed", 0, 2**31 - 1, -1, 2**31),
        ("log_every", 1, 10**6, 0, None),
        ("sample_every", 1, 10**6, 0, None),
        ("checkpoint_every", 1, 10**6, 0, None),
        ("checkpoints_to_keep", 1, 10**6, 0, None),
        ("milestone_every", 0, 10**6, -1, None),
        ("evaluate_every", 0, 10**6, -1, None),
        ("ema_half_life", 1.0, 1e9, 0.5, 1.1e9),
    ],
)
def test_a_range_includes_its_ends_and_nothing_beyond(name, lowest, highest, below, above):
    for value in (lowest, highest):
        assert Config().replace(**{name: value}).get(name) == value
    for value in (below, above):
        if value is not None:
            with refused(name):
                Config().replace(**{name: value})


def test_every_number_refuses_something_negative():
    numbers = [f.name for f in all_fields() if f.type in (int, float, int | None, float | None)]
    assert len(numbers) >= 19
    for name in numbers:
        with refused(name):
            Config().replace(**{name: -1})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_every_float_refuses_what_is_not_finite(value):
    floats = [f.name for f in all_fields() if f.type in (float, float | None)]
    assert len(floats) >= 6
    for name in floats:
        with refused(name):
            Config().replace(**{name: value})


@pytest.mark.parametrize("size", [8, 10, 12, 14, 16, 28, 32, 48, 56, 64, 80, 96, 112, 128, 256, 512, 1024])
def test_image_sizes_that_doubling_reaches(size):
    assert Config().replace(image_size=size).model.image_size == size


@pytest.mark.parametrize("size", [-64, 0, 1, 2, 3, 4, 5, 6, 7, 9, 15, 18, 30, 36, 44, 65, 72, 100, 127, 2048])
def test_image_sizes_that_doubling_does_not_reach(size):
    with refused("image_size"):
        Config().replace(image_size=size)


@pytest.mark.parametrize(
    "name, value",
    [
        ("steps", True),
        ("image_size", 64.0),
        ("image_size", "64"),
        ("image_size", None),
        ("dropout", "0.3"),
        ("dropout", False),
        ("flip", 1),
        ("flip", "false"),
        ("split", None),
        ("dataset", 3),
        ("classes", "covid"),
        ("exclude", None),
        ("classes", (1, 2)),
        ("exclude", ["a.png", None]),
    ],
)
def test_a_value_of_another_type_is_refused(name, value):
    with refused(name):
        Config().replace(**{name: value})


def test_a_whole_number_is_a_float_where_one_is_asked_for():
    rate = Config().replace(learning_rate=1).training.learning_rate
    assert rate == 1.0 and type(rate) is float


@pytest.mark.parametrize("field", [f for f in all_fields() if f.metadata["choices"]], ids=lambda f: f.name)
def test_a_choice_is_one_of_those_offered(field):
    def given(choice):
        return (choice,) if value_type(field) is tuple else choice

    for choice in field.metadata["choices"]:
        assert Config().replace(**{field.name: given(choice)}).get(field.name) == given(choice)
    with refused(field.name) as error:
        Config().replace(**{field.name: given("nonesuch")})
    assert all(choice in str(error.value) for choice in field.metadata["choices"])


@pytest.mark.parametrize("dataset", ["covid_ct", "lung_phantom/small:1.0.0", "user:set", "a-b.c*", "covid_ct+sars_cov2_ct"])
def test_names_of_data_sets_are_accepted(dataset):
    assert Config().replace(dataset=dataset).data.dataset == dataset


@pytest.mark.parametrize("dataset", ["", "a b", "covid_ct+", "+covid_ct", "covid_ct+covid_ct", "auto+mnist", "x;rm", "covid_ct\n"])
def test_what_is_no_name_of_a_data_set_is_refused(dataset):
    with refused("dataset"):
        Config().replace(dataset=dataset)


def test_an_empty_split_is_refused():
    with refused("split"):
        Config().replace(split="")


def test_steps_and_epochs_exclude_each_other():
    with refused("epochs"):
        Config().replace(steps=10, epochs=1)


def test_replace_changes_what_is_named_and_nothing_else():
    config = Config()
    changed = config.replace(**CHANGED)
    assert changed.settings() == {**config.settings(), **CHANGED}
    assert config == Config()


@pytest.mark.parametrize("name", ["drop_out", "model.dropout", "training", ""])
def test_an_unknown_name_is_refused(name):
    for call in (lambda: Config().replace(**{name: 1}), lambda: Config().get(name)):
        with pytest.raises(ArgumentError, match="is not a setting") as error:
            call()
        assert error.value.argument == name


def test_a_config_cannot_be_changed_in_place():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().model.dropout = 0.5


def test_no_two_settings_share_a_name_and_each_has_a_help():
    fields = all_fields()
    assert max(Counter(f.name for f in fields).values()) == 1
    assert all(f.metadata["help"] for f in fields)


@pytest.mark.parametrize(
    "settings, name",
    [
        ({"dataset": "covid_ct"}, "dcgan-covid_ct-64px-leaky_relu"),
        ({"dataset": "lung_phantom/small:1.0.0"}, "dcgan-lung_phantom_small_1.0.0-64px-leaky_relu"),
        ({"network": "polanco64"}, "dcgan-polanco64-auto-64px"),
        (
            {"image_size": 128, "activation": "swish", "dropout": 0.5, "seed": 4},
            "dcgan-auto-128px-swish-dropout0.5-seed4",
        ),
        (
            {"generator_activation": "relu", "discriminator_activation": "gelu"},
            "dcgan-auto-64px-relu-gelu",
        ),
    ],
)
def test_a_description_names_the_main_settings_and_is_fit_for_a_folder(settings, name):
    assert Config().replace(**settings).describe() == name
