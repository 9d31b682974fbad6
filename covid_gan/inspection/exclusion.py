"""The ids worth leaving out, as a file for --exclude."""

import dataclasses

from covid_gan.inspection.duplicates import ALIKE, EXACT
from covid_gan.inspection.results import Results

_TRAINING = "train"


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
            lines += [f"# {why}", image_id]
        if self.proposed:
            lines += ["", "# Proposed: look at them, and take the # away from those you agree with."]
        for image_id, why in self.proposed.items():
            lines += [f"# {why}", f"#{image_id}"]
        return "\n".join(lines) + "\n"


def choose(results: Results) -> Exclusion:
    """Both images of a pair in two classes, one of two equal ones or of two in two splits.

    Of two splits, the training split gives its image away: a test stays the test it was.
    """
    sure, proposed = {}, {}
    for pair in results.pairs:
        likeness = "the same pixels as" if pair.kind == EXACT else "the same slice as, or the next to,"
        if pair.kind != ALIKE and pair.crosses_class:
            for image, other in ((pair.first, pair.second), (pair.second, pair.first)):
                _put(sure, image, f"{image.label}: {likeness} {other.name} of {other.label}")
        elif pair.kind != ALIKE and pair.crosses_split:
            image, other = _less_needed(pair)
            if image.image_id not in sure and other.image_id not in sure:
                _put(sure, image, f"{image.split}: {likeness} {other.name} in {other.split}")
        elif pair.kind == EXACT and pair.first.image_id not in sure:
            _put(sure, pair.second, f"{likeness} {pair.first.name}")
        elif pair.kind == ALIKE and pair.crosses_split:
            image, other = _less_needed(pair)
            if other.image_id not in proposed:
                _put(proposed, image, f"{image.split}: probably the patient of {other.name} in {other.split}")
    for images, why in ((results.coloured, "burnt-in colour"), (results.lettered, "letters in the margin")):
        for image in images:
            _put(proposed, image, f"{image.label}: {why}" if image.label else why)
    return Exclusion(sure, {image_id: why for image_id, why in proposed.items() if image_id not in sure})


def _put(reasons, image, why):
    if image.image_id:
        reasons.setdefault(image.image_id, why)


def _less_needed(pair):
    """The image of the training split, else the one that does not test, and the other."""
    order = sorted((pair.first, pair.second), key=lambda i: (i.split != _TRAINING, i.split == "test"))
    return order[0], order[1]
