"""How many generated images lie nearer to training patients than to patients that were held out.

Training and held-out patients are compared in equal numbers: of the larger group random subsets as
large as the smaller one are taken. All of them are averaged over, in closed form. A generator that
has never seen either group then has a share of 0.5.

That is so only if both groups come from one population. Where training and test were collected at
different places, real training scans lie nearer to other training patients too, and so does what
any good generator makes. So the share of the real training scans themselves, each without its own
patient, is what chance would give. On COVID-CT it is 0.66: an innocent generator stays near that.

The generated images are compared with the same few scans, so they are not independent, and some
scans are nearest to a great many images. The interval therefore comes from drawing anew which of all
the patients were held out, as in a permutation test; it is exact if nothing was memorised.
"""

import dataclasses

import numpy as np
from scipy.special import gammaln

DRAWS = 2000
# Below this probability it does not matter who is the next nearest.
_NEGLIGIBLE = 1e-8


@dataclasses.dataclass(frozen=True)
class Share:
    """The share of images nearer to training than to held-out patients, in equal numbers.

    Attributes:
        share: in [0, 1].
        low, high: its interval.
        chance: the share of real training scans, each without its own patient; 0.5 where patients
            are not known.
        chance_low, chance_high: its interval; above 0.5 the two groups are not of one population.
        excess: `share` less `chance`.
        excess_low, excess_high: its interval.
        confidence: of the intervals, such as 0.99.
    """

    share: float
    low: float
    high: float
    chance: float
    chance_low: float
    chance_high: float
    excess: float
    excess_low: float
    excess_high: float
    confidence: float


class Ranks:
    """Images with their patients from the nearest on.

    Args:
        distances: float [n, P] to the nearest scan of each of P patients; infinite for an image's own.
        held_out: bool [P], which patients were held out.
    """

    def __init__(self, distances: np.ndarray, held_out: np.ndarray):
        patients = len(held_out)
        rarer = min(held_out.sum(), patients - held_out.sum())
        enough = min(patients, 1 + int(np.ceil(-np.log(_NEGLIGIBLE) * patients / rarer)))
        # Equally near patients are in the order of their columns.
        self._order = np.argsort(distances, axis=1, kind="stable")[:, :enough]
        self._own = np.isinf(distances)

    def nearer_to_training(self, held_out: np.ndarray) -> np.ndarray:
        """For each image the chance that training is nearer when both groups are equally large.

        Args:
            held_out: bool [P].

        Returns:
            float [n] in [0, 1].
        """
        swap = held_out.sum() > (~held_out).sum()
        rare = ~held_out if swap else held_out
        hits = rare[self._order]
        nearer = np.where(hits.any(axis=1), hits.argmax(axis=1), self._order.shape[1])
        # An image's own patient is in neither group.
        many = (~rare).sum() - (self._own & ~rare).sum(axis=1)
        few = rare.sum() - (self._own & rare).sum(axis=1)
        wins = _any_of(nearer, many, np.minimum(few, many))
        return 1 - wins if swap else wins


def _any_of(nearer, many, drawn):
    """The probability that of `many` things, `nearer` of them marked, `drawn` random ones hold a mark."""
    rest = many - nearer
    possible = rest >= drawn
    rest = np.where(possible, rest, drawn)
    none = _log_choose(rest, drawn) - _log_choose(many, drawn)
    return 1 - np.where(possible, np.exp(none), 0.0)


def _log_choose(n, k):
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def nearer_share(
    generated: np.ndarray,
    held_out: np.ndarray,
    real: np.ndarray | None = None,
    real_patient: np.ndarray | None = None,
    confidence: float = 0.99,
    seed: int = 0,
) -> Share:
    """Measures the share, what chance would give, and how sure both are.

    Args:
        generated: float [g, P], the distance of each image to the nearest scan of each patient.
        held_out: bool [P], with at least one patient of each kind.
        real: float [r, P], the same for real scans of both groups, infinite for a scan's own patient;
            None where patients are not known.
        real_patient: int [r], the column of each real scan's patient.
        confidence: of the intervals, in (0, 1).
        seed: of the order of equally near patients, and of the draws.
    """
    rng = np.random.default_rng(seed)
    columns = rng.permutation(len(held_out))
    held_out = held_out[columns]
    fake = Ranks(generated[:, columns], held_out)
    if real is not None:
        scans, places = Ranks(real[:, columns], held_out), np.argsort(columns)[real_patient]

    def measure(who):
        share = fake.nearer_to_training(who).mean()
        if real is None:
            return share, 0.5
        training = ~who[places]
        # A draw in which no scan belongs to training says nothing about them.
        return share, scans.nearer_to_training(who)[training].mean() if training.any() else 0.5

    share, chance = measure(held_out)
    drawn = np.array([measure(rng.permutation(held_out)) for _ in range(DRAWS)])
    low, high = _interval(share, drawn[:, 0] - 0.5, confidence)
    chance_low, chance_high = _interval(chance, drawn[:, 1] - 0.5, confidence)
    excess_low, excess_high = _interval(share - chance, drawn[:, 0] - drawn[:, 1], confidence)
    return Share(
        share=float(share),
        low=max(low, 0.0),
        high=min(high, 1.0),
        chance=float(chance),
        chance_low=max(chance_low, 0.0),
        chance_high=min(chance_high, 1.0),
        excess=float(share - chance),
        excess_low=excess_low,
        excess_high=excess_high,
        confidence=confidence,
    )


def _interval(value, deviations, confidence):
    """The values that the measured one does not deviate from by more than chance does."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(deviations, [tail, 1 - tail])
    return float(value - high), float(value - low)
