"""The three sets of images of an evaluation, with their features."""

import dataclasses
from collections.abc import Callable

import numpy as np

from covid_gan.evaluation.sources import Source


@dataclasses.dataclass(frozen=True)
class Subject:
    """Images and what a network says of them.

    Attributes:
        images: uint8 [n, S, S, 1].
        features: float [n, d]; None without an extractor, or without images.
        mirrored: the features of the images mirrored left-right, where they are needed.
    """

    images: np.ndarray
    features: np.ndarray | None = None
    mirrored: np.ndarray | None = None

    def __len__(self):
        return len(self.images)


@dataclasses.dataclass(frozen=True)
class Subjects:
    """Who is compared with whom.

    Attributes:
        generated: images of the generator.
        training: scans that it was trained on.
        unseen: scans of the other splits; perhaps none.
    """

    generated: Subject
    training: Subject
    unseen: Subject


def subjects_of(source: Source, extractor: Callable | None) -> Subjects:
    """Runs the extractor over all images, and over the scans mirrored too."""

    def subject(images, mirror):
        if extractor is None or not len(images):
            return Subject(images)
        mirrored = extractor(np.ascontiguousarray(images[:, :, ::-1])) if mirror else None
        return Subject(images, extractor(images), mirrored)

    return Subjects(
        generated=subject(source.images, mirror=False),
        training=subject(source.training, mirror=True),
        unseen=subject(source.unseen, mirror=True),
    )
