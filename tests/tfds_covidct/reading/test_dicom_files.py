"""DICOM files: compression, what is damaged or secret in them, and real ones against pydicom's own HU."""

import io
import logging
import traceback
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_data import SECRET, SIDE, content_of, encoded, enhanced, make, ramp, read
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_modality_lut, get_decoder
from pydicom.pixels.encoders import JPEG2000LosslessEncoder

from tfds_covidct import DataError
from tfds_covidct.errors import MissingExtraError
from tfds_covidct.reading import dicom_file, scan
from tfds_covidct.reading.dicom_file import DicomFile
from tfds_covidct.reading.sources import Source

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.mark.parametrize(
    "syntax", [pydicom.uid.RLELossless, pydicom.uid.JPEG2000Lossless, pydicom.uid.JPEGBaseline8Bit]
)
def test_compressed_frames(syntax, as_source):
    if syntax == pydicom.uid.JPEG2000Lossless and not JPEG2000LosslessEncoder.is_available:
        pytest.skip("no plug-in that writes JPEG 2000 is installed")
    lossy = syntax == pydicom.uid.JPEGBaseline8Bit
    base = (ramp() // 40 + 100).astype(np.uint8) if lossy else ramp()
    base = np.tile(base, (4, 4))
    stored = [base, base + 7, base + 11]
    source = as_source(encoded(stored, syntax))
    assert scan.read_header(source).frames == 3
    for frames in ((2, 0), (0, 1, 2)):
        for piece in read(source, frames):
            expected = stored[piece.frame].astype(int).clip(-1024, 3071)
            np.testing.assert_allclose(piece.values, expected, atol=4 if lossy else 0)


def test_lossy_jpeg_of_12_bits_is_explained(as_source):
    dataset = make(ramp(), pydicom.uid.JPEGExtended12Bit, BitsStored=12, HighBit=11)
    dataset.PixelData = encapsulate([b"\xff\xd8\xff\xd9"])
    dataset["PixelData"].VR = "OB"
    with pytest.raises(DataError, match="IM0001: .*lossy JPEG of 12 bits"):
        read(as_source(dataset))


def test_fewer_compressed_frames_than_declared_are_refused(as_source):
    dataset = encoded([ramp(), ramp()], pydicom.uid.RLELossless)
    dataset.NumberOfFrames = 3
    with pytest.raises(DataError, match="IM0001: cannot be decoded as DICOM"):
        read(as_source(dataset), (0, 1, 2))


def test_high_byte_first(as_source):
    dataset = make(ramp().astype(">i2"), pydicom.uid.ExplicitVRBigEndian, RescaleSlope=1, RescaleIntercept=7)
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, dataset)
    [piece] = read(as_source(stream.getvalue()))
    np.testing.assert_array_equal(piece.values, (ramp() + 7).clip(-1024, 3071))


def test_real_numbers(as_source):
    stored = ramp().astype(np.float32) + 0.5
    stored[0, 0] = np.nan
    dataset = make(stored, PixelData=None, PixelRepresentation=None)
    dataset.FloatPixelData = stored.tobytes()
    [piece] = read(as_source(dataset))
    assert piece.is_hu and piece.values[0, 0] == -1024
    np.testing.assert_array_equal(piece.values[1:], stored[1:].clip(-1024, 3071))


def test_a_deflated_file(as_source):
    source = as_source(make(ramp(), pydicom.uid.DeflatedExplicitVRLittleEndian))
    [piece] = read(source)
    np.testing.assert_array_equal(piece.values, ramp().clip(-1024, 3071))
    assert scan.read_header(source).patient == "id-7"


def test_a_deflated_file_unpacks_within_limits(as_source, monkeypatch):
    content = content_of(make(ramp(), pydicom.uid.DeflatedExplicitVRLittleEndian))
    meta = content[: 144 + int.from_bytes(content[140:144], "little")]
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bomb = packer.compress(bytes(2**24)) + packer.flush()
    monkeypatch.setattr(dicom_file, "MAX_INFLATED_BYTES", 2**20)
    with pytest.raises(DataError, match="IM0001: unpacks to more than 1048576 bytes"):
        scan.read_header(as_source(meta + bomb))


def test_a_missing_plug_in_is_named(as_source, monkeypatch):
    decoder = get_decoder(pydicom.uid.JPEGLosslessSV1)
    monkeypatch.setattr(decoder, "_available", {})
    dataset = make(ramp(), pydicom.uid.JPEGLosslessSV1)
    dataset.PixelData = encapsulate([b"\xff\xd8\xff"])
    source = as_source(dataset)
    assert scan.read_header(source).frames == 1
    with pytest.raises(MissingExtraError, match=r'IM0001: JPEG Lossless.*pip install "covid_gan\[dicom\]"'):
        read(source)


def test_an_unknown_compression_is_refused(as_source):
    dataset = make(ramp(), "1.2.840.10008.1.2.4.100")
    dataset.PixelData = encapsulate([b"\0\0\1\xb3"])
    with pytest.raises(DataError, match="IM0001: is compressed in a way"):
        read(as_source(dataset))


def test_nothing_else_of_the_header_is_kept(as_source):
    source = as_source(make(ramp(), PatientBirthDate="19010203", InstitutionName="Clinic"))
    with source.open() as stream:
        header = DicomFile(stream, source.relative).header
    assert {element.keyword for element in header} <= set(dicom_file._KEYWORDS) | {"SpecificCharacterSet"}
    assert "PatientName" not in header


@pytest.mark.parametrize("keyword", ["RescaleSlope", "PixelSpacing", "InstanceNumber", "SeriesInstanceUID"])
def test_errors_and_logs_quote_no_header(keyword, as_source, caplog, recwarn):
    marks = {"RescaleSlope": "12345.6789", "InstanceNumber": "1234567890", "SeriesInstanceUID": "1.2.3.4.56"}
    marks["PixelSpacing"] = ["98765.4321", "0.5"]
    content = content_of(make(ramp(), RescaleIntercept=0, **marks))
    mark = marks[keyword]
    content = content.replace((mark if isinstance(mark, str) else mark[0]).encode(), SECRET.encode())
    assert content.count(SECRET.encode()) == 2  # The patient's name is one.
    source = as_source(content)
    caplog.set_level(logging.DEBUG)
    caplog.clear()
    recwarn.clear()
    try:
        scan.read_facts(source)
        assert SECRET not in repr(scan.read_header(source))
        read(source)
    except DataError as error:
        assert SECRET not in "".join(traceback.format_exception(error))
    assert SECRET not in caplog.text and not recwarn.list


def test_mutated_files_end_in_an_error_or_a_slice(as_source):
    rng = np.random.default_rng(0)
    stored = np.zeros((2, SIDE, SIDE), np.int16)
    contents = [
        content_of(enhanced(stored, (0, 1), (0, 0))),
        content_of(encoded([ramp(), ramp()], pydicom.uid.RLELossless)),
        content_of(make(ramp(), pydicom.uid.DeflatedExplicitVRLittleEndian)),
    ]
    outcomes = {"slices": 0, "refused": 0}
    for round_ in range(240):
        content = bytearray(contents[round_ % 3])
        for place in rng.integers(0, min(len(content), 2500), rng.integers(1, 12)):
            content[place] = rng.integers(256)
        source = as_source(bytes(content[: rng.integers(200, len(content))] if round_ % 4 == 0 else content))
        try:
            header = scan.read_header(source)
            pieces = read(source, range(header.frames))
            assert all(piece.values.shape == (header.height, header.width) for piece in pieces)
            outcomes["slices"] += 1
        except DataError as error:
            assert str(error).startswith("IM0001: ")
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 20, outcomes


def real_files(folder):
    files = sorted((DATA / folder).rglob("*.dcm"))
    if not files:
        pytest.skip(f"the real DICOM files are not in {DATA / folder}")
    return files


@pytest.mark.parametrize(
    "folder", ["dicom-slices", "dicom-series/ibsi-phantom", "dicom-series/covid-ct-md-P002"]
)
def test_real_hu_are_pydicoms(folder):
    files = real_files(folder)
    if folder.endswith("P002") and not get_decoder(pydicom.uid.JPEGLosslessSV1).is_available:
        pytest.skip("no plug-in for JPEG Lossless is installed")
    rng = np.random.default_rng(0)
    for path in files[:: max(1, len(files) // 12)]:
        with dicom_file.quiet():
            dataset = pydicom.dcmread(path)
            hu = apply_modality_lut(dataset.pixel_array, dataset).clip(-1024, 3071)
            place = float(dataset.ImagePositionPatient[2])
        source = Source(path.name, str(path), path.stat().st_size)
        [piece] = read(source)
        rows, columns = rng.integers(0, hu.shape[0], 500), rng.integers(0, hu.shape[1], 500)
        np.testing.assert_array_equal(piece.values[rows, columns], hu[rows, columns])
        assert piece.is_hu and scan.read_header(source).positions[0][2] == pytest.approx(place)
