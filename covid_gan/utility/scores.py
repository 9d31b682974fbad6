"""AUC and F1 with intervals over test scans and seeds, and how far an arm is from the real one."""

import dataclasses

import numpy as np
from scipy import stats

RESAMPLES = 1000


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A number, and the interval that its test scans and its seeds leave it.

    Attributes:
        value: the mean over the seeds.
        low, high: ends of the interval.
        by_seed: the number of each seed.
    """

    value: float
    low: float
    high: float
    by_seed: tuple[float, ...]


def resampled_weights(truth: np.ndarray, groups: np.ndarray, seed: int, count: int = RESAMPLES) -> np.ndarray:
    """How often each scan is drawn in each bootstrap sample: float32 [1 + count, n]; the first row is all 1.

    Patients are drawn as wholes, those with a positive scan and the others among themselves.

    Args:
        truth: bool [n], True for positive scans.
        groups: int [n], the patient of each scan, from 0.
        seed: of the draws.
        count: of bootstrap samples.

    Reference:
        Field and Welsh 2007, https://doi.org/10.1111/j.1467-9868.2007.00593.x
    """
    rng = np.random.default_rng(seed)
    patients = groups.max() + 1
    has_positive = np.bincount(groups, truth, minlength=patients) > 0
    drawn = np.zeros((count, patients), np.float32)
    for own in (np.flatnonzero(has_positive), np.flatnonzero(~has_positive)):
        if len(own):
            drawn[:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), count)
    return np.concatenate([np.ones((1, len(truth)), np.float32), drawn[:, groups]])


def auc(scores: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Area under the ROC curve in each bootstrap sample; ties count half.

    Args:
        scores: float [n], larger for positive.
        truth: bool [n].
        weights: float [r, n].

    Returns:
        float64 [r], from 0 to 1; NaN where a sample lacks a class.
    """
    wins = np.sign(scores[truth][:, None] - scores[~truth]) / 2 + 0.5
    own, other = weights[:, truth].astype(np.float64), weights[:, ~truth].astype(np.float64)
    with np.errstate(invalid="ignore"):
        return ((own @ wins) * other).sum(axis=1) / (own.sum(axis=1) * other.sum(axis=1))


def f1(said: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """F1 of the positive class in each bootstrap sample: 2 TP / (2 TP + FP + FN).

    Args:
        said: bool [n], True where the classifier says positive.
        truth: bool [n].
        weights: float [r, n].

    Returns:
        float64 [r], from 0 to 1; NaN where a sample has neither a positive scan nor a positive answer.
    """
    weights = weights.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return 2 * weights @ (said & truth) / (weights @ said + weights @ truth)


def best_threshold(scores: np.ndarray, truth: np.ndarray) -> float:
    """The threshold with the largest F1: a score above it is positive.

    It lies in the middle between two scores; of equally good ones it is the lowest.

    Args:
        scores: float [n], of the validation scans.
        truth: bool [n].
    """
    levels = np.unique(scores)
    between = np.concatenate([levels[:1] - 1.0, (levels[1:] + levels[:-1]) / 2])
    one = np.ones((1, len(truth)))
    return float(between[np.argmax([f1(scores > t, truth, one)[0] for t in between])])


def estimate(values: np.ndarray, scans: int, level: float = 0.95) -> Estimate:
    """The mean over seeds, with an interval for other scans and other seeds.

    Its variance is that of the seeds' mean over the bootstrap samples plus the variance of the
    mean of so many seeds. Both hold what a seed does to single scans, so the interval is rather too
    wide than too narrow. With few seeds their variance is itself uncertain: Student's t with
    Satterthwaite's degrees of freedom allows for it.

    Args:
        values: float [seeds, 1 + r], seeds ≥ 2: on the test scans, and on r bootstrap samples of them.
        scans: how many units, patients as a rule, of the rarer class were resampled, ≥ 2.
        level: of the interval.

    Raises:
        ValueError: fewer than two seeds or units.

    Reference:
        Satterthwaite 1946, https://doi.org/10.2307/3002019
    """
    seeds = len(values)
    if seeds < 2:
        raise ValueError(f"`values` needs at least two seeds. Received: {seeds}")
    if scans < 2:
        raise ValueError(f"`scans` must be at least 2. Received: scans={scans}")
    by_seed = values[:, 0]
    over_scans = float(np.nanvar(values[:, 1:].mean(axis=0), ddof=1))
    over_seeds = float(by_seed.var(ddof=1) / seeds)
    reach = 0.0
    if over_scans + over_seeds > 0:
        spent = over_scans**2 / (scans - 1) + over_seeds**2 / (seeds - 1)
        freedom = (over_scans + over_seeds) ** 2 / spent
        reach = float(stats.t.ppf((1 + level) / 2, freedom)) * (over_scans + over_seeds) ** 0.5
    value = float(by_seed.mean())
    return Estimate(value, value - reach, value + reach, tuple(float(v) for v in by_seed))


def within(found: Estimate, least: float = 0.0, most: float = 1.0) -> Estimate:
    """The same with an interval that ends where the number does."""
    return dataclasses.replace(found, low=max(found.low, least), high=min(found.high, most))
