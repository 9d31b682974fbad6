"""The plan of a study, study.json: what is trained for how many steps. Once written it holds."""

import dataclasses
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from covid_gan import storage
from covid_gan.config import Config, all_fields
from covid_gan.errors import ArgumentError
from covid_gan.settings import ALWAYS
from experiments.study import machine
from experiments.study.design import OWN_SETTINGS, PLACES, STEPS, Study

log = logging.getLogger("covid_gan.study")

FILE, FORMAT = "study.json", 1


@dataclasses.dataclass
class Plan:
    """What a folder of results is about.

    Attributes:
        study: its name.
        equal: how arms share the budget.
        minutes: for each run; None where steps were given.
        arms: by name: "settings", all of them as resolved; "steps"; "seconds_per_step", None where it was
            not measured.
        seeds: that were asked for so far.
        machine: where it was planned, as `machine.facts`.
        time: when.
    """

    study: str
    equal: str
    minutes: float | None
    arms: dict[str, dict] = dataclasses.field(default_factory=dict)
    seeds: list[int] = dataclasses.field(default_factory=list)
    machine: dict = dataclasses.field(default_factory=dict)
    time: str = ""
    format: int = FORMAT

    def save(self, out: Path) -> None:
        storage.write_whole(out / FILE, json.dumps(dataclasses.asdict(self), indent=1) + "\n")


def load(out: Path) -> Plan | None:
    """The plan in a folder; None where there is none.

    Raises:
        ArgumentError: (`out`) it cannot be read, or the folder holds something else.
    """
    if out.exists() and not out.is_dir():
        raise ArgumentError("out", "is a file; give a folder.", str(out))
    if not (out / FILE).exists():
        if out.exists() and any(not path.name.startswith(".") for path in out.iterdir()):
            raise ArgumentError(
                "out", "holds files that are no study; give a new or an empty folder.", str(out)
            )
        return None
    try:
        found = json.loads((out / FILE).read_text())
        if found["format"] != FORMAT:
            raise ValueError(f"it is of format {found['format']}")
        plan = Plan(**found)
        for arm in plan.arms.values():
            arm["settings"] = _of_old() | arm["settings"]
        return plan
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise ArgumentError("out", f"{FILE} cannot be read: {error}.", str(out)) from error


def make(
    out: Path,
    study: Study,
    configs: Mapping[str, Config],
    arms: list[str],
    seeds: list[int],
    minutes: float | None,
    steps: int | Mapping[str, int] | None,
    measure: Callable[[Mapping[str, Config], float], dict[str, float]],
) -> Plan:
    """Makes the plan of a folder, or adds arms and seeds to the one that it has, and writes it.

    Args:
        out: the folder.
        study: with the way in which arms share the budget.
        configs: of the arms that are there or wanted, resolved.
        arms: that are wanted.
        seeds: that are wanted.
        minutes: for each run; None where it was not given.
        steps: instead: for all arms, or by arm; None where it was not given.
        measure: times a step of each arm that will train for so many minutes; called only for arms that
            are new, where steps are not given.

    Raises:
        ArgumentError: it contradicts the plan that is there; (`steps`) an arm has none.
    """
    plan = load(out)
    if plan is None:
        planned = None if steps else minutes or study.minutes
        plan = Plan(study.name, study.equal, planned, machine=machine.facts(), time=_now())
    _check(plan, out, study, configs, minutes, steps)
    new = {arm: configs[arm] for arm in arms if arm not in plan.arms}
    if new:
        for arm, (count, seconds) in _steps_of(plan, new, steps, measure).items():
            plan.arms[arm] = {
                "settings": _identity(new[arm]),
                "steps": count,
                "seconds_per_step": seconds,
            }
    plan.seeds = sorted({*plan.seeds, *seeds})
    out.mkdir(parents=True, exist_ok=True)
    plan.save(out)
    return plan


def steps_in(minutes: float, seconds: Mapping[str, float], equal: str) -> dict[str, int]:
    """How many steps each arm has.

    Args:
        minutes: for each run; with `STEPS` for the mean arm.
        seconds: of a step, by arm.
        equal: `TIME` or `STEPS`.
    """
    mean = sum(seconds.values()) / len(seconds)
    return {arm: max(1, int(minutes * 60 / (mean if equal == STEPS else s))) for arm, s in seconds.items()}


def parse_steps(text: str | None, arms: list[str]) -> int | dict[str, int] | None:
    """Reads --steps: a number for all arms, or NAME:NUMBER for each, separated by commas.

    Raises:
        ArgumentError: (`steps`) it is neither.
    """
    if text is None:
        return None
    message = "must be a number from 1 on, or NAME:NUMBER for each arm, separated by commas."
    if re.fullmatch(r"\d{1,9}", text) and int(text):
        return int(text)
    pairs = [part.rpartition(":") for part in text.split(",")]
    if not all(re.fullmatch(r"[1-9]\d{0,8}", number) for _, _, number in pairs):
        raise ArgumentError("steps", message, text)
    unknown = [name for name, _, _ in pairs if name not in arms]
    if unknown:
        raise ArgumentError("steps", f"names {unknown[0]!r}, and the arms are {', '.join(arms)}.", text)
    return {name: int(number) for name, _, number in pairs}


def _steps_of(plan, configs, steps, measure) -> dict[str, tuple[int, float | None]]:
    """Of each new arm its steps and, where they were measured, the seconds of one."""
    known = [arm["steps"] for arm in plan.arms.values()]
    if steps and plan.minutes:
        message = f"the plan has {plan.minutes:g} minutes for each run; leave it out, or give another --out."
        raise ArgumentError("steps", message, _shown(steps))
    if isinstance(steps, dict) and plan.equal == STEPS and len({*known, *steps.values()}) > 1:
        raise ArgumentError("steps", "must be one number for all arms with --equal=steps.", _shown(steps))
    if isinstance(steps, int):
        return {arm: (steps, None) for arm in configs}
    if steps:
        for arm in configs:
            if arm not in steps:
                raise ArgumentError("steps", f"says nothing of the arm {arm}.", _shown(steps))
        return {arm: (steps[arm], None) for arm in configs}
    if plan.minutes is None and len(set(known)) > 1:
        raise ArgumentError("steps", f"is needed for the new arms {', '.join(configs)}.", "")
    if known and (plan.minutes is None or plan.equal == STEPS):
        return {arm: (known[0], None) for arm in configs}
    log.info("Timing a step of %s …", ", ".join(configs))
    seconds = measure(configs, plan.minutes)
    counts = steps_in(plan.minutes, seconds, plan.equal)
    for arm, count in counts.items():
        log.info("%s: %.0f ms a step, %d steps in %g minutes", arm, 1e3 * seconds[arm], count, plan.minutes)
    return {arm: (counts[arm], seconds[arm]) for arm in configs}


def _check(plan, out, study, configs, minutes, steps):
    """Refuses what contradicts a plan: its numbers would be mixed with others."""
    elsewhere = "give another --out for it."
    if (plan.study, plan.equal) != (study.name, study.equal):
        message = f"holds the study {plan.study} with equal {plan.equal}; {elsewhere}"
        raise ArgumentError("out", message, str(out))
    if minutes is not None and plan.arms and minutes != plan.minutes:
        had = f"{plan.minutes:g} minutes" if plan.minutes else "steps that were given"
        raise ArgumentError("budget_minutes", f"{out} was planned with {had}; {elsewhere}", f"{minutes:g}")
    for arm, config in configs.items():
        if arm not in plan.arms:
            continue
        before, now = plan.arms[arm]["settings"], _identity(config)
        changed = [name for name in before | now if before.get(name) != now.get(name)]
        if changed:
            name = changed[0]
            message = f"{out} has the arm {arm} with {before.get(name)!r}; {elsewhere}"
            raise ArgumentError(name, message, now.get(name))
        given = steps.get(arm) if isinstance(steps, dict) else steps
        if given and given != plan.arms[arm]["steps"]:
            message = f"{out} has the arm {arm} with {plan.arms[arm]['steps']} steps; {elsewhere}"
            raise ArgumentError("steps", message, _shown(steps))
    here = machine.facts() if plan.arms else plan.machine
    if any(here[name] != plan.machine[name] for name in machine.HARDWARE):
        log.warning("%s was planned on another machine: %s.", out, machine.described(plan.machine))


def _identity(config: Config) -> dict:
    """What makes an arm what it is, as JSON has it."""
    settings = config.settings()
    return json.loads(json.dumps({k: v for k, v in settings.items() if k not in (*OWN_SETTINGS, *PLACES)}))


def _of_old() -> dict:
    """What stands for settings that there were not yet when a plan was made."""
    past = {f.name: f.metadata["before"] for f in all_fields() if f.name not in (*OWN_SETTINGS, *PLACES)}
    return json.loads(json.dumps({name: value for name, value in past.items() if value is not ALWAYS}))


def _shown(steps):
    return steps if isinstance(steps, int) else ",".join(f"{arm}:{n}" for arm, n in steps.items())


def _now():
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")
