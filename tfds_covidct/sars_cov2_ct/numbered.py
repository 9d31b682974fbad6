"""The numbered pictures of the two folders: found, rid of duplicates, and cut into blocks."""

import collections
import dataclasses
import logging
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tfds_covidct import splits
from tfds_covidct.errors import DataError
from tfds_covidct.reading.sources import Source, list_sources

log = logging.getLogger(__name__)

FOLDERS = {"covid": "COVID", "non_covid": "non-COVID"}
# How many pictures upstream has of each class.
COUNTS = {"covid": 1252, "non_covid": 1230}
# Neighbours in number are neighbouring slices of one patient, so blocks of them stay together.
LONGEST_BLOCK = 25
FRACTIONS = (0.7, 0.15, 0.15)

_NAME = re.compile(r"(?:non-)?covid \((\d+)\)\.\w+", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Picture:
    """One picture of the data set.

    Attributes:
      source: its file.
      label: `covid` or `non_covid`.
      number: upstream's, from 1.
    """

    source: Source
    label: str
    number: int

    @property
    def image_id(self) -> str:
        """Upstream's file name, which is unique over both classes."""
        return Path(self.source.relative).name

    def block(self, size: int) -> str:
        """The label and the numbers of the block of this size, such as covid/numbers_0026-0050."""
        first = (self.number - 1) // size * size + 1
        return f"{self.label}/numbers_{first:04d}-{first + size - 1:04d}"


def find_root(manual_dir: str | os.PathLike) -> Path | None:
    """Returns the folder that holds both classes' folders: this one or one of its own, or None."""
    here = Path(manual_dir)
    candidates = [here, *sorted(p for p in here.iterdir() if p.is_dir())] if here.is_dir() else []
    return next((p for p in candidates if all((p / f).is_dir() for f in FOLDERS.values())), None)


def list_pictures(root: Path) -> list[Picture]:
    """Lists the pictures of both classes, by number.

    Raises:
      DataError: a file has no number in its name, or a class has no picture.
    """
    pictures = []
    for label, folder in FOLDERS.items():
        found = list_sources(root / folder).sources
        if not found:
            raise DataError(f"{root / folder}: holds no picture")
        for source in found:
            match = _NAME.fullmatch(Path(source.relative).name)
            if not match:
                raise DataError(
                    f"{root / folder}/{source.relative}: is not named like `Covid (12).png`; remove it"
                )
            pictures.append(Picture(source, label, int(match[1])))
    return sorted(pictures, key=lambda p: (p.label, p.number))


def without_duplicates(
    pictures: Sequence[Picture], digests: Mapping[Source, str]
) -> tuple[list[Picture], dict]:
    """Keeps one of each picture, and none of a picture that stands under both labels.

    Args:
      pictures: by number; the first of several stays.
      digests: of each file's pixels.

    Returns:
      The pictures kept, and {what: number of pictures dropped}.
    """
    same = collections.defaultdict(list)
    for picture in pictures:
        same[digests[picture.source]].append(picture)
    both = [group for group in same.values() if len({p.label for p in group}) > 1]
    dropped = {
        "exact_duplicates": sum(len(group) - 1 for group in same.values() if group not in both),
        "under_both_labels": sum(len(group) for group in both),
    }
    kept = [group[0] for group in same.values() if group not in both]
    return sorted(kept, key=lambda p: (p.label, p.number)), dropped


def split(pictures: Sequence[Picture]) -> tuple[dict[str, list[Picture]], dict[Picture, str]]:
    """Deals whole blocks of numbers to the splits, of each class in the same proportions.

    In the order of the numbers: each place where two splits meet may cut a patient in two.

    Returns:
      A split's name -> its pictures, no split empty; and each picture's block.
    """
    counts = collections.Counter(picture.label for picture in pictures)
    sizes = {label: splits.block_size(count, LONGEST_BLOCK) for label, count in counts.items()}
    block_of = {picture: picture.block(sizes[picture.label]) for picture in pictures}
    split_of = splits.assign(
        {block: picture.label for picture, block in block_of.items()}, FRACTIONS, order=str
    )
    by_split = collections.defaultdict(list)
    for picture in pictures:
        by_split[split_of[block_of[picture]]].append(picture)
    return {name: by_split[name] for name in splits.SPLITS if by_split[name]}, block_of


def report(pictures: Sequence[Picture], dropped: Mapping[str, int]) -> None:
    """Warns of a subset, and tells what was dropped."""
    counts = collections.Counter(picture.label for picture in pictures)
    if counts != COUNTS:
        there = " and ".join(f"{counts[label]} of {COUNTS[label]} {label}" for label in COUNTS)
        log.warning("sars_cov2_ct: a subset: %s pictures.", there)
    for what, count in dropped.items():
        if count:
            log.warning("sars_cov2_ct: %d pictures dropped: %s.", count, what.replace("_", " "))
