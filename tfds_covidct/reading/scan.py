"""Reads the slices of a file of any kind: the one map from a file's content to its reader."""

import contextlib
import dataclasses
import importlib
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from tfds_covidct.errors import DataError
from tfds_covidct.reading.facts import FileFacts

if TYPE_CHECKING:
    from tfds_covidct.reading.sources import Source

# A reader is a module, imported when a file needs it, that has these of an opened file and its name for errors:
# read_header(stream, where), read_slices(stream, where, frames) and read_facts(stream, where).
_READERS = {
    "image": ("tfds_covidct.reading.raster", "an image"),
    "dicom": ("tfds_covidct.reading.dicom", "DICOM"),
    "nifti": ("tfds_covidct.reading.nifti", "NIfTI"),
}

_HEAD_BYTES = 1024
_IMAGE_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM")
_GZIP_START = b"\x1f\x8b"


@dataclasses.dataclass(frozen=True)
class Header:
    """What the order, the grouping and the checks of a file's slices need. It is never written anywhere.

    Attributes:
      kind: "image", "dicom" or "nifti".
      frames: how many slices the file holds; 0 if it is passed over.
      height, width: of its slices, in pixels.
      passed_over: why it holds no slice, in a fixed phrase; "" if it holds some.
      patient: the raw PatientID, or "".
      series: the SeriesInstanceUID, or "".
      study: the StudyInstanceUID, else the FrameOfReferenceUID, or "".
      instance: the InstanceNumber, which orders slices without a position.
      orientation: cosines of the directions along a row and along a column, six numbers, or ().
      positions: where the first pixel of each frame lies: mm towards the patient's left, back and head; or ().
      spacing: mm between rows and between columns, where known.
    """

    kind: str
    frames: int
    height: int
    width: int
    passed_over: str = ""
    patient: str = dataclasses.field(default="", repr=False)
    series: str = dataclasses.field(default="", repr=False)
    study: str = dataclasses.field(default="", repr=False)
    instance: int | None = None
    orientation: tuple[float, ...] = ()
    positions: tuple[tuple[float, float, float], ...] = ()
    spacing: tuple[float, float] | None = None


@dataclasses.dataclass(frozen=True)
class Slice:
    """One slice.

    Attributes:
      frame: its number in its file, from 0.
      values: [height, width]: HU within [-1024, 3071] (int16 or float32), or grey levels 0 to 255 (uint8).
      is_hu: which of the two.
      spacing: mm between rows and between columns, where known.
    """

    frame: int
    values: np.ndarray
    is_hu: bool
    spacing: tuple[float, float] | None = None


def read_header(source: "Source") -> Header:
    """Reads what a file holds, without decoding it.

    Raises:
      MissingExtraError: if its kind needs a package that is not installed.
      DataError: if it is of no known kind, damaged, too large or too small.
    """
    with _opened(source) as (reader, stream):
        return reader.read_header(stream, source.relative)


def read_slices(source: "Source", frames: Sequence[int]) -> Iterator[Slice]:
    """Yields the slices of these numbers, in this order, decoding one after the other.

    Raises:
      DataError: as `read_header`, or if a slice cannot be decoded; while iterating.
    """
    with _opened(source) as (reader, stream):
        yield from reader.read_slices(stream, source.relative, frames)


def read_facts(source: "Source") -> FileFacts:
    """Reads how a file stores its slices, decoding the first where it has colours.

    Raises:
      DataError: as `read_slices`.
    """
    with _opened(source) as (reader, stream):
        return reader.read_facts(stream, source.relative)


def sniff(head: bytes) -> str | None:
    """Tells a file's kind by the first 1024 bytes of its content; its name says nothing.

    Returns:
      A key of the readers' map, or None.
    """
    if head[128:132] == b"DICM":  # First: the 128 bytes before may be another format's start.
        return "dicom"
    if head.startswith(_IMAGE_STARTS):
        return "image"
    if _is_nifti(head) or (head.startswith(_GZIP_START) and _is_nifti(_unzipped_start(head))):
        return "nifti"
    if _starts_with_dicom_element(head):
        return "dicom"
    return None


@contextlib.contextmanager
def _opened(source: "Source"):
    """Opens a file and finds its reader; what the reader stumbles over is told without quoting the content."""
    phrase = "a scan"
    try:
        with source.open() as stream:
            module, phrase = _READERS[_kind(stream, source.relative)]
            yield importlib.import_module(module), stream
    except DataError:
        raise
    except Exception as error:  # The decoders raise many types on a damaged file.
        raise DataError(
            f"{source.relative}: cannot be decoded as {phrase} ({type(error).__name__}); "
            "replace it or remove it"
        ) from None


def _kind(stream: BinaryIO, where: str) -> str:
    kind = sniff(stream.read(_HEAD_BYTES))
    if kind is None:
        raise unknown_kind(where)
    stream.seek(0)
    return kind


def unknown_kind(where: str) -> DataError:
    """The error for a file that no reader knows."""
    return DataError(f"{where}: is none of PNG, JPEG, TIFF, BMP, DICOM, NIfTI; replace it or remove it")


def _is_nifti(head: bytes) -> bool:
    """Knows NIfTI-1 and NIfTI-2, each also as the first of two files, which the reader explains."""
    return head[344:348] in (b"n+1\0", b"ni1\0") or head[4:8] in (b"n+2\0", b"ni2\0")


def _unzipped_start(head: bytes) -> bytes:
    with contextlib.suppress(zlib.error):
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(head, 512)
    return b""


def _starts_with_dicom_element(head: bytes) -> bool:
    """Knows a DICOM file without its preamble: it starts with a short element of group 2 or 8."""
    if len(head) < 8:
        return False
    if struct.unpack("<H", head[:2])[0] not in (2, 8) and struct.unpack(">H", head[:2])[0] != 8:
        return False
    explicit = head[4:6].isalpha() and head[4:6].isupper()
    return explicit or struct.unpack("<I", head[4:8])[0] < _HEAD_BYTES
