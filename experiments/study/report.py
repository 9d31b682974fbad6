"""report.md of a study: the question, the answer's numbers, how to repeat them.

Beside it extract.md has what experiments/RESULTS.md takes over: no scan of a patient is in it.
"""

import importlib
import logging
import shlex
from pathlib import Path

from covid_gan import storage
from covid_gan.errors import ArgumentError, RunError, reason
from covid_gan.evaluation import keys
from covid_gan.evaluation.text import MISSING, code, count, listed, number, table
from covid_gan.evaluation.words import HEADLINES, title_of
from covid_gan.progress import clock
from covid_gan.training.preparing import described
from experiments.study import figures, machine, words
from experiments.study.design import EXTRACT, FIGURES, STEPS
from experiments.study.results import Result, Results
from experiments.study.tasks import JUDGING, TRAINING

log = logging.getLogger("covid_gan.study")

REPORT = "report.md"


def write(results: Results) -> Path:
    """Draws the figures and writes report.md and extract.md.

    Returns:
        The path of the report.
    """
    folder = results.out / FIGURES
    drawn = {
        "comparison.png": figures.comparison(results, results.study.measures),
        "samples.png": figures.samples(results),
        "generated.png": figures.samples(results, real=False, most_columns=1),
    }
    for name, drawing in drawn.items():
        if drawing:
            figures.save(drawing, folder / name)
    found = [
        _state(results),
        *(_numbers(results)),
        _picture("comparison.png", "Every seed a dot, the mean a bar, real halves dashed", drawn),
        *_own_sections(results, folder),
    ]
    title, question = f"# {results.study.name}", results.study.question
    samples = _picture(
        "samples.png", "The first twelve images of every run, by seed, below real scans", drawn
    )
    path = results.out / REPORT
    _write(path, [title, question, *found, samples, _runs(results), _repeat(results)])
    caption = "The first twelve images of the first seed's runs, less those of runs that memorised patients"
    generated = _picture("generated.png", caption, drawn)
    command = f"```bash\n{study_command(results)}\n```"
    _write(results.out / EXTRACT, [question, command, _cost(results), *found, generated])
    return path


def _write(path, parts):
    storage.write_whole(path, "\n\n".join(part for part in parts if part) + "\n")


def _own_sections(results, folder):
    """What this study has beside the others; where it cannot be made, the reason: the rest is not to wait."""
    if results.study.sections is None or not results.judged:
        return []
    try:
        module = importlib.import_module(f"experiments.sections.{results.study.sections}")
        return module.sections(results, folder)
    except (ArgumentError, RunError, LookupError, TypeError, ValueError, *storage.errors()) as error:
        log.warning("A part of the report is missing: %s", error)
        return [f"**A part is missing here**: {reason(error)}."]


def _state(results):
    done, wanted = len(results.judged), len(results.all)
    return (
        ""
        if done == wanted
        else f"**{done} of {count(wanted, 'run')} are judged; the rest is to come, or failed.**"
    )


def _numbers(results):
    """For each set of scans that runs are held against a table, and what the first measure allows to say."""
    groups = results.groups()
    for group in groups:
        data = group[0].report.found[keys.DATA]
        scans = f"{described(data)}, split {data['split']}, at {data['image_size']} pixels"
        yield f"### Against {scans}" if len(groups) > 1 else f"Against {scans}:"
        yield _table(results, group)
        arms = dict.fromkeys(result.task.arm for result in group)
        deciding = next(filter(None, map(results.keys_of, results.study.measures)), [])
        for key in deciding if len(arms) > 1 else ():
            yield words.verdict(key, {arm: results.values(arm, key) for arm in arms})
    if groups:
        yield (
            "Mean ± standard deviation over the seeds, against the training scans. *Real halves*: the same "
            "between halves of these scans, mean ± standard deviation over halvings; a half has fewer "
            "images, so a perfect generator may do a little better."
        )


def _table(results, group):
    shown = [
        key
        for base in HEADLINES
        for key in results.keys_of(base)
        if any(r.value(key) is not None for r in group)
    ]
    head = ["arm", "seeds", *(title_of(key) for key in shown), "privacy"]
    rows = [["*real halves*", "", *(_floor(group, key) for key in shown), ""]]
    for arm in dict.fromkeys(result.task.arm for result in group):
        own = [result for result in group if result.task.arm == arm]
        cells = [words.mean_and_spread(results.values(arm, key)) for key in shown]
        rows.append([code(arm), len(own), *cells, _privacy(own)])
    return table(head, rows)


def _floor(group, key):
    found = next((r for r in group if r.value(key, keys.FLOOR) is not None), None)
    if found is None:
        return MISSING
    return f"{number(found.value(key, keys.FLOOR))} ± {number(found.value(key, keys.FLOOR_SPREAD), 2)}"


def _privacy(results):
    verdicts = [r.verdict or "not examined" for r in results]
    counts = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
    return ", ".join(f"{verdict} ({n})" if len(counts) > 1 else verdict for verdict, n in counts.items())


def _picture(name, caption, drawn):
    return f"![{caption}]({FIGURES}/{name})\n\n{caption}." if drawn.get(name) else ""


def _runs(results):
    rows = []
    for result in results.all:
        seconds = [clock(result.seconds[s]) if result.seconds[s] else MISSING for s in (TRAINING, JUDGING)]
        steps = f"{result.step:,} of {result.task.steps:,}"
        rows.append([code(result.name), steps, *seconds, _fate(result)])
    return "## Runs\n\n" + table(["run", "steps", "training", "judging", ""], rows)


def _fate(result: Result) -> str:
    """What a reader must know of a run."""
    facts = list(result.events)
    if result.failed:
        facts.append(f"**failed**, {result.failed}")
    elif not result.run:
        facts.append("has not begun")
    elif result.step < result.task.steps:
        facts.append("is not finished")
    elif not result.report:
        facts.append("is not judged")
    return "; ".join(facts)


def _cost(results):
    """A line: the machine, the runs, and the time that all of them took."""
    steps = sorted({result.task.steps for result in results.all})
    each = f"{steps[0]:,}" if len(steps) == 1 else f"{steps[0]:,} to {steps[-1]:,}"
    training, judging = (clock(sum(r.seconds[stage] for r in results.all)) for stage in (TRAINING, JUDGING))
    return (
        f"{machine.described(results.plan.machine)}; {count(len(results.all), 'run')} of {each} steps, "
        f"{training} of training and {judging} of judging, added up."
    )


def _repeat(results):
    plan = results.plan
    how = f"{plan.minutes:g} minutes of training for each run" if plan.minutes else "steps that were given"
    if plan.minutes:
        shared = "as many steps for all arms" if plan.equal == STEPS else "by the time of a step of each arm"
        how += f", made into {shared}; the step was timed before, without what is saved and scored on the way"
    arms = [f"# {arm}\n{training_command(results.of(arm)[0])}" for arm in plan.arms if results.of(arm)]
    seconds = sum(result.seconds[stage] for result in results.all for stage in (TRAINING, JUDGING))
    rows = [
        ["budget", how],
        ["seeds", listed(list(map(str, plan.seeds)))],
        ["hardware", machine.described(plan.machine)],
        ["load when it was planned", plan.machine["load"]],
        ["all runs, added up", clock(seconds)],
        ["versions", ", ".join(f"{k} {v}" for k, v in plan.machine["versions"].items() if v)],
        ["planned", plan.time],
    ]
    commands = "\n".join([f"# all of it\n{study_command(results)}", *arms])
    return f"## Repeat it\n\n```bash\n{commands}\n```\n\n{table(['', ''], rows)}"


def training_command(result: Result) -> str:
    """The command that repeats a training, whatever machine its steps were planned on."""
    return shlex.join(["python", "-m", "covid_gan.train", *result.task.training_flags])


def study_command(results: Results) -> str:
    """The command that repeats a study with the same steps."""
    plan = results.plan
    steps = {arm: plan.arms[arm]["steps"] for arm in results.arms}
    if len(set(steps.values())) == 1:
        shown = str(next(iter(steps.values())))
    else:
        shown = ",".join(f"{arm}:{n}" for arm, n in steps.items())
    seeds = ",".join(map(str, plan.seeds)) + ("," if len(plan.seeds) == 1 else "")
    own = [f"--arms={','.join(steps)}", f"--steps={shown}", f"--seeds={seeds}"]
    return shlex.join(["python", "-m", f"experiments.{plan.study}", *own, *results.given])
