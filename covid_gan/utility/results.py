"""What a measurement of use found, as plain numbers."""

import dataclasses

from covid_gan.utility.classifier import Budget
from covid_gan.utility.scores import Estimate


@dataclasses.dataclass(frozen=True)
class ArmScores:
    """How well the classifiers of one arm did.

    Attributes:
        name: of the arm.
        adds: whether generated images stood beside the real ones.
        real, generated: images that each classifier was trained on.
        auc, f1: on the test scans, each at `Utility.level`.
        auc_gain, f1_gain: less those of the real arm, paired by seed, test scan and bootstrap sample, at
            `Utility.gain_level`; None for the real arm itself.
    """

    name: str
    adds: bool
    real: int
    generated: int
    auc: Estimate
    f1: Estimate
    auc_gain: Estimate | None
    f1_gain: Estimate | None


@dataclasses.dataclass(frozen=True)
class Utility:
    """What classifiers gain from generated images.

    Attributes:
        positive, negative: the classes' names; F1 is that of the positive one.
        dataset, version: of the scans.
        runs: names of the positive and the negative run.
        checkpoints: the steps of their generators.
        train, validation, test: scans of the positive and the negative class.
        patients: of the test scans, in either class; scans of unknown patients count as one each.
        dropped: ids of test and validation scans that were left out, as their picture or their patient
            stands in the training split.
        threshold: "validation", the one of largest F1 there, or "0" where there is no such split.
        f1_always: F1 of a classifier that always says positive.
        seeds: of classifiers in each arm, with their own draws of generated images.
        size: side of the images in pixels.
        budget: of each classifier.
        flip: whether half of the images were mirrored in training.
        level: of the intervals of AUC and F1.
        gain_level: of the intervals of gains, so that all of them hold together at `level`.
        arms: the first one is the real arm.
        answer: what the numbers say, in words.
    """

    positive: str
    negative: str
    dataset: str
    version: str
    runs: tuple[str, str]
    checkpoints: tuple[int, int]
    train: tuple[int, int]
    validation: tuple[int, int]
    test: tuple[int, int]
    patients: tuple[int, int]
    dropped: tuple[str, ...]
    threshold: str
    f1_always: float
    seeds: int
    size: int
    budget: Budget
    flip: bool
    level: float
    gain_level: float
    arms: tuple[ArmScores, ...]
    answer: str

    def to_json(self) -> dict:
        """All of it as dicts, lists, numbers and strings."""
        return dataclasses.asdict(self)
