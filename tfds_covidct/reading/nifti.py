"""Reads NIfTI volumes: axial slices, the way round that radiologists look at them."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np

from tfds_covidct.reading import values
from tfds_covidct.reading.facts import FileFacts
from tfds_covidct.reading.nifti_file import NiftiFile
from tfds_covidct.reading.scan import Header, Slice


def read_header(stream: BinaryIO, where: str) -> Header:
    """Reads size and geometry, and the whole volume once, to tell a scan from a label map."""
    file = NiftiFile(stream, where)
    geometry = _Geometry(file)
    values.check_size(geometry.height, geometry.width, where)
    if _scale(file.sample(), where) == values.LABELS:
        return Header("nifti", 0, 0, 0, passed_over="label map")
    return Header(
        "nifti",
        geometry.frames,
        geometry.height,
        geometry.width,
        orientation=geometry.orientation,
        positions=geometry.positions,
        spacing=geometry.spacing,
    )


def read_slices(stream: BinaryIO, where: str, frames: Sequence[int]) -> Iterator[Slice]:
    """Yields the axial slices of these numbers, counted from the feet to the head."""
    file = NiftiFile(stream, where)
    geometry = _Geometry(file)
    loaded = file.load()
    scale = _scale(file.sample(loaded), where)
    axial = geometry.axial(loaded)
    for frame in frames:
        stored = axial[frame]
        if scale == values.HU:
            pixels = values.to_hu(stored, file.slope, file.intercept)
        else:
            pixels = values.to_grey(stored * np.float64(file.slope) + file.intercept, scale)
        yield Slice(frame, np.ascontiguousarray(pixels), scale == values.HU, geometry.spacing)


def read_facts(stream: BinaryIO, where: str) -> FileFacts:
    """Reads how the numbers are stored, and the size of an axial slice."""
    file = NiftiFile(stream, where)
    geometry = _Geometry(file)
    return FileFacts("NIfTI", file.dtype.name, file.dtype.itemsize * 8, geometry.width, geometry.height)


class _Geometry:
    """How a volume's axes lie in the patient.

    Attributes:
      frames, height, width: of its axial slices.
      spacing: mm between rows and between columns.
      orientation, positions: as in a `Header`.
    """

    def __init__(self, file: NiftiFile):
        from nibabel import io_orientation

        axes, flips = io_orientation(file.affine).T
        # Per direction of RAS+ (right, front, head): the file's axis that runs closest to it, and the step in
        # it that leads on in the slices: to the left, back and head.
        self._axes = [int(np.flatnonzero(axes == direction)[0]) for direction in range(3)]
        self._steps = [int(flips[axis]) * way for axis, way in zip(self._axes, (-1, -1, 1))]
        self.width, self.height, self.frames = (file.shape[axis] for axis in self._axes)
        # From NIfTI's right and front to a header's left and back.
        affine = np.diag([-1, -1, 1, 1]) @ file.affine
        row, column, normal = (affine[:3, axis] * step for axis, step in zip(self._axes, self._steps))
        self.spacing = float(np.linalg.norm(column)), float(np.linalg.norm(row))
        self.orientation = (*(row / self.spacing[1]).tolist(), *(column / self.spacing[0]).tolist())
        first = np.ones(4)
        for axis, step in zip(self._axes, self._steps):
            first[axis] = 0 if step > 0 else file.shape[axis] - 1
        corner = (affine @ first)[:3]
        self.positions = tuple(tuple((corner + normal * frame).tolist()) for frame in range(self.frames))

    def axial(self, volume: np.ndarray) -> np.ndarray:
        """Returns a view [frames, height, width] from feet to head, the patient's front on top, right on the left."""
        right, front, head = self._axes
        view = volume.transpose(head, front, right)
        along_row, along_column, along_head = self._steps
        return view[::along_head, ::along_column, ::along_row]


def _scale(sample: np.ndarray, where: str) -> str:
    scale = values.scale_of_volume(sample)
    if scale is None:
        raise values.unknown_scale(where)
    return scale
