"""All that an evaluation finds, before it is written down."""

import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable

import numpy as np

from covid_gan import privacy
from covid_gan.errors import ArgumentError
from covid_gan.evaluation.config import EvaluationConfig
from covid_gan.evaluation.curves import Curves, curves_of
from covid_gan.evaluation.measuring import Measure, measure
from covid_gan.evaluation.sources import Source
from covid_gan.evaluation.subjects import Subjects, subjects_of
from covid_gan.judge import Judge
from covid_gan.metrics import TooFewError
from covid_gan.runs import Run
from covid_gan.utility import Utility, measure_utility

log = logging.getLogger(__name__)

# Held-out scans below which curves are drawn against the training scans.
_LEAST_REFERENCE = 32


@dataclasses.dataclass(frozen=True)
class Results:
    """What was found of generated images.

    Attributes:
        source: where they come from, and the scans.
        config: how they were judged.
        extractor: what made the features; None without.
        subjects: all images with their features.
        measures: every number with its floor.
        skipped: what could not be measured, and why.
        memorisation: whether training patients are repeated; None where it could not be examined.
        strangers: the held-out scans that it was compared with, those of training patients left out.
        curves: measures over training; None without any.
        utility: use for a classifier; None where it was not asked for.
        seconds: that each part took.
    """

    source: Source
    config: EvaluationConfig
    extractor: Callable | None
    subjects: Subjects
    measures: tuple[Measure, ...]
    skipped: dict[str, str]
    memorisation: privacy.Memorisation | None
    strangers: np.ndarray
    curves: Curves | None
    utility: Utility | None
    seconds: dict[str, float]

    def find(self, key: str) -> Measure | None:
        """The measure of a key, or None where it is missing."""
        return next((found for found in self.measures if found.key == key), None)


def examine(source: Source, open_extractor: Callable, config: EvaluationConfig) -> Results:
    """Makes every measurement.

    Args:
        source: the images and the scans.
        open_extractor: gives images → features, which may have to be trained first, or None to measure
            pixels alone.
        config: how.

    Raises:
        ArgumentError: there are too few images or scans for any measure; (`utility`) the runs do not fit.
        RunError: the data of the other run changed, or a checkpoint cannot be read.
    """
    seconds, skipped = {}, {}
    with _timed(seconds, "utility"):  # first, as it refuses what does not fit before the long work
        utility = _utility(source, config)
    with _timed(seconds, "features"):
        extractor = open_extractor()
        subjects = subjects_of(source, extractor)
    with _timed(seconds, "measures"):
        log.info("Measuring %d images against %d scans …", len(source.images), len(source.training))
        try:
            measures, skipped = measure(subjects, extractor, config)
        except ValueError as error:
            generated = source.generated
            raise ArgumentError(generated.argument, f"cannot be judged: {error}.", generated.path) from error
    with _timed(seconds, "privacy"):
        memorisation, strangers = _memorisation(source, subjects, config, skipped)
    with _timed(seconds, "curves"):
        curves = _curves(source, subjects, extractor, config, skipped)
    return Results(
        source,
        config,
        extractor,
        subjects,
        measures,
        skipped,
        memorisation,
        strangers,
        curves,
        utility,
        seconds,
    )


@contextlib.contextmanager
def _timed(seconds, part):
    began = time.monotonic()
    yield
    seconds[part] = round(time.monotonic() - began, 1)


def _memorisation(source, subjects, config, skipped):
    """Whether training patients are repeated, and the held-out scans of other patients."""
    generated, training, unseen = subjects.generated, subjects.training, subjects.unseen
    patients = source.patients()
    seen = set(patients[0]) if patients else set()
    kept = [i for i in range(len(unseen)) if not patients or patients[1][i] not in seen]
    features = None
    if generated.features is not None:
        held_out = {} if not kept else {
            "held_out": unseen.features[kept], "held_out_mirrored": unseen.mirrored[kept]
        }  # fmt: skip
        features = privacy.Features(
            generated.features, training.features, training_mirrored=training.mirrored, **held_out
        )
    strangers = unseen.images[kept]
    try:
        found = privacy.examine(
            generated.images,
            training.images,
            strangers,
            features,
            training_patients=patients[0] if patients else None,
            held_out_patients=[patients[1][i] for i in kept] if patients else None,
            seed=config.seed,
        )
    except TooFewError as error:
        skipped["privacy"] = str(error)
        return None, strangers
    if len(kept) < len(unseen):
        skipped["privacy, held-out scans of training patients"] = f"{len(unseen) - len(kept)} are left out"
    return found, strangers


def _curves(source, subjects, extractor, config, skipped):
    run = source.generated.run
    if run is None:
        skipped["curves"] = "only a run folder has checkpoints"
        return None
    count = len(subjects.unseen)
    real, against = (
        (subjects.unseen.images, f"{count} held-out scans")
        if count >= _LEAST_REFERENCE
        else (subjects.training.images, f"{len(subjects.training)} training scans")
    )
    curves = curves_of(run, Judge(real, extractor, config.seed), against, config)
    if curves is None:
        skipped["curves"] = (
            "the run has fewer than two points: no record of its training, and few checkpoints"
        )
    return curves


def _utility(source, config):
    if config.utility is None:
        return None
    run = source.generated.run
    if run is None:
        raise ArgumentError("utility", "needs a run folder as --run.", config.utility)
    try:
        return measure_utility(
            run,
            Run(config.utility),
            seeds=config.utility_seeds,
            seed=config.seed,
            checkpoint=config.checkpoint,
        )
    except ArgumentError as error:
        subject = f"its checkpoint {config.checkpoint} " if error.argument == "checkpoint" else ""
        raise ArgumentError("utility", subject + error.expected, config.utility) from error
