"""Pictures that stand in a data set more than once."""

import collections
import dataclasses
import logging
import time
from collections.abc import Sequence

import numpy as np

from covid_gan.inspection import looks
from covid_gan.inspection.matching import Matcher
from covid_gan.inspection.measuring import Measured

log = logging.getLogger(__name__)

EXACT, NEAR, ALIKE = "exact", "near", "alike"

# All 30 pairs of COVID-CT above it show the same slice or its direct neighbour (by eye). A copy
# that is resized, compressed again, brightened, trimmed or has an arrow stays above it 19 times in 20.
NEAR_SCORE = 0.85
# Of COVID-CT's 13 pairs from here to there that are said to be of two patients, 12 are of one (by
# eye: the same bones and vessels, some with the same "Pt 1" written in); below, most are of two.
ALIKE_SCORE = 0.70
# Pairs whose hashes differ in more bits are never looked at; half of COVID-CT's pairs differ in 50.
_MOST_BITS = 28
_CANDIDATES_PER_IMAGE = 20
_QUIET_SECONDS = 5


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two images that show the same, or nearly so.

    Attributes:
        first, second: the images.
        kind: EXACT, the same pixels; NEAR, the same slice or its direct neighbour; ALIKE, the same
            patient by bones and vessels, told of only where it matters.
        score: the correlation of their fine structure, up to 1.
    """

    first: Measured
    second: Measured
    kind: str
    score: float

    @property
    def crosses_class(self) -> bool:
        return self.first.label != self.second.label

    @property
    def crosses_split(self) -> bool:
        return self.first.split != self.second.split

    @property
    def crosses_patient(self) -> bool:
        """Whether the two are said to be of different patients; not where that is unknown."""
        return bool(self.first.patient and self.second.patient) and self.first.patient != self.second.patient

    @property
    def matters(self) -> bool:
        return self.crosses_class or self.crosses_split or self.crosses_patient


def find(images: Sequence[Measured]) -> list[Pair]:
    """All pairs, those across classes first, then those across splits, then by kind and score.

    Candidates come from perceptual hashes, and each is then aligned and correlated. Three or
    more equal images give one pair for each after the first.
    """
    pairs, distinct = _exact(images)
    candidates = _candidates([images[i] for i in distinct])
    matcher = Matcher([images[i].thumbnail for i in distinct])
    said = time.monotonic()
    for n, (i, j) in enumerate(candidates):
        score = matcher.score(i, j)
        kind = NEAR if score >= NEAR_SCORE else ALIKE if score >= ALIKE_SCORE else None
        pair = Pair(images[distinct[i]], images[distinct[j]], kind, score)
        if kind == NEAR or (kind == ALIKE and pair.matters):
            pairs.append(pair)
        if time.monotonic() - said > _QUIET_SECONDS:
            said = time.monotonic()
            log.info("%d of %d pairs compared …", n + 1, len(candidates))
    return sorted(pairs, key=_worst_first)


def grouped(images: Sequence[Measured], pairs: Sequence[Pair]) -> np.ndarray:
    """A number for each image, the same for images of one patient as far as that can be known.

    Images of one patient_id are together, and so are both of a pair. Others stand alone.

    Returns:
        int [len(images)].
    """
    parents = list(range(len(images)))

    def root(i):
        while parents[i] != i:
            parents[i] = i = parents[parents[i]]
        return i

    firsts = {}
    for i, image in enumerate(images):
        if image.patient:
            parents[root(i)] = root(firsts.setdefault(image.patient, i))
    places = {id(image): i for i, image in enumerate(images)}
    for pair in pairs:
        parents[root(places[id(pair.first)])] = root(places[id(pair.second)])
    return np.unique([root(i) for i in range(len(images))], return_inverse=True)[1]


def _exact(images):
    """Pairs of equal images, and the places of all that are not equal to an earlier one."""
    places = collections.defaultdict(list)
    for i, image in enumerate(images):
        places[image.digest].append(i)
    pairs = [Pair(images[first], images[i], EXACT, 1.0) for first, *rest in places.values() for i in rest]
    return pairs, [first for first, *_ in places.values()]


def _candidates(images):
    """Pairs of places whose hashes are alike; of too many those that cross classes or splits come first."""
    if len(images) < 2:
        return []
    most = _CANDIDATES_PER_IMAGE * len(images)
    hashes = np.stack([image.hash for image in images])
    near = looks.alike_by_hash(hashes, _MOST_BITS, 4 * most)
    crossing = [images[i].label != images[j].label or images[i].split != images[j].split for i, j in near]
    order = np.argsort(~np.array(crossing, bool), kind="stable")
    chosen = near[order[: most // 2]] if len(near) > most else near
    if len(near) > most:
        rest = np.sort(order[most // 2 :])[: most - most // 2]
        chosen = np.concatenate([chosen, near[rest]])
        log.info("Of %d pairs with similar hashes the nearest %d are compared.", len(near), most)
    return sorted((int(i), int(j)) for i, j in chosen)  # so that thumbnails are prepared once


def _worst_first(pair):
    kinds = (EXACT, NEAR, ALIKE)
    near = pair.kind != ALIKE
    return (
        not (near and pair.crosses_class),
        not (near and pair.crosses_split),
        not pair.crosses_class,
        not pair.crosses_split,
        kinds.index(pair.kind),
        -pair.score,
    )
