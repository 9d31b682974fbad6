"""The door of every study: flags, then plan, runs, report."""

import dataclasses
import logging
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from absl import flags

from covid_gan import cli, runs, storage
from covid_gan.config import Config
from covid_gan.errors import ArgumentError
from covid_gan.evaluation.config import NO_FEATURES, EvaluationConfig
from experiments.study import arguments, machine
from experiments.study.design import OWN_SETTINGS, PLACES, STEPS, TIME, Study

# Below the package's logger, whose lines the doors print.
log = logging.getLogger("covid_gan.study")

_HELP = """{question}

python -m experiments.{name} --manual_dir=COVID-CT
python -m experiments.{name} --budget_minutes=1 --seeds=1

Start it again to go on: what is finished stays as it is. Flags of settings hold for all arms.

arms: {arms}"""
# Of an evaluation: what a study leaves alone.
_NOT_JUDGED_BY = ("seed", "raw", "utility", "utility_seeds", "features_key")


def main(study: Study, argv=None, define: Callable | None = None, adapt: Callable | None = None) -> int:
    """Runs a study from the command line.

    Args:
        study: the study.
        argv: the arguments, `sys.argv[1:]` where not given.
        define: defines flags of its own on a `FlagValues`.
        adapt: makes the study anew from the study and the parsed flags.

    Returns:
        The exit code, as of `cli.run`.
    """
    # This process and those that it starts share a GPU: none may take all of its memory.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    doc = _HELP.format(question=study.question, name=study.name, arms=", ".join(study.arms))

    own = []

    def define_all(values):
        _define(values, study)
        before = set(values)
        if define:
            define(values)
        own[:] = sorted(set(values) - before)

    def call(values):
        again = sys.argv[1:] if argv is None else list(argv)
        _run(adapt(study, values) if adapt else study, values, again, own)

    return cli.run(f"experiments.{study.name}", doc, define_all, call, argv)


def _define(values, study):
    def text(name, default, help):
        flags.DEFINE_string(name, default, help, flag_values=values)

    flags.DEFINE_float(
        "budget_minutes",
        None,
        f"of training for each run; made into steps once, and kept (default: {study.minutes:g})",
        flag_values=values,
    )
    text("steps", None, "instead of --budget_minutes: for all arms, or NAME:NUMBER,… for each")
    text("seeds", "3", "how many, as in 3 for 0, 1 and 2; or which, as in 0,1,2; a single one as 5,")
    text("arms", None, f"names, separated by commas (default: {','.join(study.chosen) or 'all'})")
    flags.DEFINE_integer("jobs", 1, "runs at a time, each on its part of the cores", 1, flag_values=values)
    text("out", None, f"folder of the results (default: studies/{study.name})")
    flags.DEFINE_enum(
        "equal",
        study.equal,
        (TIME, STEPS),
        "what arms have the same of, out of --budget_minutes",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "report_only", False, "train nothing: write the report of what there is", flag_values=values
    )
    cli.define_fields(values, "evaluation", EvaluationConfig, without=_NOT_JUDGED_BY)
    cli.define_settings(values, without=OWN_SETTINGS, defaults=study.common)


def _run(study, values, argv, own):
    from experiments.study import planning, report, results, running, tensorboard
    from experiments.study.progress import Display

    suffix = f"-{values.equal}" if values.equal != study.equal else ""
    out = _folder(values.out or f"studies/{study.name}{suffix}")
    study = dataclasses.replace(study, equal=values.equal)
    arguments.check_budget(values)
    seeds, arms = arguments.parse_seeds(values.seeds), arguments.chosen_arms(study, values.arms)
    # Refuses a folder of something else before anything is written.
    if planning.load(out) is None and values.report_only:
        raise ArgumentError("report_only", f"there is no study in {out} yet.", True)
    given = arguments.given_settings(values)
    judged_by = EvaluationConfig(**cli.given_settings(values, EvaluationConfig))
    display = Display()
    with running.lock(out, display.say) as inherited:
        plan = _plan(study, values, out, arms, seeds, given)
        configs = {arm: config_in(plan, arm, study, given) for arm in _known(study, plan, [])}
        tasks = make_tasks(plan, configs, out, judged_by)

        def write():
            found = results.read(
                study, plan, tasks, out, arguments.given_flags(values, [*own, "equal", "jobs"])
            )
            tensorboard.write(found)
            return report.write(found)

        try:
            if not values.report_only:
                _open_encoders(judged_by, [configs[arm] for arm in arms])
                mine = [task for task in tasks if task.arm in arms and task.seed in seeds]
                log.info("%s: %d to be done, on %s", out, len(mine), machine.described(machine.facts()))
                again = shlex.join(["python", "-m", f"experiments.{study.name}", *argv])
                running.Runner(mine, values.jobs, again, inherited, display, write).run()
        finally:
            path = write()
    print(path.read_text(encoding="utf-8"))
    print(f"The report is {path}; tensorboard --logdir={out / tensorboard.FOLDER}")


def _plan(study, values, out, arms, seeds, given):
    """The plan of the folder, with what is wanted now; with --report_only as it is."""
    from experiments.study import planning, running, timing

    plan = planning.load(out)
    if values.report_only:
        return plan
    threads = running.threads_for(values.jobs)
    return planning.make(
        out,
        study,
        _resolved(study, _known(study, plan, arms), given),
        arms,
        seeds,
        values.budget_minutes,
        planning.parse_steps(values.steps, list(study.arms)),
        lambda new, minutes: timing.measure(new, minutes, threads),
    )


def _folder(out: str) -> Path:
    """The folder of the results, which has to be on a disk: a bucket has no locks."""
    if storage.is_remote(out):
        raise ArgumentError("out", "must be on this machine; copy it to the bucket afterwards.", out)
    runs.check_writable(out, "out")
    return storage.path(out)


def config_in(plan, arm: str, study: Study, given: dict) -> Config:
    """The settings that an arm has by its plan, with the folders of the command line."""
    config = study.config_of(arm, given)
    return config.replace(**plan.arms[arm]["settings"], steps=plan.arms[arm]["steps"])


def _known(study, plan, arms) -> list[str]:
    """The arms of a plan, as far as the study still has them, and those that are wanted."""
    planned = list(plan.arms) if plan else []
    gone = [arm for arm in planned if arm not in study.arms]
    if gone:
        log.warning("The study no longer has %s; the report leaves them out.", ", ".join(gone))
    return [arm for arm in dict.fromkeys([*planned, *arms]) if arm in study.arms]


def make_tasks(plan, configs, out, judged_by) -> list:
    """All trainings of a plan: seed by seed, so that what is done early compares all arms."""
    from experiments.study.tasks import Task

    return [
        Task(
            arm=arm,
            seed=seed,
            config=configs[arm].replace(seed=seed),
            out=out,
            evaluation=judged_by,
            seconds_per_step=plan.arms[arm]["seconds_per_step"],
        )
        for seed in plan.seeds
        for arm in plan.arms
        if arm in configs
    ]


def _resolved(study, arms, given) -> dict[str, Config]:
    """The arms' settings, those with the models' own defaults, on one data set whatever `auto` stands for.

    Reads the images, as a plan that cannot be trained is not to be written.

    Raises:
        ArgumentError: a setting does not fit the networks or the data.
    """
    from covid_gan import build
    from covid_gan.training import preparing

    found, read = {}, {}
    for arm in arms:
        config = build.resolve(study.config_of(arm, given))
        about = (config.data, config.model.image_size)
        if about not in read:
            read[about] = preparing.load(config)[0].data
        # The folders stay as they were given: the commands of the report are for other machines too.
        places = {name: config.get(name) for name in PLACES}
        found[arm] = dataclasses.replace(config, data=dataclasses.replace(read[about], **places))
    return found


def _open_encoders(judged_by, configs):
    """Makes each data set's encoder before the first training: then all runs are scored alike on the way."""
    from covid_gan import features

    if judged_by.features == NO_FEATURES:
        return
    seen = set()
    for config in configs:
        about = (config.data.dataset, config.data.resize, config.data.exclude, config.model.image_size)
        if about not in seen:
            features.get(judged_by.features, config)
        seen.add(about)
