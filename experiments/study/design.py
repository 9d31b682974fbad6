"""What a study is: a question, its arms, and how they share the budget."""

import dataclasses
from collections.abc import Mapping

from absl import flags

from covid_gan import cli, metrics
from covid_gan.config import Config, all_fields
from covid_gan.errors import ArgumentError

# What a study leaves in its folder for experiments/RESULTS.md.
EXTRACT, FIGURES = "extract.md", "figures"
# How arms share a budget: each trains equally long, or each updates its generator equally often.
TIME, STEPS = "time", "steps"
# What a study sets itself, for each run.
OWN_SETTINGS = ("steps", "epochs", "seed")
# Where files lie, which is not what a study is about.
PLACES = ("data_dir", "manual_dir")


class Arm:
    """One of the things that a study compares.

    Args:
        preset: a published recipe that it starts from, less its number of epochs.
        **settings: what it is, by the flat names of `Config`; nothing overrides them.

    Attributes:
        below: the settings of the preset, which a study and the command line override.
        settings: as given.
    """

    def __init__(self, preset: str | None = None, **settings):
        self.below = preset_settings(preset) if preset else {}
        self.settings = settings


@dataclasses.dataclass(frozen=True)
class Study:
    """A question and the trainings that answer it.

    Attributes:
        name: of the module in experiments/, and of the folder of the results.
        question: one or two sentences.
        arms: by name; a name is of letters, digits, "_", "." and "-".
        common: settings of all arms, which the command line overrides.
        minutes: of training, for each run.
        equal: `TIME` or `STEPS`.
        measures: what the figure shows, by the start of their keys; the first one decides.
        chosen: the arms that are run where the command line names none; all where empty.
        free: settings that the command line may give although an arm has its own: they are for the others.
        sections: the module of experiments/sections/ that makes what this report has beside the others'. It
            is imported when the report is written, as it loads TensorFlow.
    """

    name: str
    question: str
    arms: Mapping[str, Arm]
    common: Mapping = dataclasses.field(default_factory=dict)
    minutes: float = 5.0
    equal: str = TIME
    measures: tuple[str, ...] = (metrics.KID, metrics.SPECTRUM)
    chosen: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    sections: str | None = None

    def config_of(self, arm: str, given: Mapping) -> Config:
        """The settings of an arm: its preset's, then those of the study, the command line and the arm.

        Args:
            arm: its name.
            given: settings of the command line.

        Raises:
            ArgumentError: a setting is wrong, or one is given that the study varies.
        """
        for name, value in given.items():
            if name not in self.free and any(name in arm.settings for arm in self.arms.values()):
                raise ArgumentError(name, "is what this study varies; leave it out.", value)
        settings = {**self.arms[arm].below, **self.common, **given, **self.arms[arm].settings}
        return Config().replace(**settings)


def preset_settings(name: str) -> dict:
    """The settings of a published recipe, without its length and seed."""
    values = flags.FlagValues()
    cli.define_settings(values)
    values(["preset", f"--flagfile={cli.preset_folder() / name}.flags"])
    return {k: v for k, v in cli.given_settings(values).items() if k not in OWN_SETTINGS}


def flags_of(config: Config) -> list[str]:
    """The flags of `python -m covid_gan.train` that make a config: all that differs from the defaults."""
    defaults, found = Config(), []
    for field in all_fields():
        value = config.get(field.name)
        if value is None or value == defaults.get(field.name):
            continue
        if isinstance(value, tuple):
            value = ",".join(value)
        elif isinstance(value, bool):
            value = str(value).lower()
        found.append(f"--{field.name}={value}")
    return found
