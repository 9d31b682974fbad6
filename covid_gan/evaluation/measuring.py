"""Every measure of generated images, beside what real scans reach."""

import dataclasses
from collections.abc import Callable

import numpy as np

from covid_gan import metrics
from covid_gan.evaluation.config import EvaluationConfig
from covid_gan.evaluation.subjects import Subjects
from covid_gan.judge import Judge

LOW, HIGH = "_low", "_high"


@dataclasses.dataclass(frozen=True)
class Measure:
    """One measure; None stands for what could not be measured.

    Attributes:
        key: as `covid_gan.metrics` names it.
        value: of the generated images against the training scans.
        low, high: its 95 % interval, where the measure has one.
        floor, floor_spread: the same between halves of the training scans, mean and standard deviation.
        matched: of as many generated images as a half has against such a half, the mean over the halvings:
            most measures change with the number of images, so this is what to set beside the floor.
        ratio: of `matched` to the floor: 1 is as good as real, 0 is hopeless.
        against_held_out: of the generated images against the scans of the other splits.
        unseen: of the scans of the other splits, in place of generated images, against the training scans.
    """

    key: str
    value: float
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    floor_spread: float | None = None
    matched: float | None = None
    ratio: float | None = None
    against_held_out: float | None = None
    unseen: float | None = None


def measure(
    subjects: Subjects, extractor: Callable | None, config: EvaluationConfig
) -> tuple[tuple[Measure, ...], dict[str, str]]:
    """Measures generated images against training scans, and both against held-out ones.

    Returns:
        The measures, and what is missing with the reason.

    Raises:
        ValueError: too few images or scans for any measure, or images of another size.
    """
    generated, training, unseen = subjects.generated, subjects.training, subjects.unseen
    judge = Judge(training.images, extractor, config.seed)
    values, skipped = judge.measure(generated.images, generated.features)
    skipped = dict(skipped)
    floors = _attempt("floor between halves", skipped, lambda: _floors(training, extractor, config))
    matched = _attempt("ratios to the floor", skipped, lambda: _matched(subjects, extractor, config))
    against_held_out, of_unseen = {}, {}
    if len(unseen):
        against_held_out = _attempt(
            "against held-out scans",
            skipped,
            lambda: Judge(unseen.images, extractor, config.seed).measure(
                generated.images, generated.features, interval=False
            ),
        )
        of_unseen = _attempt(
            "of held-out scans",
            skipped,
            lambda: judge.measure(unseen.images, unseen.features, interval=False),
        )
    else:
        skipped["held-out scans"] = "there is no split without training scans"
    found = [
        _joined(key, values, floors.get(key), matched.get(key), against_held_out, of_unseen)
        for key in values
        if not key.endswith((LOW, HIGH))
    ]
    return tuple(found), skipped


def _attempt(what, skipped, call) -> dict:
    """The numbers of a part; where there are too few scans for it, that is noted instead."""
    try:
        values, reasons = call()
    except metrics.TooFewError as error:
        skipped[what] = str(error)
        return {}
    skipped.update({f"{key}, {what}": reason for key, reason in reasons.items() if key not in skipped})
    return values


def _floors(training, extractor, config):
    floors, skipped = metrics.pixel_floor(training.images, config.halvings, config.seed)
    if extractor:
        found, reasons = metrics.feature_floor(training.features, extractor.key, config.halvings, config.seed)
        floors, skipped = floors | found, skipped | reasons
    return floors, skipped


def _matched(subjects, extractor, config):
    """The mean score of equally many generated images and training scans, as many as the halves have."""
    generated, training = subjects.generated, subjects.training
    rng, half = np.random.default_rng(config.seed), len(training) // 2
    if len(generated) < half:
        raise metrics.TooFewError(f"a half has {half} scans, and {len(generated)} images were generated")
    scores = []
    for _ in range(config.halvings):
        scans = rng.permutation(len(training))[:half]
        made = rng.permutation(len(generated))[:half]
        numbers, _ = metrics.pixel_report(training.images[scans], generated.images[made], config.seed)
        if extractor:
            features = training.features[scans], generated.features[made]
            numbers |= metrics.feature_report(*features, extractor.key, config.seed, interval=False)[0]
        scores.append(numbers)
    return {key: float(np.mean([numbers[key] for numbers in scores])) for key in scores[0]}, {}


def _joined(key, values, floor, matched, against_held_out, of_unseen):
    return Measure(
        key=key,
        value=values[key],
        low=values.get(key + LOW),
        high=values.get(key + HIGH),
        floor=floor.mean if floor else None,
        floor_spread=floor.spread if floor else None,
        matched=matched if floor else None,
        ratio=metrics.ratio(key, matched, floor) if floor and matched is not None else None,
        against_held_out=against_held_out.get(key),
        unseen=of_unseen.get(key),
    )
