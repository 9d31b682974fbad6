"""The kinds of records: what a builder config holds for each phantom, without TFDS."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from tfds_covidct.lung_phantom import population


@dataclasses.dataclass(frozen=True)
class Kind:
    """What the records of a builder config are.

    prefix: of the phantoms' names; kinds with the same prefix show the same patients.
    draw: makes a phantom's arrays and numbers by the feature's name, from its index and its label.
    counts: {split: {label: number of phantoms}}.
    description: one sentence.
    shape: [D, H, W] of its volumes, None for slices.
    """

    prefix: str
    draw: Callable[[int, str], dict[str, Any]]
    counts: Mapping[str, Mapping[str, int]]
    description: str
    shape: tuple[int, int, int] | None = None


def draw_record(task: tuple[str, int, str]) -> Iterator[dict[str, Any]]:
    """Yields the record of a task, which is (name of the kind, index, label), for a worker process."""
    kind, index, label = task
    yield KINDS[kind].draw(index, label)


def _slice(phantom) -> dict[str, Any]:
    return {
        "image": phantom.image[..., None],
        "severity": np.float32(phantom.severity),
        "lesion_mask": phantom.lesion_mask[..., None],
        "lung_mask": phantom.lung_mask[..., None],
    }


def _draw_slice(index: int, label: str) -> dict[str, Any]:
    return _slice(population.make_member(index, label))


def _draw_pair(index: int, label: str) -> dict[str, Any]:
    pair = population.make_member_pair(index, label)
    return _slice(pair.ct) | {
        "hu": np.rint(pair.ct.hu).astype(np.int16)[..., None],
        "mr": pair.mr[..., None],
        "body_mask": pair.body_mask[..., None],
        "bone_mask": pair.bone_mask[..., None],
        "spacing": np.float32([pair.spacing, pair.spacing]),
    }


def _volumes(shape: tuple[int, int, int]) -> Kind:
    def draw(index: int, label: str) -> dict[str, Any]:
        volume = population.make_member_volume(index, label, shape)
        return {
            "volume": volume.hu[..., None],
            "severity": np.float32(volume.severity),
            "lesion_mask": volume.lesion_mask[..., None],
            "lung_mask": volume.lung_mask[..., None],
            "spacing": np.float32(volume.spacing),
        }

    description = "Chests of {1} x {2} pixels and {0} slices in HU.".format(*shape)
    return Kind("volume", draw, population.VOLUME_COUNTS, description, shape)


KINDS = {
    "slices": Kind("phantom", _draw_slice, population.COUNTS, "One axial slice for each phantom."),
    "paired": Kind(
        "phantom", _draw_pair, population.COUNTS, "The same slices as CT and as an MR-like picture."
    ),
    "volumes": _volumes((64, 64, 64)),
    "volumes_128x128x48": _volumes((48, 128, 128)),
}
