"""What is wrong with a data set, the worst first, and what to do about it."""

import dataclasses
from collections.abc import Sequence

from covid_gan.inspection import shortcuts, tallies
from covid_gan.inspection.duplicates import ALIKE, EXACT
from covid_gan.inspection.families import FAMILIES
from covid_gan.inspection.measuring import Measured
from covid_gan.inspection.results import Results
from covid_gan.inspection.tallies import number

SERIOUS, LOOK, NOTE = "serious", "look", "note"
SEVERITIES = (SERIOUS, LOOK, NOTE)
SMALL_SIDE = 64
FEW_IMAGES = 100
UNEVEN = 3.0


@dataclasses.dataclass(frozen=True)
class Finding:
    """A sentence about the data, and one about what to do.

    Attributes:
        severity: SERIOUS, what is measured or trained on these data is wrong; LOOK, it may be;
            NOTE, good to know.
        what, advice: in words.
        image_ids: the images it is about, where they can be named.
    """

    severity: str
    what: str
    advice: str
    image_ids: tuple[str, ...] = ()


def find(results: Results) -> list[Finding]:
    """All findings, the worst first."""
    found = [
        *_pairs(results),
        *_patients(results),
        *_shortcuts(results),
        *_marks(results),
        *_amounts(results),
    ]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def _names(pairs):
    return tuple(dict.fromkeys(image.name for pair in pairs for image in (pair.first, pair.second)))


def _pairs(results):
    sure = [pair for pair in results.pairs if pair.kind != ALIKE]
    alike = [pair for pair in results.pairs if pair.kind == ALIKE]
    crossing = [pair for pair in sure if pair.crosses_class]
    leaking = [pair for pair in sure if pair.crosses_split and not pair.crosses_class]
    inside = [pair for pair in sure if not pair.crosses_split and not pair.crosses_class]
    same_patient = [pair for pair in alike if pair.crosses_split]
    table = [
        (crossing, SERIOUS, "{} under two labels: the same picture, or the next slice.",
         "One label is wrong, or both are. Leave both images out (exclude.txt)."),
        (leaking, SERIOUS, "{} in two splits: the same picture, or the next slice.",
         "A test on such an image is no test. Leave one of the two out (exclude.txt)."),
        (same_patient, SERIOUS, "{} in two splits show one patient, by bones and vessels.",
         "Look at them (figures/pairs.png). If you agree, give --exclude the ids that exclude.txt proposes."),
        ([p for p in alike if p.crosses_class and not p.crosses_split], LOOK,
         "{} under two labels show one patient, by bones and vessels.",
         "Look at them: a patient may well have slices of both classes, or one label is wrong."),
        ([p for p in alike if not p.crosses_class and not p.crosses_split], LOOK,
         "{} show one patient under two patient_ids, or in two blocks of files.",
         "Look at them, and see that both stay in one split when you split anew."),
        ([p for p in inside if p.kind == EXACT], NOTE, "{} of equal images in one class and split.",
         "The copies weigh double. Leave them out (exclude.txt)."),
        ([p for p in inside if p.kind != EXACT], NOTE,
         "{} of nearly equal images in one class and split, mostly neighbouring slices.",
         "They add little; no harm as long as they stay in one split."),
    ]  # fmt: skip
    for chosen, severity, what, advice in table:
        if chosen:
            yield Finding(severity, what.format(number(len(chosen), "pair")), advice, _names(chosen))


def _patients(results):
    for attribute, noun, severity, advice in (
        ("split", "split", SERIOUS, "Split anew by patient: a test on known patients flatters."),
        ("label", "class", LOOK, "Right where labels are of slices; else one of the labels is wrong."),
    ):
        several = tallies.patients_in_several(results.images, attribute)
        if several:
            who = tallies.noun(image for own in several for image in own)
            what = f"{number(len(several), who)} in more than one {noun}."
            yield Finding(severity, what, advice, tuple(image.name for own in several for image in own))
    unknown = sum(not image.known_patient for image in results.images)
    blocks = any(image.patient and not image.patient_known for image in results.images)
    if unknown:
        counted = "block of files" if blocks else "image"
        yield Finding(
            LOOK if unknown == len(results.images) else NOTE,
            f"The patient of {number(unknown, 'image')} of {len(results.images):,} is not known.",
            "Leakage can be seen by likeness only, and AUCs below may be too high: each such "
            f"{counted} counts as a patient of its own, unless a picture like it was found.",
        )


def _shortcuts(results):
    for shortcut in results.shortcuts:
        if shortcut.auc is None or shortcut.low <= 0.5 or shortcut.auc < shortcuts.TELLS:
            continue
        severity = SERIOUS if shortcut.auc >= shortcuts.GIVES_AWAY and shortcut.family != "grey" else LOOK
        what = f"{shortcut.verdict} ({shortcut.low:.2f} to {shortcut.high:.2f}) for {shortcut.label}."
        if shortcut.patients < shortcuts.FEW_PATIENTS:
            few = number(shortcut.patients, tallies.noun(results.images))
            what += f" Of one class there is no more than {few}, so that is a rough guess."
        yield Finding(severity, what[0].upper() + what[1:], FAMILIES[shortcut.family].advice)


def _marks(results):
    many = "exclude.txt names them, commented out."
    for images, what in (
        (results.coloured, "burnt-in colour: arrows, letters or a colour map"),
        (results.lettered, "something like letters in the margin"),
    ):
        if images:
            shares = ", ".join(
                f"{len(own)} of {label}" for label, own in tallies.by_label(images, results.classes).items()
            )
            text = f"{number(len(images), 'image')} with {what} ({shares})."
            yield Finding(
                LOOK, text, f"A GAN will draw them. Leave them out if they are few: {many}", _ids(images)
            )


def _ids(images: Sequence[Measured]) -> tuple[str, ...]:
    return tuple(image.name for image in images)


def _amounts(results):
    counts = {label: len(own) for label, own in results.by_label.items()}
    for label in results.classes:
        empty = [s for s in results.splits if not any(i.split == s for i in results.by_label.get(label, ()))]
        if empty:
            text = f"{label or 'The data set'} has no image in {', '.join(empty)}."
            yield Finding(LOOK, text, "Nothing can be measured there for this class.")
        if 0 < counts.get(label, 0) < FEW_IMAGES:
            text = f"{label or 'The data set'} has {number(counts[label], 'image')}."
            yield Finding(LOOK, text, "A GAN learns so few by heart: look for copies among its samples.")
    if counts and max(counts.values()) > UNEVEN * min(counts.values()):
        most, least = max(counts, key=counts.get), min(counts, key=counts.get)
        text = f"{most} has {counts[most] / counts[least]:.1f} times as many images as {least}."
        yield Finding(LOOK, text, "Report both classes apart; a plain accuracy would hide the smaller one.")
    small = [image for image in results.images if min(image.width, image.height) < SMALL_SIDE]
    if small:
        text = f"{number(len(small), 'image')} with a side below {SMALL_SIDE} pixels."
        yield Finding(
            NOTE,
            text,
            "Such images are blown up before training; leave them out at larger sizes.",
            _ids(small),
        )
    if len(set(counts)) == 1:
        yield Finding(NOTE, "The data set has one class: there is no class to give away.", "Nothing to do.")
