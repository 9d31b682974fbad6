"""Which generated images are copies of a training scan.

An image is a copy if it lies much nearer to one patient than to the next ones: its distance to the
nearest, divided by the mean of its distances to the 50 nearest, is at most 0.5. The ratio and the
threshold are those of Carlini et al. 2023, https://arxiv.org/abs/2301.13188, with patients for
images. Where real scans lie that near to other patients too, the threshold is lowered to their
first percentile.
"""

import dataclasses

import numpy as np
from scipy.stats import beta, fisher_exact, hypergeom

NEIGHBOURS = 50
THRESHOLD = 0.5
PERCENTILE = 1.0


@dataclasses.dataclass(frozen=True)
class Copies:
    """The generated images that are copies of a training scan.

    Attributes:
        count: of copies.
        patients: of whom there are copies.
        share: of the generated images.
        low, high: its interval (Clopper and Pearson 1934); it holds for images drawn independently.
        threshold: of the ratio.
        neighbours: the number of nearest patients whose mean distance is the ratio's lower part.
        real_share: the share of real scans that lie as near to another patient.
        real_count: the number of real scans that this was counted on.
        of_held_out: generated images that lie as near to a patient that was held out; the generator
            has never seen these.
        p_real: the probability of as many copies or more, if generated images were as seldom that
            near to a patient as real ones are (Fisher's exact test).
        p_held_out: the probability of copies of as many training patients or more, if it were chance
            who of all those copied is a training patient; None without held-out patients.
        confidence: of the interval.
    """

    count: int
    patients: int
    share: float
    low: float
    high: float
    threshold: float
    neighbours: int
    real_share: float
    real_count: int
    of_held_out: int
    p_real: float
    p_held_out: float | None
    confidence: float


def neighbours_among(patients: int) -> int:
    """How many nearest patients are averaged: 50, or a quarter where there are few."""
    return min(NEIGHBOURS, max(patients // 4, 1))


def typical(distances: np.ndarray, neighbours: int) -> np.ndarray:
    """The mean distance to the nearest patients.

    Args:
        distances: float [n, P]; infinite for patients not to be compared with, and finite for at
            least `neighbours`.
        neighbours: how many are averaged.

    Returns:
        float64 [n].
    """
    return np.partition(distances, neighbours - 1, axis=1)[:, :neighbours].mean(axis=1, dtype=np.float64)


def relative(distances: np.ndarray, typical: np.ndarray) -> np.ndarray:
    """Distances [n] over the typical ones [n]; 1 where both are 0, for images that are all alike."""
    return np.divide(distances, typical, out=np.ones_like(typical), where=typical > 0)


def find(
    generated: np.ndarray, real: np.ndarray, held_out: np.ndarray, confidence: float = 0.99
) -> tuple[Copies, np.ndarray]:
    """Counts copies.

    Args:
        generated: float [g, P], the distance of each image to the nearest scan of each patient.
        real: float [r, P], the same for real scans, infinite for patients not to be compared with;
            at least one.
        held_out: bool [P], which patients were held out; perhaps none.
        confidence: of the interval of the share.

    Returns:
        (the counts, bool [g]: which images are copies of a training scan).
    """
    neighbours = neighbours_among(int(np.isfinite(real).sum(axis=1).min()))
    of_real = relative(real.min(axis=1), typical(real, neighbours))
    threshold = min(THRESHOLD, float(np.percentile(of_real, PERCENTILE)))
    near = relative(generated.min(axis=1), typical(generated, neighbours)) <= threshold
    patient = generated.argmin(axis=1)
    copies = near & ~held_out[patient]
    count, total, likewise = int(copies.sum()), len(copies), int((of_real <= threshold).sum())
    table = [[count, total - count], [likewise, len(of_real) - likewise]]
    low, high = _clopper_pearson(count, total, confidence)
    copied = np.unique(patient[near])
    return Copies(
        count=count,
        patients=len(np.unique(patient[copies])),
        share=count / total,
        low=low,
        high=high,
        threshold=threshold,
        neighbours=neighbours,
        real_share=likewise / len(of_real),
        real_count=len(of_real),
        of_held_out=int((near & held_out[patient]).sum()),
        p_real=float(fisher_exact(table, alternative="greater").pvalue),
        p_held_out=_p_of_training(copied, held_out) if held_out.any() else None,
        confidence=confidence,
    ), copies


def _p_of_training(copied, held_out):
    """The probability that so many of the copied patients or more are training patients by chance."""
    training = (~held_out[copied]).sum()
    return float(hypergeom.sf(training - 1, len(held_out), (~held_out).sum(), len(copied)))


def _clopper_pearson(count, total, confidence):
    tail = (1 - confidence) / 2
    low = beta.ppf(tail, count, total - count + 1) if count else 0.0
    high = beta.ppf(1 - tail, count + 1, total - count) if count < total else 1.0
    return float(low), float(high)
