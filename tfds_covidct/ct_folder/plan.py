"""Which slice goes where: from the headers of a folder's files to labels, patients and splits."""

import collections
import dataclasses
import logging
from collections.abc import Iterable, Sequence

from tfds_covidct import splits
from tfds_covidct.ct_folder.config import CtFolderConfig
from tfds_covidct.ct_folder.identity import Identity
from tfds_covidct.ct_folder.problems import Problems
from tfds_covidct.errors import DataError
from tfds_covidct.reading.scan import Header
from tfds_covidct.reading.series import Unit, group
from tfds_covidct.reading.sources import Inventory, Source

log = logging.getLogger(__name__)

# The label of all images where the folder has no folders in it.
ONLY_LABEL = "scan"


@dataclasses.dataclass(frozen=True)
class Task:
    """Slices of one file that are read together.

    Attributes:
      source: the file.
      frames: the places of the slices in it.
      label: their class.
      patient_id: whom they show.
    """

    source: Source
    frames: tuple[int, ...]
    label: str
    patient_id: str


@dataclasses.dataclass(frozen=True)
class Plan:
    """What will be read.

    Attributes:
      tasks: a split's name -> its tasks; no split is empty.
      facts: counts for the data set's metadata, without names.
    """

    tasks: dict[str, list[Task]]
    facts: dict


def labels(inventory: Inventory) -> list[str]:
    """The class names: the first level's folders, or `ONLY_LABEL` where there are none."""
    return sorted(inventory.folders) or [ONLY_LABEL]


def make_plan(
    inventory: Inventory,
    scans: Sequence[tuple[Source, Header]],
    identity: Identity,
    config: CtFolderConfig,
    problems: Problems,
) -> Plan:
    """Groups, labels and splits what the headers tell of.

    Args:
      inventory: the folder's files.
      scans: the readable ones, in the inventory's order, with their headers.
      identity: gives the patients their ids.
      config: its slice range and split fractions count here.
      problems: takes up what is wrong with single files.

    Raises:
      DataError: a class is empty, or there is but one image.
    """
    passed_over = collections.Counter(header.passed_over for _, header in scans if header.passed_over)
    unlabelled = [
        source for source, header in scans if inventory.folders and not source.label and header.frames
    ]
    for source in unlabelled:
        problems.add(
            source.relative, "lies beside the folders that name the classes; move it into one of them"
        )
    scans = [(s, h) for s, h in scans if h.frames and not (inventory.folders and not s.label)]
    units = group(scans)
    _check_classes(inventory, units)
    patients = _patients(units)
    ids = [identity.patient_id(patient) for patient in patients]
    of_patient = collections.defaultdict(set)
    for unit, patient_id in zip(units, ids):
        of_patient[patient_id].add(_label(unit))
    split_of = splits.assign({p: tuple(sorted(own)) for p, own in of_patient.items()}, config.fractions)
    tasks = {split: [] for split in splits.SPLITS}
    for unit, patient_id in zip(units, ids):
        kept = _kept(unit, config.kept_range)
        tasks[split_of[patient_id]] += _tasks(kept, _label(unit), patient_id)
    _report(units, patients, split_of, config.fractions, passed_over)
    facts = {
        "series_with_findings": sum(bool(unit.findings) for unit in units),
        "files_passed_over": dict(sorted(passed_over.items())),
        "patients": {split: sum(s == split for s in split_of.values()) for split in splits.SPLITS},
        "patients_known_by": dict(collections.Counter(p.partition(":")[0] for p in set(patients))),
    }
    return Plan({split: own for split, own in tasks.items() if own}, facts)


def _label(unit: Unit) -> str:
    return unit.slices[0][0].label or ONLY_LABEL


def _check_classes(inventory: Inventory, units: Sequence[Unit]) -> None:
    if not units:
        raise DataError(
            f"{inventory.root}: holds no image; PNG, JPEG, TIFF, BMP, DICOM and NIfTI files are read"
        )
    empty = sorted(set(labels(inventory)) - {_label(unit) for unit in units})
    if empty:
        raise DataError(
            f"{inventory.root}: the folder {empty[0]!r} holds no image, but its name makes it a class; "
            "put images into it or remove it"
        )
    if sum(len(unit.slices) for unit in units) < 2:
        raise DataError(
            f"{inventory.root}: holds a single image; a data set needs at least 2, to train on some hundreds"
        )


def _patients(units: Sequence[Unit]) -> list[str]:
    """Whom each unit shows: `patient:` and the PatientID, `folder:` and its path, or `block:` and its number.

    The folder is the first one below the label. A block is of consecutive files under one label.
    """
    loose = collections.defaultdict(list)
    patients = []
    for unit in units:
        folder = _folder_below_label(unit.slices[0][0])
        if unit.patient:
            patients.append(f"patient:{unit.patient}")
        elif folder:
            patients.append(f"folder:{folder}")
        elif unit.is_volume:
            patients.append(f"volume:{unit.slices[0][0].relative}")
        else:
            loose[_label(unit)].append(len(patients))
            patients.append("")
    for label, places in loose.items():
        size = splits.block_size(len(places))
        for i, place in enumerate(places):
            patients[place] = f"block:{label}/{i // size}"
    return patients


def _folder_below_label(source: Source) -> str:
    """The path of the first folder below the one that names the class; "" where there is none."""
    folders = source.relative.split("/")[:-1]
    while folders and source.label and folders[0].removesuffix(".zip") != source.label:
        folders = folders[1:]  # The name of the archive that stands for the whole folder.
    return "/".join(folders[:2]) if source.label and len(folders) > 1 else ""


def _kept(unit: Unit, kept_range: tuple[float, float]) -> tuple[tuple[Source, int], ...]:
    """The slices of a volume whose middles lie in the range; at least the middlemost."""
    count = len(unit.slices)
    if not unit.is_volume or count == 1:
        return unit.slices
    first, last = kept_range
    kept = [s for i, s in enumerate(unit.slices) if first <= (i + 0.5) / count <= last]
    return tuple(kept) or (unit.slices[min(int((first + last) / 2 * count), count - 1)],)


def _tasks(slices: Iterable[tuple[Source, int]], label: str, patient_id: str) -> list[Task]:
    frames = collections.defaultdict(list)
    for source, frame in slices:
        frames[source].append(frame)
    return [Task(source, tuple(places), label, patient_id) for source, places in frames.items()]


def _report(units, patients, split_of, fractions, passed_over) -> None:
    """Tells what a user should know before training on it."""
    for reason, count in sorted(passed_over.items()):
        log.info("Passed over %d files without a slice: %s.", count, reason)
    for unit in units:
        if unit.findings:
            first = unit.slices[0][0].relative
            log.warning(
                "The series of %d slices with %s: %s.", len(unit.slices), first, "; ".join(unit.findings)
            )
    blocks = sum(patient.startswith("block:") for patient in patients)
    if blocks:
        log.warning(
            "No patient is known of %d images: they were split by blocks of consecutive files, so that "
            "one patient may stand in two splits. Folders below the label would tell patients apart.",
            blocks,
        )
    used = set(split_of.values())
    missing = [s for s, share in zip(splits.SPLITS, fractions) if share and s not in used]
    if missing:
        count = len(split_of)
        there = "1 patient only" if count == 1 else f"{count} patients only, counted for each class"
        log.warning(
            "%s, so no image is in %s. If a PatientID stands for many patients, remove it and give them folders.",
            there.capitalize(), " and ".join(missing),
        )  # fmt: skip
