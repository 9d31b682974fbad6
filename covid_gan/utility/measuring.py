"""From two runs to what classifiers gain from their images."""

import dataclasses
import logging
import time
from collections.abc import Sequence

import numpy as np

from covid_gan.errors import ArgumentError
from covid_gan.progress import clock
from covid_gan.runs import NEWEST, Run
from covid_gan.utility import classifier, scores, sides, words
from covid_gan.utility.arms import ARMS, REAL, Arm, needed, training_set
from covid_gan.utility.classifier import Budget
from covid_gan.utility.results import ArmScores, Utility

log = logging.getLogger(__name__)

LEVEL = 0.95
_MOST_SEEDS = 100


def measure_utility(
    positive: Run,
    negative: Run,
    seeds: int = 3,
    arms: Sequence[Arm] = ARMS,
    budget: Budget = Budget(),
    seed: int = 0,
    checkpoint: str = NEWEST,
) -> Utility:
    """Trains classifiers on real and generated images and tests them on the official test split.

    Every arm has the same steps, batches and changes of images. The generators saw only the training
    split; test and validation scans that share an id, a picture or a patient with it are refused or left out.

    Args:
        positive: the run trained on the class whose F1 is reported, such as covid.
        negative: the run trained on the other class of the same data set, with the same settings of data.
        seeds: classifiers in each arm, from 2 to 100: one seed shows nothing.
        arms: the first one is the real one, which the others are compared with.
        budget: of each classifier; `QUICK` for a trial.
        seed: of everything random: the same seed gives the same numbers on a CPU.
        checkpoint: of both runs: "newest", "best", or a step.

    Raises:
        ArgumentError: (`runs`) the runs do not fit together, or leave too few scans or patients for a test;
            (`run`, `checkpoint`) one has no such checkpoint; (`seeds`, `arms`) as above.
        RunError: the data are not those a run was trained on, or no checkpoint can be read.
    """
    _check(seeds, arms)
    return measure(sides.open_sides(positive, negative, checkpoint), seeds, arms, budget, seed)


def measure(opened: sides.Sides, seeds: int, arms: Sequence[Arm], budget: Budget, seed: int) -> Utility:
    """`measure_utility` of two runs that are opened already."""
    log.info("Utility: %d classifiers of %d steps …", seeds * len(arms), budget.steps)
    logits = _logits(opened, seeds, arms, budget, seed)
    return _results(opened, logits, arms, budget, seed)


def _check(seeds, arms):
    if not 2 <= seeds <= _MOST_SEEDS:
        raise ArgumentError("seeds", f"must be from 2, for a spread, to {_MOST_SEEDS}.", seeds)
    if not arms or arms[0] != REAL or len({arm.name for arm in arms}) < len(arms):
        names = [arm.name for arm in arms]
        raise ArgumentError("arms", "must begin with the real one, and differ in their names.", names)


def _logits(opened, seeds, arms, budget, seed):
    """The logits of every classifier: {split: float64 [arms, seeds, scans]}."""
    found = {split: [[] for _ in arms] for split in opened.held_out}
    began = time.monotonic()
    for n in range(seeds):
        drawn = seed * _MOST_SEEDS + n
        counts = np.max([needed(arm, opened.train) for arm in arms], axis=0)
        generated = opened.generate(counts, drawn)
        for i, arm in enumerate(arms):
            model = classifier.train(*training_set(arm, opened.train, generated), budget, drawn, opened.flip)
            for split, held_out in opened.held_out.items():
                found[split][i].append(classifier.scores(model, held_out.joined()[0]))
            done, total = n * len(arms) + i + 1, seeds * len(arms)
            left = (time.monotonic() - began) * (total - done) / done
            log.info("Utility: %d of %d classifiers trained · ETA %s", done, total, clock(left))
    return {split: np.array(own) for split, own in found.items()}


def _results(opened, logits, arms, budget, seed):
    truth = opened.held_out[sides.TEST].joined()[1]
    weights = scores.resampled_weights(truth, opened.groups, seed)
    patients = opened.patients
    gain_level = 1 - (1 - LEVEL) / max(1, len(arms) - 1)
    result = Utility(
        **_facts(opened),
        patients=patients,
        f1_always=float(scores.f1(np.ones_like(truth), truth, weights[:1])[0]),
        seeds=logits[sides.TEST].shape[1],
        budget=budget,
        level=LEVEL,
        gain_level=gain_level,
        arms=_scored(arms, opened.train, *_values(opened, logits, truth, weights), min(patients), gain_level),
        answer="",
    )
    return dataclasses.replace(result, answer=words.answer(result))


def _facts(opened):
    """What a `Utility` says of the runs and their scans."""
    both = opened.positive, opened.negative
    validation = opened.held_out.get(sides.VALIDATION)
    return dict(
        positive=both[0].label,
        negative=both[1].label,
        dataset=both[0].scans.fingerprint["name"],
        version=both[0].scans.fingerprint["version"],
        runs=tuple(side.run.name for side in both),
        checkpoints=tuple(side.step for side in both),
        train=opened.train.counts,
        validation=validation.counts if validation else (0, 0),
        test=opened.held_out[sides.TEST].counts,
        dropped=opened.dropped,
        threshold=sides.VALIDATION if validation else "0",
        size=opened.train.positive.shape[1],
        flip=opened.flip,
    )


def _scored(arms, train, aucs, f1s, patients, gain_level):
    """The `ArmScores` of each arm, from what `_values` returns."""
    found = []
    for arm, auc, f1 in zip(arms, aucs, f1s):
        gains = [None, None]
        if arm != REAL:
            gains = [scores.estimate(g, patients, gain_level) for g in (auc - aucs[0], f1 - f1s[0])]
        own = [scores.within(scores.estimate(values, patients, LEVEL)) for values in (auc, f1)]
        real = sum(train.counts) if arm.real else 0
        found.append(ArmScores(arm.name, arm.adds, real, sum(needed(arm, train)), *own, *gains))
    return tuple(found)


def _values(opened, logits, truth, weights):
    """AUC and F1 of every classifier: two float64 [arms, seeds, 1 + bootstrap samples]."""
    thresholds = np.zeros(logits[sides.TEST].shape[:2])
    if sides.VALIDATION in logits:
        known = opened.held_out[sides.VALIDATION].joined()[1]
        thresholds = [[scores.best_threshold(one, known) for one in own] for own in logits[sides.VALIDATION]]
    aucs, f1s = [], []
    for own, limits in zip(logits[sides.TEST], thresholds):
        aucs.append([scores.auc(one, truth, weights) for one in own])
        f1s.append([scores.f1(one > limit, truth, weights) for one, limit in zip(own, limits)])
    return np.array(aucs), np.array(f1s)
