"""Counts of images, patients, sizes and files, by class and split."""

import collections
from collections.abc import Iterable, Sequence

import numpy as np

from covid_gan.inspection.measuring import Measured


def named(label: str) -> str:
    """A label as it is shown; a data set without labels has "" alone."""
    return label or "all images"


def counts(images: Iterable[Measured], classes, splits) -> dict[str, dict[str, int]]:
    """Label -> split -> number of images."""
    seen = collections.Counter((image.label, image.split) for image in images)
    return {label: {split: seen[label, split] for split in splits} for label in classes}


def patients(images: Iterable[Measured], classes, splits, known=True) -> dict[str, dict[str, int]]:
    """Label -> split -> number of known patients, or of blocks of files where patients are not `known`."""
    seen = {
        (image.label, image.split, image.patient)
        for image in images
        if image.patient and image.patient_known == known
    }
    per_place = collections.Counter((label, split) for label, split, _ in seen)
    return {label: {split: per_place[label, split] for split in splits} for label in classes}


def amount_of_patients(images: Sequence[Measured]) -> str:
    """In words, how many patients there are, without taking blocks of files for patients."""
    patients = len({image.known_patient for image in images} - {""})
    groups = len({image.patient for image in images if not image.patient_known} - {""})
    parts = [number(patients, "known patient")] if patients else []
    if groups:
        parts.append(f"{number(groups, 'group')} (blocks of files; patients unknown)")
    return ", ".join(parts) or "patients unknown"


def noun(images: Iterable[Measured]) -> str:
    """What stands for a patient in these images: patient, or group where blocks of files do."""
    return "patient" if all(image.patient_known for image in images) else "group"


def number(count: int, noun: str) -> str:
    """A count with its noun, as in "1 pair" or "2 pairs"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def patients_in_several(images: Sequence[Measured], attribute: str) -> list[list[Measured]]:
    """The images of every patient, or block of files, that has more than one `attribute`: split or label."""
    by_patient = collections.defaultdict(list)
    for image in images:
        if image.patient:
            by_patient[image.patient].append(image)
    return [own for own in by_patient.values() if len({getattr(image, attribute) for image in own}) > 1]


def sizes(images: Iterable[Measured]) -> dict[str, dict[str, int]]:
    """The min, median and max of width, height and shorter side, in pixels."""
    sides = np.array([(image.width, image.height) for image in images])
    columns = {"width": sides[:, 0], "height": sides[:, 1], "shorter_side": sides.min(axis=1)}
    return {
        name: {"min": int(v.min()), "median": int(np.median(v)), "max": int(v.max())}
        for name, v in columns.items()
    }


def files(images: Iterable[Measured]) -> dict[str, dict[str, int]]:
    """The number of source files of each format, mode and bit depth; {} where none is at hand."""
    facts = [image.facts for image in images if image.facts]
    if not facts:
        return {}
    values = {name: [str(getattr(fact, name)) for fact in facts] for name in ("format", "mode", "bits")}
    return {name: dict(collections.Counter(found).most_common()) for name, found in values.items()}


def by_label(images: Iterable[Measured], classes) -> dict[str, list[Measured]]:
    """Label -> its images, for labels that have any."""
    found = {label: [] for label in classes}
    for image in images:
        found[image.label].append(image)
    return {label: own for label, own in found.items() if own}
