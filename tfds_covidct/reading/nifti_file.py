"""Opens a NIfTI file: its header, and its stored numbers, never more of them than the header needs."""

import gzip
import io
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from tfds_covidct.errors import DataError, MissingExtraError

MAX_STORED_BYTES = 768 * 2**20
# Extensions lie between the header and the numbers.
_MAX_OFFSET = 64 * 2**20
_CHUNK_BYTES = 2**22
# Values that are enough to tell HU from grey and from a mask.
_SAMPLE = 2**20
# Deflate never packs more tightly.
_MAX_GZIP_RATIO = 1040

_EXTRA = 'pip install "covid_gan[nifti]"'
_UNITS_IN_MM = {"meter": 1000.0, "micron": 0.001}


class NiftiFile:
    """A NIfTI-1 or NIfTI-2 file that is open.

    Attributes:
      shape: of its three axes.
      dtype: of the stored numbers.
      affine: from indices to RAS+, mm; float64 [4, 4].
      slope, intercept: value = slope * stored + intercept.
    """

    def __init__(self, stream: BinaryIO, where: str):
        """Reads the header.

        Args:
          stream: the file, packed by gzip or not, open at its start; has to stay open.
          where: what an error calls it.

        Raises:
          MissingExtraError: if nibabel is not installed.
          DataError: if it is no single file of one 3-D volume of real numbers, or too large.
        """
        self._where = where
        packed_size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        self._is_packed = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        self._stream = gzip.GzipFile(fileobj=stream) if self._is_packed else stream
        header = _parse(self._stream, where)
        self.shape = _shape(header, where)
        self.dtype = _dtype(header, where)
        self.slope, self.intercept = _scaling(header)
        self.affine = _affine(header, where)
        self._offset = int(header.get_data_offset())
        self._check_size(packed_size)

    @property
    def stored_bytes(self) -> int:
        return int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize

    def load(self) -> np.ndarray:
        """Reads the stored numbers, in an array of the file's axes."""
        stored = np.empty(self.stored_bytes, np.uint8)
        end = 0
        for chunk in self._chunks():
            stored[end : end + len(chunk)] = np.frombuffer(chunk, np.uint8)
            end += len(chunk)
        return stored.view(self.dtype).reshape(self.shape, order="F")

    def sample(self, loaded: np.ndarray | None = None) -> np.ndarray:
        """Returns about a million values, evenly spaced in the volume.

        Args:
          loaded: the stored numbers, if they are in memory; else the whole file is read, part after part.
        """
        step = max(1, int(np.prod(self.shape)) // _SAMPLE)
        if loaded is not None:
            return loaded.reshape(-1, order="F")[::step].astype(np.float64) * self.slope + self.intercept
        values, start = [], 0
        for chunk in self._chunks():
            numbers = np.frombuffer(chunk, self.dtype)
            values.append(numbers[-start % step :: step].astype(np.float64))
            start += numbers.size
        return np.concatenate(values) * self.slope + self.intercept

    def _chunks(self) -> Iterator[bytes]:
        """Yields the stored numbers' bytes; each chunk holds whole numbers."""
        self._stream.seek(self._offset)
        left = self.stored_bytes
        while left:
            chunk = self._read_exactly(min(left, _CHUNK_BYTES))
            left -= len(chunk)
            yield chunk

    def _read_exactly(self, count: int) -> bytes:
        parts, left = [], count
        while left:
            part = self._stream.read(left)
            if not part:
                raise self._cut_short()
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def _check_size(self, packed_size: int):
        """Believes the header's sizes only as far as memory and the file's own length allow."""
        if self.stored_bytes > MAX_STORED_BYTES:
            raise DataError(
                f"{self._where}: its volume takes more than {MAX_STORED_BYTES} bytes; crop it, split it, "
                "or store it as 16-bit numbers"
            )
        if not 0 <= self._offset <= _MAX_OFFSET:
            raise DataError(f"{self._where}: its header is damaged; export it again or remove it")
        most = packed_size * (_MAX_GZIP_RATIO if self._is_packed else 1)
        if self._offset + self.stored_bytes > most:
            raise self._cut_short()

    def _cut_short(self) -> DataError:
        return DataError(f"{self._where}: ends before its last voxel; copy it again or remove it")


def _parse(stream, where: str):
    """Returns nibabel's header of either version."""
    try:
        import nibabel
    except ImportError:
        raise MissingExtraError(f"{where}: NIfTI needs nibabel, which is not installed: {_EXTRA}") from None
    head = stream.read(540)
    is_second = head[4:6] == b"n+" or head[4:6] == b"ni"
    if b"ni" in (head[344:346], head[4:6]):
        raise DataError(f"{where}: a NIfTI header without its volume; save both as one file ending in .nii")
    kind = nibabel.Nifti2Header if is_second else nibabel.Nifti1Header
    size = 540 if is_second else 348
    return kind(head[:size], check=False)


def _shape(header, where: str) -> tuple[int, int, int]:
    shape = tuple(int(length) for length in header.get_data_shape())
    if len(shape) < 3 or min(shape) < 1 or any(length != 1 for length in shape[3:]):
        raise DataError(f"{where}: not one 3-D volume; save each point in time as a file of its own")
    return shape[:3]


def _dtype(header, where: str) -> np.dtype:
    dtype = header.get_data_dtype()
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise DataError(
            f"{where}: holds colours, complex or extended numbers; save real ones of 8 to 64 bits"
        )
    return dtype


def _scaling(header) -> tuple[float, float]:
    slope, intercept = header.get_slope_inter()
    return (1.0 if slope is None else float(slope)), (0.0 if intercept is None else float(intercept))


def _affine(header, where: str) -> np.ndarray:
    affine = np.array(header.get_best_affine(), np.float64)
    affine[:3] *= _UNITS_IN_MM.get(header.get_xyzt_units()[0], 1.0)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise DataError(f"{where}: its axes have no direction or no length; repair its affine")
    return affine
