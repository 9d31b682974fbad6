"""All that an audit finds, before it is written down."""

import dataclasses
from collections.abc import Sequence

from covid_gan.data import Audited
from covid_gan.inspection import duplicates, shortcuts, tallies
from covid_gan.inspection.duplicates import Pair
from covid_gan.inspection.measuring import Measured, Measurements, measure
from covid_gan.inspection.shortcuts import Shortcut


@dataclasses.dataclass(frozen=True)
class Results:
    """What was measured of a data set.

    Attributes:
        name, version: of the data set.
        classes, splits: all that are declared or found.
        measured: of every image.
        pairs: pictures that stand there twice, the worst first.
        shortcuts: how well a class is told from something that is no lung.
    """

    name: str
    version: str
    classes: tuple[str, ...]
    splits: tuple[str, ...]
    measured: Measurements
    pairs: Sequence[Pair]
    shortcuts: Sequence[Shortcut]

    @property
    def images(self) -> list[Measured]:
        return self.measured.images

    @property
    def by_label(self) -> dict[str, list[Measured]]:
        return tallies.by_label(self.images, self.classes)

    @property
    def coloured(self) -> list[Measured]:
        return sorted((image for image in self.images if image.coloured), key=lambda i: -i.facts.colour)

    @property
    def lettered(self) -> list[Measured]:
        return sorted((image for image in self.images if image.letters), key=lambda i: -i.letters)


def inspect(audited: Audited) -> Results:
    """Measures a data set.

    Raises:
        ValueError: it has no image.
    """
    measured = measure(audited.scans)
    images = measured.images
    if not images:
        raise ValueError(f"`audited` has no image. Received: {audited.name}")
    pairs = duplicates.find(images)
    groups = duplicates.grouped(images, pairs)
    return Results(
        name=audited.name,
        version=audited.version,
        classes=_all_of(audited.classes, (image.label for image in images)),
        splits=_all_of(audited.splits, (image.split for image in images)),
        measured=measured,
        pairs=pairs,
        shortcuts=shortcuts.find(images, groups),
    )


def _all_of(declared, found):
    return tuple(dict.fromkeys([*declared, *found]))
