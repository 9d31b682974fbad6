"""The images of whole data sets with all that is known of each, for an audit."""

import collections
import dataclasses
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import tensorflow_datasets as tfds

from covid_gan.config import DataConfig
from covid_gan.data import examples, folders, labels
from covid_gan.errors import ArgumentError
from tfds_covidct.reading.facts import FileFacts

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Scan:
    """An image, whose it is, and how it came.

    Attributes:
        image: uint8 [H, W], 0 = black.
        label: the class's name; "" where the data set has none.
        split: such as train.
        image_id: "" where the data set has none.
        patient_id: "" where it is not known.
        facts: of the source file; None where that is not at hand.
        dataset: the name of the data set it is from.
        patient_known: whether `patient_id` stands for a patient, and not for a block of files.
    """

    image: np.ndarray
    label: str
    split: str
    image_id: str
    patient_id: str
    facts: FileFacts | None
    dataset: str
    patient_known: bool = True


@dataclasses.dataclass(frozen=True)
class Audited:
    """A data set as an audit reads it.

    Attributes:
        name: of the data set.
        version: its version.
        classes: the label names, () where there are none.
        splits: the names of the splits.
        scans: all images, in the same order each time they are iterated.
    """

    name: str
    version: str
    classes: tuple[str, ...]
    splits: tuple[str, ...]
    scans: Iterable[Scan]


def open_records(
    builders: Sequence[tfds.core.DatasetBuilder],
    facts: Sequence[Mapping[str, FileFacts]],
    data: DataConfig,
) -> Audited:
    """Opens prepared data sets as a resolved config tells; `split` "all" is every split by its name.

    Args:
        builders: of the data sets.
        facts: for each, what is known of the source files by `image_id`; empty where nothing is.
        data: resolved.

    Raises:
        ArgumentError: a split is not there, or an excluded image.
    """
    splits = list(dict.fromkeys(split for builder in builders for split in builder.info.splits))
    if data.split != tfds.Split.ALL:
        splits = [data.split]
    for builder in builders:
        if not any(_has(builder, split) for split in splits):
            there = ", ".join(builder.info.splits)
            raise ArgumentError("split", f"is no split of {builder.name}, which has {there}.", data.split)
    if data.exclude:
        examples.check_exclude(builders, data)
    return Audited(
        name="+".join(folders.full_name(builder) for builder in builders),
        version="+".join(str(builder.version) for builder in builders),
        classes=_classes(builders, data.classes),
        splits=tuple(splits),
        scans=_Scans(builders, facts, splits, data),
    )


@dataclasses.dataclass(frozen=True)
class _Scans:
    """The images, read anew each time."""

    builders: Sequence[tfds.core.DatasetBuilder]
    facts: Sequence[Mapping[str, FileFacts]]
    splits: Sequence[str]
    data: DataConfig

    def __iter__(self) -> Iterator[Scan]:
        for builder, facts in zip(self.builders, self.facts):
            for split in self.splits:
                if _has(builder, split):
                    yield from self._of_split(builder, facts, split)

    def _of_split(self, builder, facts, split):
        names = labels.names_of(builder)
        kept = labels.kept(builder, self.data.classes) if self.data.classes else None
        known = collections.defaultdict(str)
        for example in examples.read_split(builder, split):
            known.update(
                {key: example[key].numpy().decode() for key in ("image_id", "patient_id") if key in example}
            )
            label = int(example["label"]) if names else None
            if (kept is not None and label not in kept) or known["image_id"] in self.data.exclude:
                continue
            image = examples.to_grey(example["image"], builder.name).numpy()[..., 0]
            if image.dtype != np.uint8:
                raise ArgumentError(
                    "dataset", "has images of more than 8 bits; an audit reads 8.", builder.name
                )
            yield Scan(
                image=image,
                label=names[label] if names else "",
                split=split,
                image_id=known["image_id"],
                patient_id=known["patient_id"],
                facts=facts.get(known["image_id"]),
                dataset=folders.full_name(builder),
                patient_known=_knows_patients(builder),
            )


def _knows_patients(builder) -> bool:
    """Whether at least some ids are of patients; our own data sets say where they are of blocks of files."""
    known_by = (builder.info.metadata or {}).get("patients_known_by")
    return known_by is None or set(known_by) != {"block"}


def _has(builder, split: str) -> bool:
    try:
        return builder.info.splits[split].num_examples > 0
    except (KeyError, ValueError):
        return False


def _classes(builders, wanted: tuple[str, ...]) -> tuple[str, ...]:
    names = dict.fromkeys(name for builder in builders for name in labels.names_of(builder))
    return tuple(n for n in names if not wanted or any(labels.same(n, other) for other in wanted))
