"""What came out of a study, as far as it is: read from its folder."""

import dataclasses
import json
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from covid_gan.evaluation import keys, words
from covid_gan.evaluation.comparing import GENERATED_SHEET, REAL_SHEET, Report
from covid_gan.runs import SESSIONS, Run
from experiments.study.design import Study
from experiments.study.planning import Plan
from experiments.study.tasks import JUDGING, TRAINING, Task


@dataclasses.dataclass(frozen=True)
class Result:
    """What came out of one training.

    Attributes:
        task: arm, seed and settings.
        run: its folder; None where it has not begun.
        step: of its newest checkpoint.
        report: its evaluation; None where there is none.
        failed: what went wrong at the last start; None where nothing did.
        events: collapses and rollbacks on the way, in words.
        seconds: of training and of judging, as far as they were noted.
    """

    task: Task
    run: Run | None
    step: int
    report: Report | None
    failed: str | None
    events: tuple[str, ...]
    seconds: dict[str, float]

    @property
    def name(self) -> str:
        return self.task.name

    def value(self, key: str, part: str = keys.VALUE) -> float | None:
        """A number of the evaluation; None where it was not measured."""
        measure = self.report and self.report.found[keys.MEASURES].get(key)
        return measure[part] if measure else None

    def sheet(self, which: str = GENERATED_SHEET) -> np.ndarray | None:
        """The evaluation's sheet of images of this seed, uint8 [6·S, 6·S]; None without an evaluation."""
        if not self.report or not (self.report.folder / which).exists():
            return None
        with Image.open(self.report.folder / which) as image:
            return np.asarray(image.convert("L"))

    @property
    def verdict(self) -> str | None:
        """On memorised patients; None without an evaluation, or where they were not examined."""
        return self.report and (self.report.found[keys.PRIVACY] or {}).get("verdict")

    @property
    def real_sheet(self) -> np.ndarray | None:
        return self.sheet(REAL_SHEET)


@dataclasses.dataclass(frozen=True)
class Results:
    """What came out of a study.

    Attributes:
        study: the question and its arms.
        plan: what was to be trained.
        out: the folder.
        all: of each arm and seed of the plan.
        given: the flags of settings on the command line.
    """

    study: Study
    plan: Plan
    out: Path
    all: tuple[Result, ...]
    given: tuple[str, ...] = ()

    @property
    def arms(self) -> list[str]:
        """Those that there are results of, in the order of the plan."""
        return list(dict.fromkeys(result.task.arm for result in self.all))

    @property
    def judged(self) -> list[Result]:
        return [result for result in self.all if result.report]

    def of(self, arm: str) -> list[Result]:
        """The results of an arm, by seed."""
        return [result for result in self.all if result.task.arm == arm]

    def keys_of(self, base: str) -> list[str]:
        """The keys of a measure in any report: of features one for each extractor, of SWD each level."""
        there = dict.fromkeys(key for result in self.judged for key in result.report.found[keys.MEASURES])
        return [key for key in there if words.base_of(key) == base]

    def values(self, arm: str, key: str, part: str = keys.VALUE) -> list[float]:
        """A number for each seed of an arm for which it was measured."""
        found = (result.value(key, part) for result in self.of(arm))
        return [value for value in found if value is not None]

    def groups(self) -> list[list[Result]]:
        """Judged results by the scans they are held against: numbers of two groups cannot be compared."""
        found = {}
        for result in self.judged:
            found.setdefault(result.report.scans, []).append(result)
        return list(found.values())


def read(study: Study, plan: Plan, tasks: Sequence[Task], out: Path, given: Sequence[str] = ()) -> Results:
    """Reads what there is of each task."""
    return Results(study, plan, out, tuple(_read(task) for task in tasks), tuple(given))


def _read(task):
    run, state = task.run(), task.state()
    return Result(
        task=task,
        run=run,
        step=task.trained_steps(),
        report=task.report(),
        failed=state["failed"],
        events=tuple(_events(run)) if run else (),
        seconds={stage: state[stage] for stage in (TRAINING, JUDGING)},
    )


def _events(run):
    path = run.path / SESSIONS
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            facts = json.loads(line)
        except ValueError:
            continue
        if "collapsed_at" in facts:
            yield f"collapsed at step {facts['collapsed_at']}: {'; '.join(facts['reasons'])}"
        if "rolled_back_to" in facts:
            yield f"rolled back to step {facts['rolled_back_to']}"


def mean(values: Sequence[float]) -> float:
    return statistics.fmean(values)


def spread(values: Sequence[float]) -> float | None:
    """The standard deviation over seeds; None for a single one."""
    return statistics.stdev(values) if len(values) > 1 else None
