"""Opens a DICOM file: a few elements of its header, and its frames as they are stored."""

import contextlib
import io
import logging
import warnings
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pydicom
from pydicom.filereader import read_partial
from pydicom.pixels import get_decoder
from pydicom.pixels.utils import as_pixel_options
from pydicom.tag import Tag

from tfds_covidct.errors import DataError, MissingExtraError

# All that is ever read of a header. What could name a patient is here once: PatientID, which a hash replaces.
_KEYWORDS = (
    "SOPClassUID",
    "Modality",
    "ImageType",
    "PatientID",
    "StudyInstanceUID",
    "FrameOfReferenceUID",
    "SeriesInstanceUID",
    "InstanceNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleIntercept",
    "RescaleSlope",
    "RescaleType",
    "ModalityLUTSequence",
    "WindowCenter",
    "WindowWidth",
    "RedPaletteColorLookupTableDescriptor",
    "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableDescriptor",
    "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableData",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
)
_TAGS = [Tag(keyword) for keyword in _KEYWORDS]
_PIXELS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}

MAX_INFLATED_BYTES = 2**28

_EXTRA = 'pip install "covid_gan[dicom]"'


class DicomFile:
    """A DICOM file that is open.

    Attributes:
      header: the elements of it that are read at all, as a `pydicom.Dataset`.
      has_pixels: whether pixel data follow.
      has_preamble: whether it starts as a DICOM file should.
    """

    def __init__(self, stream: BinaryIO, where: str):
        """Reads the header.

        Args:
          stream: the file, open at its start; has to stay open.
          where: what an error calls it.

        Raises:
          DataError: if it unpacks to more than `MAX_INFLATED_BYTES`.
        """
        self._where = where
        self._stream = _Limited(_inflated(stream, where))
        self._keyword = ""
        with quiet():
            self.header = read_partial(self._stream, self._at_pixels, force=True, specific_tags=_TAGS)
            self._syntax = self.header.file_meta.get("TransferSyntaxUID") or self._guessed_syntax()
        self.has_preamble = self.header.preamble is not None
        self.has_pixels = bool(self._keyword)

    def frames(self, indices: Sequence[int], keep_unused_bits: bool = False) -> Iterator[np.ndarray]:
        """Yields the frames of these numbers as stored, [rows, columns] or [rows, columns, 3], one in memory.

        Args:
          indices: of the frames, from 0.
          keep_unused_bits: whether bits beyond `BitsStored` stay as they are; else the sign fills them.

        Raises:
          MissingExtraError: if the plug-in that unpacks them is not installed.
          DataError: if no plug-in can unpack them.
        """
        with quiet():
            decoder = self._decoder()
            options = as_pixel_options(
                self.header,
                transfer_syntax_uid=self._syntax,
                pixel_keyword=self._keyword,
                pixel_vr=self._vr or "OW",
            )
            if keep_unused_bits:
                options["correct_unused_bits"] = False
            everything = list(indices) == list(range(options["number_of_frames"]))
            self._stream.seek(self._offset)
            # Asked for all, pydicom goes through compressed frames once instead of once per frame.
            frames = decoder.iter_array(
                self._stream, indices=None if everything else list(indices), **options
            )
        for _ in indices:
            with quiet():
                try:
                    array, _ = next(frames)
                except Exception as error:
                    raise self._undecodable(error) from None
            yield array

    @property
    def has_unused_bits(self) -> bool:
        """Whether a pixel may have bits beyond `BitsStored`; in JPEG 2000 and JPEG-LS there is no room for them."""
        tight = pydicom.uid.JPEG2000TransferSyntaxes + pydicom.uid.JPEGLSTransferSyntaxes
        return self._keyword == "PixelData" and self._syntax not in tight

    def is_cut_short(self) -> bool:
        """Tells whether uncompressed pixels are missing at the end."""
        if self._syntax.is_encapsulated:
            return False
        options = as_pixel_options(self.header)
        bits = options["bits_allocated"] * options["samples_per_pixel"] * options["number_of_frames"]
        if options.get("photometric_interpretation") == "YBR_FULL_422":
            bits = bits * 2 // 3
        return self._stream.size - self._offset < options["rows"] * options["columns"] * bits // 8

    def _at_pixels(self, tag, vr, length) -> bool:
        """Stops pydicom at the pixel data, and notes where they are."""
        if tag not in _PIXELS:
            return False
        self._keyword, self._vr, self._offset = _PIXELS[tag], vr, self._stream.tell()
        return True

    def _guessed_syntax(self):
        implicit, little_endian = self.header.original_encoding
        if implicit:
            return pydicom.uid.ImplicitVRLittleEndian
        return pydicom.uid.ExplicitVRLittleEndian if little_endian else pydicom.uid.ExplicitVRBigEndian

    def _decoder(self):
        try:
            decoder = get_decoder(self._syntax)
        except NotImplementedError:
            raise DataError(
                f"{self._where}: is compressed in a way no plug-in of pydicom knows; store it uncompressed"
            ) from None
        if not decoder.is_available:
            raise MissingExtraError(
                f"{self._where}: {self._syntax.name} needs a plug-in of pydicom that is not installed: {_EXTRA}"
            )
        return decoder

    def _undecodable(self, error: Exception) -> Exception:
        if self._syntax == pydicom.uid.JPEGExtended12Bit and self.header.get("BitsStored") != 8:
            return DataError(
                f"{self._where}: no plug-in of the extra `dicom` reads lossy JPEG of 12 bits; store it uncompressed"
            )
        return error


@contextlib.contextmanager
def quiet():
    """Silences pydicom, whose warnings and log lines quote the header's values."""
    logger = logging.getLogger("pydicom")
    disabled = logger.disabled
    with warnings.catch_warnings(), pydicom.config.disable_value_validation():
        warnings.simplefilter("ignore")
        logger.disabled = True
        try:
            yield
        finally:
            logger.disabled = disabled


class _Limited:
    """A stream that, asked for more than it holds, does not set memory aside for it."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self.size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, count: int = -1) -> bytes:
        left = max(self.size - self.tell(), 0)
        return self._stream.read(left if count is None or count < 0 else min(count, left))


def _inflated(stream: BinaryIO, where: str) -> BinaryIO:
    """Unpacks a deflated file, as far as memory allows; pydicom itself knows no limit."""
    head = stream.read(1024)
    if pydicom.uid.DeflatedExplicitVRLittleEndian.encode() not in head:
        return stream
    # The group's length is the file meta information's first element, right after the preamble.
    start = 144 + int.from_bytes(head[140:144], "little")
    stream.seek(start)
    inflated = io.BytesIO()
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    while packed := stream.read(2**20):
        while packed:
            inflated.write(unpacker.decompress(packed, 2**24))
            if inflated.tell() > MAX_INFLATED_BYTES:
                raise DataError(
                    f"{where}: unpacks to more than {MAX_INFLATED_BYTES} bytes; store it uncompressed"
                )
            packed = unpacker.unconsumed_tail
    return inflated
