"""The ids worth leaving out, as a file for --exclude."""

import collections
import dataclasses
from collections.abc import Iterator, Sequence

from covid_gan.inspection.connected import connected
from covid_gan.inspection.duplicates import ALIKE, EXACT, Pair, need
from covid_gan.inspection.measuring import Measured
from covid_gan.inspection.results import Results


@dataclasses.dataclass(frozen=True)
class Exclusion:
    """Images to leave out, by image_id, each with its reason.

    Attributes:
        sure: pictures that stand in two classes or two splits, and plain copies.
        proposed: for a person to decide: probably one patient in two splits, colour, letters.
    """

    sure: dict[str, str]
    proposed: dict[str, str]

    def text(self) -> str:
        """Lines of ids, each below its reason; those that are only proposed are commented out."""
        lines = ["# image_ids to leave out: --exclude=exclude.txt. Lines that begin with # are not read."]
        for image_id, why in self.sure.items():
            lines += [_comment(why), _line(image_id)]
        if self.proposed:
            lines += ["", "# Proposed: look at them, and take the # away from those you agree with."]
        for image_id, why in self.proposed.items():
            lines += [_comment(why), f"#{_line(image_id)}"]
        return "\n".join(lines) + "\n"


def choose(results: Results) -> Exclusion:
    """What to leave out, so that no picture stands in two classes or splits, or twice in one.

    Pairs that are the same picture, or nearly so across classes or splits, hang together. Of
    what hangs together one split is kept, the test first and training last, and of equal images
    there one; all goes where labels differ.
    """
    sure, proposed = {}, {}
    for images, pairs in _together(results.pairs):
        partners = _partners(pairs)
        if len({image.label for image in images}) > 1:
            for image in images:
                other = _likest(image, [i for i in images if i.label != image.label], partners)
                _put(sure, image, f"{image.label}: {_likeness(image, other)} {other.name} of {other.label}")
            continue
        kept = _kept(images)
        for image in images:
            if not any(image is one for one in kept):
                other = _likest(image, kept, partners)
                crossing = image.split != other.split
                why = f"{_likeness(image, other)} {other.name}"
                _put(sure, image, f"{image.split}: {why} in {other.split}" if crossing else why)
    for pair in results.pairs:
        if pair.kind == ALIKE and pair.crosses_split:
            other, image = sorted((pair.first, pair.second), key=lambda i: need(i.split))
            if other.image_id not in proposed:
                _put(proposed, image, f"{image.split}: probably the patient of {other.name} in {other.split}")
    for images, why in ((results.coloured, "burnt-in colour"), (results.lettered, "letters in the margin")):
        for image in images:
            _put(proposed, image, f"{image.label}: {why}" if image.label else why)
    return Exclusion(sure, {image_id: why for image_id, why in proposed.items() if image_id not in sure})


def _together(pairs: Sequence[Pair]) -> Iterator[tuple[list[Measured], list[Pair]]]:
    """Images that must not all stay, by what hangs together, with the pairs that say so; worst first."""
    pairs = [
        p for p in pairs if p.kind == EXACT or (p.kind != ALIKE and (p.crosses_class or p.crosses_split))
    ]
    images = list({id(image): image for pair in pairs for image in (pair.first, pair.second)}.values())
    places = {id(image): place for place, image in enumerate(images)}
    numbers = connected(len(images), [(places[id(p.first)], places[id(p.second)]) for p in pairs])
    parts = collections.defaultdict(lambda: ([], []))
    for image, number in zip(images, numbers):
        parts[number][0].append(image)
    for pair in pairs:
        parts[numbers[places[id(pair.first)]]][1].append(pair)
    yield from parts.values()


def _partners(pairs):
    """id of an image -> ids of those that it was compared with."""
    found = collections.defaultdict(set)
    for pair in pairs:
        found[id(pair.first)].add(id(pair.second))
        found[id(pair.second)].add(id(pair.first))
    return found


def _kept(images):
    """The images of the split that is needed most, one of each that are equal."""
    split = min((image.split for image in images), key=need)
    kept = {}
    for image in images:
        if image.split == split:
            kept.setdefault(image.digest, image)
    return list(kept.values())


def _likest(image, others, partners):
    return min(others, key=lambda other: (other.digest != image.digest, id(other) not in partners[id(image)]))


def _likeness(image, other):
    return "the same pixels as" if image.digest == other.digest else "the same slice as, or the next to,"


def _put(reasons, image, why):
    if image.image_id:
        reasons.setdefault(image.image_id, why)


def _comment(text):
    return f"# {' '.join(text.split())}"


def _line(image_id):
    """An id as --exclude reads it: a whole line without what is blank at its ends, no # in front."""
    if image_id.splitlines() != [image_id] or image_id != image_id.strip():
        return _comment(f"{image_id} cannot stand in a list: its id has a line break, or a blank at an end")
    return f" {image_id}" if image_id.startswith("#") else image_id
