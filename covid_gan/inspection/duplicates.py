"""Pictures that stand in a data set more than once."""

import collections
import dataclasses
import logging
from collections.abc import Sequence

import numpy as np

from covid_gan.inspection import looks
from covid_gan.inspection.connected import connected
from covid_gan.inspection.matching import Matcher
from covid_gan.inspection.measuring import Measured
from covid_gan.inspection.progress import told

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
# What is given up last where a picture stands in several splits; all others stand between the two.
_NEEDED, _LEAST_NEEDED = ("test", "validation"), "train"


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
    more equal images give one pair for each after the first; what is near them all gives one
    pair, with the one that makes it worst.
    """
    equal = _equal(images)
    pairs = [Pair(first, image, EXACT, 1.0) for first, *rest in equal for image in rest]
    candidates = _candidates(equal)
    matcher = Matcher([first.thumbnail for first, *_ in equal])
    for i, j in told(candidates, f"of {len(candidates)} pairs compared"):
        score = matcher.score(i, j)
        if score >= ALIKE_SCORE:
            pair = _worst(equal[i], equal[j], NEAR if score >= NEAR_SCORE else ALIKE, score)
            pairs += [pair] if pair.kind == NEAR or pair.matters else []
    return sorted(pairs, key=_worst_first)


def need(split: str) -> tuple[int, str]:
    """A key that sorts splits: test, validation, others by name, train."""
    if split in _NEEDED:
        return _NEEDED.index(split), ""
    return len(_NEEDED) + (split == _LEAST_NEEDED), split


def grouped(images: Sequence[Measured], pairs: Sequence[Pair]) -> np.ndarray:
    """A number for each image, the same for images of one patient as far as that can be known.

    Images of one patient_id are together, and so are both of a pair. Others stand alone.

    Returns:
        int [len(images)].
    """
    firsts, places = {}, {id(image): i for i, image in enumerate(images)}
    edges = [(places[id(pair.first)], places[id(pair.second)]) for pair in pairs]
    edges += [(firsts.setdefault(im.patient, i), i) for i, im in enumerate(images) if im.patient]
    return connected(len(images), edges)


def _equal(images):
    """The images in lists of equal ones, in the order of each list's first."""
    found = collections.defaultdict(list)
    for image in images:
        found[image.digest].append(image)
    return list(found.values())


def _worst(ones, others, kind, score):
    """The pair of two lists of equal images that matters most; of such, that of the splits needed most."""
    by_home = ({(image.label, image.split): image for image in reversed(own)} for own in (ones, others))
    first, second = (sorted(own.values(), key=lambda image: need(image.split)) for own in by_home)
    return min((Pair(one, other, kind, score) for one in first for other in second), key=_worst_first)


def _candidates(equal):
    """Pairs of places whose hashes are alike; of too many those that cross classes or splits come first."""
    if len(equal) < 2:
        return []
    most = _CANDIDATES_PER_IMAGE * len(equal)
    homes = [frozenset((image.label, image.split) for image in own) for own in equal]
    places = {home: place for place, home in enumerate(dict.fromkeys(homes))}
    numbers = np.array([places[home] for home in homes])
    hashes = np.stack([first.hash for first, *_ in equal])
    near = looks.alike_by_hash(hashes, _MOST_BITS, _CANDIDATES_PER_IMAGE, numbers)
    if len(near) > most:
        crossing = numbers[near[:, 0]] != numbers[near[:, 1]]
        order = np.argsort(~crossing, kind="stable")
        rest = np.sort(order[most // 2 :])[: most - most // 2]
        near = np.concatenate([near[order[: most // 2]], near[rest]])
        log.info("Of the pairs with similar hashes the nearest %d are compared.", most)
    return sorted((int(i), int(j)) for i, j in near)  # so that thumbnails are prepared once


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
