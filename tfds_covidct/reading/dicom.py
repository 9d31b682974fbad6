"""Reads DICOM: slices in HU, or in grey where the scanner measured something else."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from tfds_covidct.errors import DataError
from tfds_covidct.reading import dicom_header, dicom_values, raster
from tfds_covidct.reading.dicom_file import DicomFile, quiet
from tfds_covidct.reading.facts import FileFacts
from tfds_covidct.reading.scan import Header, Slice


def read_header(stream: BinaryIO, where: str) -> Header:
    """Reads where the slices lie, or why there are none, without touching the pixels."""
    file, summary = _open(stream, where)
    if summary.frames:
        with quiet():
            dicom_values.check_rescaling(file.header, summary.frames, where)
    return summary


def read_slices(stream: BinaryIO, where: str, frames: Sequence[int]) -> Iterator[Slice]:
    """Yields the frames of these numbers, decoding one after the other."""
    file, summary = _open(stream, where)
    with quiet():
        unused = dicom_values.unused_bits(file.header) if file.has_unused_bits else 0
    for frame, stored in zip(frames, file.frames(frames, keep_unused_bits=unused > 0)):
        with quiet():
            _check_shape(stored.shape[:2], summary, where)
            is_hu = dicom_values.is_hu(file.header, frame)
            convert = dicom_values.to_hu if is_hu else dicom_values.to_grey
            pixels = convert(file.header, frame, stored, where, unused)
            spacing = dicom_header.spacing(file.header, frame)
        yield Slice(frame, pixels, is_hu, spacing)


def read_facts(stream: BinaryIO, where: str) -> FileFacts:
    """Reads the first frame's; an object that is passed over has no pixels: its size is 0."""
    file, summary = _open(stream, where)
    if not summary.frames:
        return FileFacts("DICOM", "", 0, 0, 0)
    with quiet():
        mode = dicom_header.photometry(file.header)
        bits = int(file.header.get("BitsStored") or file.header.BitsAllocated)
        coloured = dicom_values.is_coloured(file.header)
    colour = 0.0
    if coloured:
        [stored] = file.frames([0])
        with quiet():
            colour = raster.colour_share(dicom_values.to_rgb(file.header, stored))
    return FileFacts("DICOM", mode, bits, summary.width, summary.height, colour)


def _open(stream: BinaryIO, where: str) -> tuple[DicomFile, Header]:
    file = DicomFile(stream, where)
    with quiet():
        return file, dicom_header.to_header(file, where)


def _check_shape(shape: tuple[int, ...], summary: Header, where: str):
    if shape != (summary.height, summary.width):
        raise DataError(f"{where}: its pixels are not as many as its header says; copy it again or remove it")
