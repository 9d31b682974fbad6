"""What each classifier is trained on: real images, generated ones, or both."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Arm:
    """A mixture of real and generated images.

    Attributes:
        name: as the table shows it.
        real: whether it holds all real training images.
        generated: of each class, how many generated images for each real one; 0 for none.
    """

    name: str
    real: bool
    generated: float

    def __post_init__(self):
        if not 0 <= self.generated <= 100:
            raise ValueError(f"`generated` must be from 0 to 100. Received: generated={self.generated}")
        if not self.real and not self.generated:
            raise ValueError(f"`real` or `generated` must give images. Received: {self}")

    @property
    def adds(self) -> bool:
        """Whether generated images stand beside real ones."""
        return self.real and self.generated > 0


REAL = Arm("real", True, 0.0)
GENERATED = Arm("generated", False, 1.0)
ARMS = (
    REAL,
    GENERATED,
    Arm("real + 0.5 × generated", True, 0.5),
    Arm("real + 1 × generated", True, 1.0),
    Arm("real + 2 × generated", True, 2.0),
)


@dataclasses.dataclass(frozen=True)
class Classes:
    """Images of the two classes.

    Attributes:
        positive: uint8 [n, S, S, 1].
        negative: uint8 [m, S, S, 1].
    """

    positive: np.ndarray
    negative: np.ndarray

    @property
    def counts(self) -> tuple[int, int]:
        """Images of the positive and of the negative class."""
        return len(self.positive), len(self.negative)

    def joined(self) -> tuple[np.ndarray, np.ndarray]:
        """All images, the positive ones first, and bool [n + m], True for those."""
        truth = np.arange(len(self.positive) + len(self.negative)) < len(self.positive)
        return np.concatenate([self.positive, self.negative]), truth


def needed(arm: Arm, real: Classes) -> tuple[int, int]:
    """How many generated images of the positive and the negative class an arm takes.

    The classes keep the balance that they have among the real images.
    """
    return tuple(round(arm.generated * count) for count in real.counts)


def training_set(arm: Arm, real: Classes, generated: Classes) -> tuple[np.ndarray, np.ndarray]:
    """The images of an arm and whether each is positive: uint8 [k, S, S, 1] and bool [k].

    Args:
        arm: which.
        real: the real training images.
        generated: at least as many as `needed`; the first ones are taken, so that a larger ratio
            adds images to those of a smaller one.

    Raises:
        ValueError: too few generated images.
    """
    parts = []
    for own, made, count in zip(_both(real), _both(generated), needed(arm, real)):
        if len(made) < count:
            raise ValueError(f"`generated` must hold {count} images of a class. Received: {len(made)}")
        parts.append(np.concatenate([own[: len(own) * arm.real], made[:count]]))
    return Classes(*parts).joined()


def _both(classes):
    return classes.positive, classes.negative
