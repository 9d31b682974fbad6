"""Which slice goes where: from the headers of a folder's files to labels, patients and splits."""

import collections
import dataclasses
import logging
from collections.abc import Sequence

from tfds_covidct import splits
from tfds_covidct.ct_folder import patients
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

_BESIDE_CLASSES = "lies beside the folders that name the classes; move it into one"


@dataclasses.dataclass(frozen=True)
class Task:
    """Slices of one file that are read together.

    Attributes:
      source: the file.
      frames: the places of the slices in it.
      image_ids: theirs.
      label: their class.
      patient_id: whom they show.
    """

    source: Source
    frames: tuple[int, ...]
    image_ids: tuple[str, ...]
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
    """Groups, labels and splits what the headers tell of, and tells what a user should know of it.

    Args:
      inventory: the folder's files.
      scans: the readable ones, in the inventory's order, with their headers.
      identity: gives patients and images their ids.
      config: its slice range and split fractions count here.
      problems: takes up what is wrong with single files.

    Raises:
      DataError: a class is empty, or there is but one image.
    """
    units = group(_labelled(inventory, scans, problems))
    _check(inventory, units, problems)
    names = patients.name_patients(units)
    patient_ids = [identity.patient_id(name) for name in names]
    split_of = _split(units, patient_ids, config.fractions)
    tasks = {split: [] for split in splits.SPLITS}
    for unit, patient_id in zip(units, patient_ids):
        tasks[split_of[patient_id]] += _tasks(unit, patient_id, identity, config.kept_range)
    passed_over = collections.Counter(header.passed_over for _, header in scans if header.passed_over)
    _tell(units, names, passed_over)
    _tell_of_empty_splits(split_of, names, config.fractions)
    facts = {
        "files_passed_over": dict(sorted(passed_over.items())),
        "series_with_findings": sum(bool(unit.findings) for unit in units),
        "patients": dict(collections.Counter(split_of.values())),
        "patients_known_by": dict(collections.Counter(name.partition(":")[0] for name in set(names))),
    }
    return Plan({split: own for split, own in tasks.items() if own}, facts)


def _labelled(inventory, scans, problems):
    """The files with a slice and a label; one beside the folders that name the classes has none."""
    labelled = []
    for source, header in scans:
        if header.frames and inventory.folders and not source.label:
            problems.add(source.relative, f"{source.relative}: {_BESIDE_CLASSES}")
        elif header.frames:
            labelled.append((source, header))
    return labelled


def _check(inventory: Inventory, units: Sequence[Unit], problems: Problems) -> None:
    problems.check()
    if not units:
        message = "holds no image; PNG, JPEG, TIFF, BMP, DICOM and NIfTI files are read"
        raise DataError(f"{inventory.root}: {message}")
    empty = sorted(set(labels(inventory)) - {_label(unit) for unit in units})
    if empty:
        raise DataError(
            f"{inventory.root}: the folder {empty[0]!r} holds no image, but its name makes it a class; "
            "put images into it or remove it"
        )
    if sum(len(unit.slices) for unit in units) < 2:
        raise DataError(
            f"{inventory.root}: holds a single image; at least 2 are needed, and some hundreds to train"
        )


def _label(unit: Unit) -> str:
    return unit.slices[0][0].label or ONLY_LABEL


def _split(units: Sequence[Unit], patient_ids: Sequence[str], fractions) -> dict[str, str]:
    """Patients with the same classes are dealt to the splits together."""
    classes = collections.defaultdict(set)
    for unit, patient_id in zip(units, patient_ids):
        classes[patient_id].add(_label(unit))
    return splits.assign({patient: tuple(sorted(own)) for patient, own in classes.items()}, fractions)


def _tasks(unit: Unit, patient_id: str, identity: Identity, kept_range) -> list[Task]:
    frames = collections.defaultdict(list)
    for source, frame in _kept(unit, kept_range):
        frames[source].append(frame)
    tasks = []
    for source, places in frames.items():
        image_ids = tuple(identity.image_id(source.relative, frame) for frame in places)
        tasks.append(Task(source, tuple(places), image_ids, _label(unit), patient_id))
    return tasks


def _kept(unit: Unit, kept_range: tuple[float, float]) -> tuple[tuple[Source, int], ...]:
    """The slices of a volume whose middles lie in the range, at least the nearest; a picture in any case."""
    count = len(unit.slices)
    if not unit.is_volume:
        return unit.slices
    first, last = kept_range
    kept = [piece for place, piece in enumerate(unit.slices) if first <= (place + 0.5) / count <= last]
    return tuple(kept) or (unit.slices[min(int((first + last) / 2 * count), count - 1)],)


def _tell(units: Sequence[Unit], names: Sequence[str], passed_over: collections.Counter) -> None:
    for why, count in sorted(passed_over.items()):
        log.info("Passed over %d files without a slice: %s.", count, why)
    for unit in units:
        if unit.findings:
            first = unit.slices[0][0].relative
            log.warning(
                "The series of %d slices with %s: %s.", len(unit.slices), first, "; ".join(unit.findings)
            )
    volumes = len({name for name in names if name.startswith(f"{patients.BY_VOLUME}:")})
    if volumes:
        log.warning(
            "Nothing tells whom some volumes show: each study, or volume without one, counts as a patient (%d).",
            volumes,
        )
    in_blocks = sum(name.startswith(f"{patients.BY_BLOCK}:") for name in names)
    if in_blocks:
        log.warning(
            "Nothing tells whom %d images show. They were split by blocks of consecutive files, so one patient "
            "may stand in two splits; a folder for each patient, below the class's, would prevent that.",
            in_blocks,
        )


def _tell_of_empty_splits(split_of: dict[str, str], names: Sequence[str], fractions) -> None:
    wanted = [split for split, share in zip(splits.SPLITS, fractions) if share]
    empty = [split for split in wanted if split not in split_of.values()]
    if empty:
        by_id = sum(name.startswith(f"{patients.BY_PATIENT_ID}:") for name in set(names))
        hint = (
            " If one PatientID stands for many patients, remove it and give each a folder." if by_id else ""
        )
        count = len(split_of)
        there = "is 1 patient, who stays" if count == 1 else f"are {count} patients, or blocks, who stay"
        log.warning("No images for %s: there %s whole.%s", " and ".join(empty), there, hint)
