"""Measures over training: as the training wrote them down, or of the checkpoints that were kept."""

import dataclasses
import logging

import numpy as np

from covid_gan.checkpoint_files import paths_in, restore_generator, step_of
from covid_gan.errors import ArgumentError, RunError
from covid_gan.evaluation.config import EvaluationConfig
from covid_gan.evaluation.generated import drawn, generator_at
from covid_gan.evaluation.measuring import HIGH, LOW
from covid_gan.evaluation.text import count
from covid_gan.judge import Judge
from covid_gan.runs import Run
from covid_gan.sampling import Sampler
from covid_gan.training import evaluations

log = logging.getLogger(__name__)

_FACTS = {evaluations.STEP, evaluations.AGAINST, evaluations.COUNT}


@dataclasses.dataclass(frozen=True)
class Curves:
    """Measures over the steps of a run.

    Attributes:
        origin: where they come from, as a sentence.
        series: by key, (step, value) in the order of the steps.
    """

    origin: str
    series: dict[str, tuple[tuple[int, float], ...]]


def curves_of(run: Run, judge: Judge, against: str, config: EvaluationConfig) -> Curves | None:
    """The curves of a run, with the kernel distance of the judge's extractor among them where it has one.

    What the training wrote down is taken where it has that; else the checkpoints that were kept are judged.

    Args:
        run: a run folder.
        judge: to judge checkpoints with.
        against: what the judge compares with, as a phrase.
        config: how many checkpoints, and the seed.

    Returns:
        None where there are fewer than two points.
    """
    lines = evaluations.read(run.path / evaluations.FILE)
    written = _series(lines)
    wanted = judge.kid_key or next(iter(written), None)
    if len(written.get(wanted, ())) > 1:
        facts = lines[-1]
        real = f"{count(facts[evaluations.COUNT], 'scan')} of {facts[evaluations.AGAINST]}"
        return Curves(
            f"Measured by the training itself, {evaluations.IMAGES} images against {real}.", written
        )
    judged = _series(_judged(run, judge, config))
    if not any(len(points) > 1 for points in judged.values()):
        return None
    return Curves(f"{evaluations.IMAGES} images of each checkpoint that was kept, against {against}.", judged)


def _judged(run, judge, config) -> list[dict]:
    """Scores of the kept checkpoints, at most `config.curve` of them, evenly over the steps."""
    steps = sorted({step_of(path) for path in paths_in(run.checkpoints)})
    if min(len(steps), config.curve) < 2:
        return []
    places = np.linspace(0, len(steps) - 1, min(config.curve, len(steps))).round().astype(int)
    generator, _ = generator_at(run, str(steps[0]), config.raw)
    sampler, lines = Sampler(generator), []
    for step in (steps[place] for place in places):
        log.info("Judging the checkpoint of step %d for the curves …", step)
        try:
            restore_generator(run.checkpoints, generator, config.raw, str(step))
            made = drawn(sampler, evaluations.IMAGES, config.seed)
            lines.append({evaluations.STEP: step} | judge.score(made))
        except (ArgumentError, RunError, ValueError) as error:
            log.warning("The checkpoint of step %d is left out of the curves: %s", step, error)
    return lines


def _series(lines) -> dict[str, tuple[tuple[int, float], ...]]:
    """Points by key; of two lines of one step the later one counts."""
    found = {}
    for line in lines:
        for key, value in line.items():
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if number and key not in _FACTS and not key.endswith((LOW, HIGH)):
                found.setdefault(key, {})[line[evaluations.STEP]] = float(value)
    return {key: tuple(sorted(points.items())) for key, points in found.items()}
