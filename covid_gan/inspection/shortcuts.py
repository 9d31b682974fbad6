"""Whether a class can be told without looking at the lungs."""

import dataclasses
import warnings
from collections.abc import Sequence

import numpy as np

from covid_gan.inspection.families import FAMILIES
from covid_gan.inspection.measuring import Measured

FOLDS = 5
FEW_PATIENTS = 10
RESAMPLES = 500
GIVES_AWAY, TELLS = 0.8, 0.65
_TREES = 50
_SMALLEST_LEAF = 4


@dataclasses.dataclass(frozen=True)
class Shortcut:
    """How well one class is told from all others by one family of cheap facts.

    Attributes:
        family: a name in `FAMILIES`.
        label: the class.
        auc: area under the ROC curve, 0.5 for guessing; None where it cannot be measured.
        low, high: the ends of its 95 % interval over patients; None without an `auc`.
        verdict: the same in words.
        patients: of the class that has fewest, or groups of files that stand for them; an interval
            over few is too narrow.
    """

    family: str
    label: str
    auc: float | None
    low: float | None
    high: float | None
    verdict: str
    patients: int


def find(images: Sequence[Measured], groups: np.ndarray, seed: int = 0, families=None) -> list[Shortcut]:
    """Tries to tell each class by each family of facts alone.

    A random forest (Breiman 2001) is trained on four fifths of the patients and judged on the
    last fifth, five times; so what it learns of a patient does not help it. The interval is a
    bootstrap over patients.

    Args:
        images: the data set.
        groups: int [len(images)], the same number for images of one patient.
        seed: of the folds, the forests and the bootstrap.
        families: names of `FAMILIES`; all where not given.

    Returns:
        One for each family and class, of two classes the first alone; nothing for a single class.
    """
    labels = np.array([image.label for image in images])
    classes = sorted(set(labels))
    if len(classes) < 2:
        return []
    wanted = classes[:1] if len(classes) == 2 else classes
    folds, fewest = _folds(labels, groups, seed), _fewest(labels, groups)
    found = []
    for family in families or FAMILIES:
        facts = _table([FAMILIES[family].facts(image) for image in images])
        if family == "dataset" and len({image.dataset for image in images}) < 2:
            continue
        if facts is None or folds is None:
            why = _few(labels, groups) if facts is not None else "not measured: source files not at hand"
            found += [Shortcut(family, label, None, None, None, why, fewest) for label in wanted]
            continue
        found += _judge(family, facts, labels, groups, folds, wanted, seed)
    return found


def verdict(family: str, auc: float, low: float) -> str:
    """What an AUC and the lower end of its interval mean, in words."""
    if low <= 0.5:
        return f"{family} alone tells nothing that can be measured"
    if auc >= GIVES_AWAY:
        return f"{family} alone gives the class away: AUC {auc:.2f}"
    if auc >= TELLS:
        return f"{family} alone tells much about the class: AUC {auc:.2f}"
    return f"{family} alone tells a little about the class: AUC {auc:.2f}"


def _table(rows):
    """Dicts of numbers → float32 [images, names]; None if a row is unknown."""
    if any(row is None for row in rows):
        return None
    names = sorted({name for row in rows for name in row})
    return np.array([[row.get(name, 0) for name in names] for row in rows], np.float32)


def _few(labels, groups):
    label = min(set(labels), key=lambda name: len(set(groups[labels == name])))
    return f"cannot be measured: {label} has images of one patient or group, two are needed"


def _fewest(labels, groups):
    """The number of patients of the class that has fewest."""
    return min(len(set(groups[labels == label])) for label in set(labels))


def _folds(labels, groups, seed):
    """The fold of each image, int [n]; None where a class has a single patient."""
    from sklearn.model_selection import StratifiedGroupKFold

    count = min(FOLDS, _fewest(labels, groups))
    if count < 2:
        return None
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    folds = np.zeros(len(labels), int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for n, (_, test) in enumerate(splitter.split(labels, labels, groups)):
            folds[test] = n
    return folds


def _judge(family, facts, labels, groups, folds, wanted, seed):
    from sklearn.ensemble import RandomForestClassifier

    classes = sorted(set(labels))
    scores = np.full((len(labels), len(classes)), 0.0)
    for fold in set(folds):
        train, test = folds != fold, folds == fold
        forest = RandomForestClassifier(
            _TREES,
            min_samples_leaf=_SMALLEST_LEAF,
            class_weight="balanced",
            random_state=seed,
        ).fit(facts[train], labels[train])
        for label, column in zip(forest.classes_, forest.predict_proba(facts[test]).T):
            scores[test, classes.index(label)] = column
    found, fewest = [], _fewest(labels, groups)
    for label in wanted:
        truth = labels == label
        auc, low, high = auc_with_interval(scores[:, classes.index(label)], truth, groups, folds, seed)
        found.append(Shortcut(family, label, auc, low, high, verdict(family, auc, low), fewest))
    return found


def auc_with_interval(scores, truth, groups, folds, seed=0) -> tuple[float, float, float]:
    """Area under the ROC curve within folds, and its 95 % interval by a bootstrap over groups.

    Scores of different folds come from different classifiers and are not compared.

    Args:
        scores: float [n].
        truth: bool [n].
        groups: int [n], resampled as wholes, those of each truth among themselves.
        folds: int [n].
        seed: of the bootstrap.

    Returns:
        AUC, lower and upper end; 0.5, 0 and 1 where no fold holds both truths.
    """
    rng = np.random.default_rng(seed)
    count = groups.max() + 1
    held = np.bincount(groups, truth), np.bincount(groups, ~truth)
    strata = [np.flatnonzero((held[0] > 0) & (held[1] == 0)), np.flatnonzero(held[1] > 0)]
    strata = [own for own in strata if len(own)]
    weights = np.zeros((RESAMPLES + 1, len(scores)), np.float32)
    weights[0] = 1  # the data as it is
    for row in weights[1:]:
        for own in strata:
            row += np.bincount(rng.choice(own, len(own)), minlength=count)[groups]
    won, all_pairs = np.zeros(len(weights)), np.zeros(len(weights))
    for fold in set(folds):
        yes, no = np.flatnonzero((folds == fold) & truth), np.flatnonzero((folds == fold) & ~truth)
        wins = np.sign(scores[yes][:, None] - scores[no]).astype(np.float32) / 2 + 0.5
        won += ((weights[:, yes] @ wins) * weights[:, no]).sum(axis=1)
        all_pairs += weights[:, yes].sum(axis=1) * weights[:, no].sum(axis=1)
    if all_pairs[0] == 0:
        return 0.5, 0.0, 1.0
    aucs = won[all_pairs > 0] / all_pairs[all_pairs > 0]
    return float(aucs[0]), *(float(v) for v in np.percentile(aucs, (2.5, 97.5)))
