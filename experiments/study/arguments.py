"""What the flags of a study mean."""

from collections.abc import Iterable

from covid_gan import cli
from covid_gan.errors import ArgumentError
from covid_gan.evaluation.config import EvaluationConfig
from experiments.study.design import OWN_SETTINGS, Study


def check_budget(values) -> None:
    """Refuses a budget that is none, or two of them.

    Raises:
        ArgumentError: (`steps`, `budget_minutes`)
    """
    if values.steps is not None and values.budget_minutes is not None:
        raise ArgumentError("steps", "cannot be given together with --budget_minutes.", values.steps)
    if values.budget_minutes is not None and values.budget_minutes <= 0:
        raise ArgumentError("budget_minutes", "must be above 0.", values.budget_minutes)


def parse_seeds(text: str) -> list[int]:
    """Reads --seeds: 3 is 0, 1 and 2; 0,4 is 0 and 4; 4, is 4.

    Raises:
        ArgumentError: (`seeds`) it is neither.
    """
    listed = "," in text
    parts = [part.strip() for part in text.removesuffix(",").split(",")]
    numbers = [int(part) for part in parts if part.isdecimal()]
    if len(numbers) < len(parts) or max(numbers) >= 2**31 or not (listed or numbers[0]):
        raise ArgumentError("seeds", "must be how many, from 1 on, or which, separated by commas.", text)
    return sorted(set(numbers)) if listed else list(range(numbers[0]))


def chosen_arms(study: Study, text: str | None) -> list[str]:
    """Reads --arms: names of the study's arms, its own choice where not given.

    Raises:
        ArgumentError: (`arms`) there is no such arm.
    """
    names = [part.strip() for part in text.split(",")] if text else list(study.chosen or study.arms)
    unknown = [name for name in names if name not in study.arms]
    if unknown:
        raise ArgumentError("arms", f"{unknown[0]!r} is none; there are {', '.join(study.arms)}.", text)
    return list(dict.fromkeys(names))


def given_settings(values) -> dict:
    """The settings on the command line; --steps is the study's own flag here."""
    return {k: v for k, v in cli.given_settings(values).items() if k not in OWN_SETTINGS}


def given_flags(values, own: Iterable[str] = ()) -> list[str]:
    """The flags on the command line that say what is compared and how it is judged, to be given again.

    Args:
        values: parsed.
        own: names of flags that this study has beside the others'.
    """
    given = {**given_settings(values), **cli.given_settings(values, EvaluationConfig)}
    given |= {name: values[name].value for name in own if values[name].present}
    shown = {name: ",".join(v) if isinstance(v, tuple) else v for name, v in given.items()}
    return [f"--{name}={str(v).lower() if isinstance(v, bool) else v}" for name, v in shown.items()]
