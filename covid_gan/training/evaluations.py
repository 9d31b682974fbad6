"""Scores during training: the averaged generator against scans that it was not trained on.

Each line of `evaluations.jsonl` in a run's folder is one evaluation:

    {"step": 500, "against": "validation", "count": 60, "spectrum": 0.21, …}

With an encoder its name and fingerprint stand there too.
"""

import json
import logging
import math
from pathlib import Path

import numpy as np

from covid_gan import data, metrics, randomness, storage
from covid_gan.config import Config
from covid_gan.data.scans import Scans
from covid_gan.errors import ArgumentError
from covid_gan.features import Extractor
from covid_gan.judge import Judge
from covid_gan.sampling import Sampler

log = logging.getLogger(__name__)

FILE = "evaluations.jsonl"
STEP, AGAINST, COUNT, FAILED = "step", "against", "count", "failed"
ENCODER, FINGERPRINT = "encoder", "encoder_fingerprint"

# Generated images that are scored.
IMAGES = 512
# Held-out scans that are enough to compare with; training scans that are taken for want of them; and
# the fewest scans that the measures work with.
ENOUGH_SCANS, MOST_SCANS, FEWEST_SCANS = 32, 1024, 16
# Reports and classifiers are judged on this split: nothing is chosen by it.
_FOR_THE_END = "test"


def resolve(config: Config) -> Config:
    """Returns the config with `best_by` as it will be.

    Raises:
        ArgumentError: (`best_by`) it needs an encoder, and none is cached.
    """
    training = config.training
    if not training.evaluate_every or training.best_by == metrics.SPECTRUM:
        return config
    extractor = _encoder(config)
    if training.best_by == metrics.KID and extractor is None:
        message = (
            "needs this data set's encoder, which is not cached; the first python -m covid_gan.evaluate of a "
            "run makes it. Or take spectrum."
        )
        raise ArgumentError("best_by", message, training.best_by)
    return config.replace(best_by=metrics.KID if extractor else metrics.SPECTRUM)


def _encoder(config: Config) -> Extractor | None:
    """The encoder that was trained on this data set, or None where none is cached."""
    from covid_gan.features import ct

    try:
        return ct.cached(config)
    except ArgumentError as error:  # it is trained on a split that this data set need not have
        log.info("There is no encoder of this data set: %s", error)
        return None


class Evaluations:
    """The evaluations of a run.

    Args:
        folder: of the run.
        config: of the run, resolved.
        scans: what it trains on.
        sampler: of the averaged generator.
    """

    def __init__(self, folder: Path, config: Config, scans: Scans, sampler: Sampler):
        self._path = folder / FILE
        self._config, self._scans, self._sampler = config, scans, sampler
        self._every = config.training.evaluate_every
        self._is_prepared, self._judge, self._facts = False, None, {}
        self._lines = []

    def cut(self, step: int) -> None:
        """Removes what was written of steps after `step`."""
        self._lines = [line for line in read(self._path) if line[STEP] <= step]
        if self._path.exists():
            storage.write_whole(self._path, "".join(json.dumps(line) + "\n" for line in self._lines))

    def due(self, step: int) -> bool:
        """Whether `step` ends with an evaluation."""
        if not self._every or step % self._every:
            return False
        if not self._is_prepared:
            self._prepare()
        return self._judge is not None

    def evaluate(self, step: int) -> dict[str, float]:
        """Scores the averaged generator, and writes it down.

        Returns:
            The scores by key; empty where these images could not be scored, which is said and written.
        """
        seed, width = self._config.training.seed, self._config.model.latent_dim
        fake = self._sampler(randomness.sample_latents(IMAGES, width, seed))
        try:
            scores = self._judge.score(fake)
            line = {STEP: step} | self._facts | scores
        except ValueError as error:
            log.warning("The images of step %d could not be scored: %s", step, error)
            scores, line = {}, {STEP: step} | self._facts | {FAILED: str(error)}
        self._lines.append(line)
        storage.add_line(self._path, json.dumps(line))
        return scores

    def best_step(self, steps: set[int]) -> int | None:
        """The first of `steps` with the lowest score by which the best is chosen; None without any."""
        key = metrics.SPECTRUM
        if self._config.training.best_by == metrics.KID:
            encoder = next((line[ENCODER] for line in reversed(self._lines) if ENCODER in line), None)
            key = f"{metrics.KID}_{encoder}"
        scored = [(line[key], line[STEP]) for line in self._lines if line[STEP] in steps and key in line]
        return min((pair for pair in scored if math.isfinite(pair[0])), default=(None, None))[1]

    def _prepare(self):
        """Reads the scans to compare with: when they are needed first, so that no start waits for it."""
        self._is_prepared = True
        against, real = self._real()
        if len(real) < FEWEST_SCANS:
            log.info("%d scans are too few to score images against; evaluations are left out.", len(real))
            return
        extractor = _encoder(self._config) if self._config.training.best_by == metrics.KID else None
        self._judge = Judge(real, extractor)
        self._facts = {AGAINST: against, COUNT: len(real)}
        if extractor:
            self._facts |= {ENCODER: extractor.key, FINGERPRINT: extractor.fingerprint}
        log.info(
            "Every %d steps %d images are scored against %d scans of %s; the best checkpoint is that of the "
            "lowest %s.", self._every, IMAGES, len(real), against, self._config.training.best_by,
        )  # fmt: skip

    def _real(self) -> tuple[str, np.ndarray]:
        """The split to compare with, and its scans."""
        found = data.held_out_splits(self._config, self._scans)
        for split, part in found.items():
            if split != _FOR_THE_END and len(part.images) >= ENOUGH_SCANS:
                return split, part.images
        log.info(
            "No split but %s is held out with %d scans or more; the training scans take its place.",
            _FOR_THE_END, ENOUGH_SCANS,
        )  # fmt: skip
        return self._config.data.split, self._scans.first(MOST_SCANS)


def read(path: Path) -> list[dict]:
    """The lines of a record; what a killed process has torn ends it."""
    lines = []
    for text in path.read_text().splitlines() if path.exists() else ():
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines
