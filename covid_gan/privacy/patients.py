"""Whose each scan is: distances to scans become distances to patients."""

import dataclasses
from collections.abc import Sequence

import numpy as np


@dataclasses.dataclass(frozen=True)
class Patients:
    """The patients of training scans followed by held-out scans.

    Attributes:
        of_scan: int [n], each scan's patient, 0 to P − 1.
        held_out: bool [P]; training patients come first.
        known: whether the patients were given; else each scan counts as a patient of its own.
    """

    of_scan: np.ndarray
    held_out: np.ndarray
    known: bool

    @property
    def training_count(self) -> int:
        return int((~self.held_out).sum())

    @property
    def held_out_count(self) -> int:
        return int(self.held_out.sum())

    def nearest(self, distances: np.ndarray) -> np.ndarray:
        """The distance to the nearest scan of each patient.

        Args:
            distances: float [q, n].

        Returns:
            float [q, P].
        """
        order = np.argsort(self.of_scan, kind="stable")
        starts = np.searchsorted(self.of_scan[order], np.arange(len(self.held_out)))
        return np.minimum.reduceat(distances[:, order], starts, axis=1)


def of_scans(
    training: int,
    held_out: int,
    training_patients: Sequence | None = None,
    held_out_patients: Sequence | None = None,
) -> Patients:
    """Numbers the patients.

    Args:
        training, held_out: numbers of scans; `held_out` may be 0.
        training_patients, held_out_patients: what tells one patient from another, for each scan; both
            or neither.

    Raises:
        ValueError: one is given without the other, the lengths differ, or a patient is on both sides.
    """
    given = {"training_patients": training_patients, "held_out_patients": held_out_patients}
    if training_patients is None and held_out_patients is None:
        of_scan = np.arange(training + held_out)
        return Patients(of_scan, of_scan >= training, known=False)
    for (name, names), count in zip(given.items(), (training, held_out), strict=True):
        received = 0 if names is None else len(names)
        if received != count:
            raise ValueError(f"`{name}` must name the patients of {count} scans. Received: {received} names")
    both = set(training_patients) & set(held_out_patients or ())
    if both:
        raise ValueError(
            "`held_out_patients` must share no patient with `training_patients`. "
            f"Received: {len(both)} in both"
        )
    number = {
        name: place
        for place, name in enumerate(dict.fromkeys([*training_patients, *(held_out_patients or ())]))
    }
    of_scan = np.array([number[name] for names in given.values() for name in names or ()])
    first_held_out = len(set(training_patients))
    return Patients(of_scan, np.arange(len(number)) >= first_held_out, known=True)
