"""Groups slices into what a split never cuts: a picture, a series, a volume; ordered by position."""

import collections
import dataclasses
import itertools
import math
import operator
import statistics
from collections.abc import Iterable, Sequence

from tfds_covidct.reading.scan import Header
from tfds_covidct.reading.sources import Source

# How much two slices of a series may differ: in the cosines of their directions, in the share of the
# usual distance, and in mm where they count as being at one position.
ORIENTATION_TOLERANCE = 0.01
SPACING_TOLERANCE = 0.1
SAME_POSITION_MM = 0.01

# How far the cross product of two directions at right angles may be from a length of 1.
_NORMAL_LENGTHS = 0.5, 2.0

# A wider gap tells of two series under one name rather than of slices lost.
MOST_MISSING = 1000


@dataclasses.dataclass(frozen=True)
class Unit:
    """Slices that belong together.

    Attributes:
      slices: (file, frame) by position: towards the patient's head, left or back, whichever the slices'
        normal runs closest to.
      patient: the raw PatientID, or "".
      series: what all units of one acquisition have in common, for where no patient is known: the
        StudyInstanceUID, else the FrameOfReferenceUID, else the SeriesInstanceUID, or "". It may name a
        patient: it never leaves this process's memory.
      findings: what is odd about it, in fixed phrases and numbers, without a word of a header.
      is_volume: whether it is more than a single picture.
    """

    slices: tuple[tuple[Source, int], ...]
    patient: str = dataclasses.field(default="", repr=False)
    findings: tuple[str, ...] = ()
    is_volume: bool = False
    series: str = dataclasses.field(default="", repr=False)


def group(scans: Sequence[tuple[Source, Header]]) -> list[Unit]:
    """Groups files into units; those without a slice are left out.

    A file of several slices is a unit, and so is a picture. DICOM files of one slice each make one
    series where label, patient, SeriesInstanceUID, orientation and size are the same; without that UID
    each stays alone. A series is ordered by position, where any is lacking by InstanceNumber, and where
    that is lacking too in the given order.

    Args:
      scans: files with their headers, in natural order.

    Returns:
      Units, in the order of their first files.
    """
    by_series = collections.defaultdict(list)
    classes = collections.defaultdict(set)
    for source, header in scans:
        if header.frames:
            series = _series(source, header)
            by_series[series].append((source, header))
            classes[series[1:]].add(source.label)
    units = []
    for series, files in by_series.items():
        parts = _parts(files)
        findings = []
        if len(parts) > 1:
            findings.append("mixed orientations or sizes, each taken as a series of its own")
        if len(classes[series[1:]]) > 1:
            findings.append("slices in more than one class")
        units += [_unit(part, findings) for part in parts]
    return units


def _series(source: Source, header: Header) -> tuple:
    """Returns label, patient and UID where the file is one slice of a series, else what no other file has."""
    if header.kind == "dicom" and header.frames == 1 and header.series:
        return source.label, header.patient, header.series
    return source.label, source


def _parts(files: list[tuple[Source, Header]]) -> list[list[tuple[Source, Header]]]:
    """Parts the slices of one series that differ in size or orientation."""
    parts = []
    for file in files:
        alike = (part for part in parts if _is_alike(part[0][1], file[1]))
        part = next(alike, None)
        if part is None:
            parts.append([file])
        else:
            part.append(file)
    return parts


def _is_alike(one: Header, other: Header) -> bool:
    if (one.height, one.width, len(one.orientation)) != (other.height, other.width, len(other.orientation)):
        return False
    return all(abs(a - b) <= ORIENTATION_TOLERANCE for a, b in zip(one.orientation, other.orientation))


def _unit(files: list[tuple[Source, Header]], findings: Iterable[str]) -> Unit:
    first = files[0][1]
    normal = _normal(first.orientation)  # One for all: another tilt would move slices far from the origin.
    slices = [
        (_position(header, frame, normal), header.instance, (source, frame))
        for source, header in files
        for frame in range(header.frames)
    ]
    findings = list(findings)
    if all(position is not None for position, *_ in slices):
        slices.sort(key=lambda piece: (piece[0], piece[1] or 0))
        findings += _position_findings([position for position, *_ in slices])
    elif len(files) > 1:
        findings.append("slices without a position")
        if all(instance is not None for _, instance, _ in slices):
            slices.sort(key=lambda piece: piece[1])
    places = tuple(place for *_, place in slices)
    return Unit(places, first.patient, tuple(findings), len(places) > 1, first.study or first.series)


def _normal(orientation: tuple[float, ...]) -> tuple[float, ...] | None:
    """Returns the normal of slices, of length 1, towards left, back or head: along its longest part.

    Of six cosines, by the cross product, which numpy takes far longer to find for one pair.
    """
    if len(orientation) != 6:
        return None
    a, b, c, d, e, f = orientation
    normal = b * f - c * e, c * d - a * f, a * e - b * d
    length = math.hypot(*normal)
    if not _NORMAL_LENGTHS[0] < length < _NORMAL_LENGTHS[1]:
        return None
    length = math.copysign(length, max(normal, key=abs))
    return tuple(part / length for part in normal)


def _position(header: Header, frame: int, normal: tuple[float, ...] | None) -> float | None:
    """Returns where a slice lies along the normal, mm, or None where that is unknown."""
    if normal is None or len(header.positions) != header.frames:
        return None
    position = sum(map(operator.mul, header.positions[frame], normal))
    return position if math.isfinite(position) else None


def _position_findings(positions: Sequence[float]) -> list[str]:
    """Says what is odd about the distances of slices; `positions` in mm, ascending."""
    gaps = [b - a for a, b in itertools.pairwise(positions)]
    steps = [gap for gap in gaps if gap > SAME_POSITION_MM]
    findings = []
    if len(steps) < len(gaps):
        findings.append(f"slices at a position already taken: {len(gaps) - len(steps)}")
    if not steps:
        return findings
    step = statistics.median_low(steps)
    whole = [gap / step for gap in steps if _is_whole(gap / step)]
    missing = sum(round(ratio) - 1 for ratio in whole)
    if missing:
        findings.append(f"slices missing: {missing}")
    if len(whole) < len(steps):
        findings.append("slices at uneven distances")
    return findings


def _is_whole(ratio: float) -> bool:
    return 0.5 < ratio < MOST_MISSING and abs(ratio - round(ratio)) <= SPACING_TOLERANCE
