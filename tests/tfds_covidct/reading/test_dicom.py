"""DICOM slices: HU with known values, headers, geometry, and what is no slice."""

import io

import numpy as np
import pydicom
import pytest
from dicom_data import CAPTURE_STORAGE, MR_STORAGE, SIDE, content_of, enhanced, make, ramp, read
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence

from tfds_covidct import DataError
from tfds_covidct.reading import raster, scan


def test_rescaled_to_hu_and_clipped(as_source):
    stored = ramp(np.uint16)
    [piece] = read(as_source(make(stored, RescaleSlope=2, RescaleIntercept=-2000, PixelSpacing=[0.5, 0.75])))
    assert piece.is_hu and piece.values.dtype == np.int16 and piece.spacing == (0.5, 0.75)
    np.testing.assert_array_equal(piece.values, (stored.astype(int) * 2 - 2000).clip(-1024, 3071))


def test_broken_slopes_stay_exact(as_source):
    [piece] = read(as_source(make(ramp(), RescaleSlope="0.37", RescaleIntercept="-0.25")))
    assert piece.values.dtype == np.float32
    np.testing.assert_allclose(piece.values, (ramp() * 0.37 - 0.25).clip(-1024, 3071), rtol=1e-6)


def test_without_rescale_or_modality_the_values_are_hu(as_source):
    [piece] = read(as_source(make(ramp(), Modality=None)))
    assert piece.is_hu
    np.testing.assert_array_equal(piece.values, ramp().clip(-1024, 3071))


def test_monochrome1_shows_hu_inverted_but_does_not_change_them(as_source):
    [piece] = read(
        as_source(make(ramp(), PhotometricInterpretation="MONOCHROME1", RescaleIntercept=0, RescaleSlope=1))
    )
    np.testing.assert_array_equal(piece.values, ramp().clip(-1024, 3071))


def test_modality_lookup_table(as_source):
    table = Dataset()
    table.LUTDescriptor, table.ModalityLUTType = [4, 0, 16], "HU"
    table.LUTData = [0, 100, 200, 3000]
    table["LUTDescriptor"].VR = table["LUTData"].VR = "US"
    stored = np.tile(np.arange(5, dtype=np.uint16), (SIDE, 4))
    [piece] = read(as_source(make(stored, ModalityLUTSequence=Sequence([table]))))
    assert piece.values[0, :5].tolist() == [0, 100, 200, 3000, 3000]


@pytest.mark.parametrize(
    "dtype, padding, limit, padded",
    [
        (np.int16, -2000, None, [-2000]),
        (np.int16, 63536, None, [-2000]),
        (np.uint16, 63536, None, [63536]),
        (np.uint16, -2000, None, [63536]),
        (np.int16, -2000, -1990, [-2000, -1995, -1990]),
        (np.uint16, 5, 0, [0, 3, 5]),
    ],
)
def test_padding_is_air(dtype, padding, limit, padded, as_source):
    stored = np.full((SIDE, SIDE), 40, dtype)
    stored[0, : len(padded)] = padded
    dataset = make(stored, RescaleSlope=1, RescaleIntercept=100)
    dataset.add_new("PixelPaddingValue", "SS" if padding < 0 else "US", padding)
    if limit is not None:
        dataset.add_new("PixelPaddingRangeLimit", "SS" if limit < 0 else "US", limit)
    [piece] = read(as_source(dataset))
    expected = np.full((SIDE, SIDE), 140)
    expected[0, : len(padded)] = -1024
    np.testing.assert_array_equal(piece.values, expected)


@pytest.mark.parametrize(
    "dtype, bits, padding, limit, padded, tissue",
    [
        (np.int16, 12, -32768, None, [-32768], [0, 40]),
        (np.uint16, 12, 63536, None, [63536], [2096, 0]),
        (np.uint16, 12, -2000, None, [63536], [2096, 0]),
        (np.int16, 12, 2096, None, [-2000], [0, 40]),
        (np.int16, 12, -32768, -2000, [-32768, -2048, -2000], [-1999, 0, 48]),
        (np.uint16, 12, 4095, None, [4095], [4094, 0]),
        (np.uint16, 16, -2000, 0, [63536], [0, 1, 2096, 40000]),
        (np.int16, 16, 63536, 0, [-2000], [0, 1, 2096, -1000]),
    ],
)
@pytest.mark.parametrize("syntax", [None, pydicom.uid.RLELossless])
def test_tissue_is_no_padding(dtype, bits, padding, limit, padded, tissue, syntax, as_source):
    stored = np.full((SIDE, SIDE), 40, dtype)
    stored[0, : len(padded)], stored[1, : len(tissue)] = padded, tissue
    dataset = make(stored, BitsStored=bits, HighBit=bits - 1, RescaleSlope="0.01", RescaleIntercept=0)
    dataset.add_new("PixelPaddingValue", "SS" if padding < 0 else "US", padding)
    if limit is not None:
        dataset.add_new("PixelPaddingRangeLimit", "SS" if limit < 0 else "US", limit)
    if syntax:
        dataset.compress(syntax, generate_instance_uid=False)
    [piece] = read(as_source(dataset))
    expected = stored * 0.01
    expected[0, : len(padded)] = -1024
    np.testing.assert_allclose(piece.values, expected, rtol=1e-6)


def test_bits_beyond_those_stored_count_in_padding_alone(as_source):
    stored = np.full((SIDE, SIDE), 40, np.uint16)
    stored[0, :3] = 63536, 0x8000 | 77, 77  # The highest bit may be an overlay's.
    elements = {"BitsStored": 12, "HighBit": 11, "Modality": "MR", "WindowCenter": 128, "WindowWidth": 256}
    dataset = make(stored, sop_class=MR_STORAGE, **elements)
    dataset.add_new("PixelPaddingValue", "US", 63536)
    [piece] = read(as_source(dataset))
    assert piece.values[0, 0] == 0 and piece.values[0, 1] == piece.values[0, 2] > 70


@pytest.mark.parametrize("photometry, first, last", [("MONOCHROME2", 0, 255), ("MONOCHROME1", 255, 0)])
def test_other_modalities_become_grey_by_their_window(photometry, first, last, as_source):
    elements = dict(
        Modality="MR", WindowCenter=[1000, 5], WindowWidth=[400, 9], PhotometricInterpretation=photometry
    )
    [piece] = read(as_source(make(ramp(np.uint16), sop_class=MR_STORAGE, **elements)))
    assert not piece.is_hu and piece.values.dtype == np.uint8
    assert piece.values[ramp(np.uint16) == 992] == (122 if first == 0 else 133)
    assert piece.values.ravel()[0] == first and piece.values.ravel()[-1] == last


def test_other_modalities_without_a_window_show_the_range_of_their_bits(as_source):
    stored = np.full((SIDE, SIDE), 4095, np.uint16)
    stored[0, :2] = 0, 2048
    [piece] = read(as_source(make(stored, sop_class=MR_STORAGE, Modality="MR", BitsStored=12, HighBit=11)))
    assert piece.values[0, :3].tolist() == [0, 128, 255]


def test_a_screenshot_is_no_hu(as_source):
    stored = np.full((SIDE, SIDE), 77, np.uint8)
    [piece] = read(as_source(make(stored, sop_class=CAPTURE_STORAGE)))
    assert not piece.is_hu and (piece.values == 77).all()


def test_another_unit_is_no_hu(as_source):
    [piece] = read(as_source(make(ramp(), RescaleSlope=1, RescaleIntercept=0, RescaleType="MGML")))
    assert not piece.is_hu


def test_colour_becomes_luminance(as_source):
    stored = np.zeros((SIDE, SIDE, 3), np.uint8)
    stored[:5] = (255, 0, 0)
    source = as_source(make(stored, sop_class=CAPTURE_STORAGE))
    [piece] = read(source)
    assert np.unique(piece.values).tolist() == [0, 76] and (piece.values[:5] == 76).all()
    assert scan.read_facts(source) == raster.FileFacts("DICOM", "RGB", 8, SIDE, SIDE, colour=0.25)


def test_a_palette_becomes_luminance(as_source):
    stored = np.tile(np.arange(2, dtype=np.uint8), (SIDE, SIDE // 2))
    dataset = make(
        stored, sop_class=CAPTURE_STORAGE, Modality="OT", PhotometricInterpretation="PALETTE COLOR"
    )
    for colour, level in (("Red", 255), ("Green", 0), ("Blue", 0)):
        dataset.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [2, 0, 16])
        dataset.add_new(f"{colour}PaletteColorLookupTableData", "OW", np.uint16([0, level * 257]).tobytes())
    [piece] = read(as_source(dataset))
    assert piece.values[0, :2].tolist() == [0, 76]


def test_a_file_without_preamble_or_meta_is_read(as_source):
    dataset = make(ramp())
    for encoding in ({}, {"implicit_vr": True}):
        stream = io.BytesIO()
        del dataset.file_meta
        dataset.file_meta = FileMetaDataset()
        pydicom.filewriter.write_dataset(_writer(stream, **encoding), dataset)
        [piece] = read(as_source(stream.getvalue()))
        np.testing.assert_array_equal(piece.values, ramp().clip(-1024, 3071))


def _writer(stream, implicit_vr=False):
    writer = pydicom.filebase.DicomFileLike(stream)
    writer.is_implicit_VR, writer.is_little_endian = implicit_vr, True
    return writer


def test_header(as_source):
    dataset = make(
        ramp(),
        ImageOrientationPatient=[0, 1, 0, 0, 0, -1],
        ImagePositionPatient=[12.5, 1, 2],
        PixelSpacing=[0.5, 0.75],
        InstanceNumber=4,
        SeriesInstanceUID="1.2.3.4",
    )
    header = scan.read_header(as_source(dataset))
    assert (header.kind, header.frames, header.height, header.width) == ("dicom", 1, SIDE, SIDE)
    assert (header.patient, header.series, header.instance) == ("id-7", "1.2.3.4", 4)
    assert header.orientation == (0, 1, 0, 0, 0, -1) and header.positions == ((12.5, 1, 2),)
    assert header.spacing == (0.5, 0.75)
    assert "id-7" not in repr(header) and "1.2.3.4" not in repr(header)


@pytest.mark.parametrize(
    "uids, study",
    [
        ({"StudyInstanceUID": "2.5.7", "FrameOfReferenceUID": "2.5.8"}, "2.5.7"),
        ({"FrameOfReferenceUID": "2.5.8"}, "2.5.8"),
        ({"StudyInstanceUID": "", "FrameOfReferenceUID": "2.5.8"}, "2.5.8"),
        ({"SeriesInstanceUID": "2.5.9"}, ""),
    ],
)
def test_the_study_or_else_the_frame_of_reference_is_known(uids, study, as_source):
    header = scan.read_header(as_source(make(ramp(), **uids)))
    assert header.study == study and "2.5." not in repr(header)


@pytest.mark.parametrize("position", [[1, 2], ["nan", 0, 0], None])
def test_a_broken_position_is_unknown(position, as_source):
    dataset = make(ramp(), ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    if position:
        dataset.add(pydicom.DataElement("ImagePositionPatient", "DS", position, validation_mode=0))
    assert scan.read_header(as_source(dataset)).positions == ()


def test_the_frames_of_a_file_are_slices(as_source):
    stored = np.stack([ramp(), ramp() + 1, ramp() + 2])
    source = as_source(make(stored, NumberOfFrames=3, ImagePositionPatient=[0, 0, 0]))
    header = scan.read_header(source)
    assert header.frames == 3 and header.positions == ()
    for frames in ((2, 0), (0, 1, 2), (1,)):
        pieces = read(source, frames)
        assert tuple(piece.frame for piece in pieces) == frames
        for piece in pieces:
            np.testing.assert_array_equal(piece.values, stored[piece.frame].clip(-1024, 3071))


def test_each_frame_of_an_enhanced_object_has_its_own_place_and_rescaling(as_source):
    stored = np.zeros((3, SIDE, SIDE), np.int16)
    source = as_source(enhanced(stored, positions=(7.5, -2, 5), intercepts=(-1000, 0, 40)))
    header = scan.read_header(source)
    assert (
        header.frames == 3
        and header.positions == ((0, 0, 7.5), (0, 0, -2), (0, 0, 5))
        and header.spacing == (0.5, 0.75)
    )
    pieces = read(source, (2, 0))
    assert [np.unique(piece.values).tolist() for piece in pieces] == [[40], [-1000]]
    assert pieces[0].is_hu and pieces[0].spacing == (0.5, 0.75)


@pytest.mark.parametrize(
    "sop_class, modality, phrase",
    [
        ("1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT", "structure set"),
        ("1.2.840.10008.5.1.4.1.1.88.33", "SR", "report"),
        ("1.2.840.10008.5.1.4.1.1.11.1", "PR", "presentation state"),
        ("1.2.840.10008.5.1.4.1.1.104.1", "DOC", "document"),
        ("1.2.840.10008.5.1.4.1.1.481.5", "RTPLAN", "plan"),
        ("1.2.840.10008.5.1.4.1.1.66.1", "REG", "other object without image"),
        ("1.2.840.10008.5.1.4.1.1.9.1.1", "ECG", "other object without image"),
        ("1.2.826.0.1.999", "OT", "other object without image"),
        ("1.2.840.10008.1.3.10", "", "directory"),
    ],
)
def test_objects_without_an_image_are_passed_over(sop_class, modality, phrase, as_source):
    header = scan.read_header(as_source(make(sop_class=sop_class, Modality=modality)))
    assert header == scan.Header("dicom", 0, 0, 0, passed_over=phrase)


@pytest.mark.parametrize(
    "elements, phrase",
    [
        ({"sop_class": "1.2.840.10008.5.1.4.1.1.66.4", "Modality": "SEG"}, "segmentation"),
        ({"sop_class": "1.2.840.10008.5.1.4.1.1.481.2", "Modality": "RTDOSE"}, "dose"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "localizer"),
    ],
)
def test_pixels_that_are_no_slice_are_passed_over(elements, phrase, as_source):
    source = as_source(make(ramp(), **elements))
    assert scan.read_header(source) == scan.Header("dicom", 0, 0, 0, passed_over=phrase)
    assert scan.read_facts(source).width == 0


@pytest.mark.parametrize(
    "value, mode", [("MONOCHROME1", "MONOCHROME1"), ("monochrome2 ", "MONOCHROME2"), ("QUIL^ZZYZX", "other")]
)
def test_facts_tell_no_text_of_the_header(value, mode, as_source):
    dataset = make(ramp())
    dataset.add(pydicom.DataElement("PhotometricInterpretation", "CS", value, validation_mode=0))
    assert scan.read_facts(as_source(dataset)).mode == mode


@pytest.mark.parametrize("keyword", ["RescaleSlope", "RescaleIntercept"])
def test_a_rescaling_that_is_no_number_is_refused_before_any_pixel_is_read(keyword, as_source):
    content = content_of(make(ramp(), **{"RescaleSlope": 1, "RescaleIntercept": 0} | {keyword: "12345.6789"}))
    for wrong in (b"1.2.3.4.5.", b"Zzyzx^Quil", b"nan       "):
        with pytest.raises(DataError, match="IM0001: its rescale slope or intercept is no number"):
            scan.read_header(as_source(content.replace(b"12345.6789", wrong)))


def test_the_rescaling_of_every_frame_is_checked(as_source):
    dataset = enhanced(np.zeros((3, SIDE, SIDE), np.int16), (0, 1, 2), (0, 0, "12345.6789"))
    content = content_of(dataset).replace(b"12345.6789", b"Zzyzx^Quil")
    with pytest.raises(DataError, match="IM0001: its rescale slope or intercept is no number"):
        scan.read_header(as_source(content))


def test_an_image_without_pixels_is_damaged(as_source):
    with pytest.raises(DataError, match="IM0001: .*without its pixels"):
        scan.read_header(as_source(make()))


def test_a_truncated_file_is_refused(as_source):
    content = content_of(make(ramp()))
    for end in (140, 300, len(content) - 300, len(content) - 2):
        with pytest.raises(DataError, match="IM0001: "):
            scan.read_header(as_source(content[:end]))


@pytest.mark.parametrize(
    "content", [b"\x08\0\x05\0CS\x0a\0ISO_IR 100", b"\x02\0" + bytes(300), b"\x08\0\x08\0\0\0\0\0" * 99]
)
def test_a_foreign_file_that_starts_alike_is_none_of_the_kinds(content, as_source):
    with pytest.raises(DataError, match="IM0001: is none of PNG, JPEG, TIFF, BMP, DICOM, NIfTI"):
        scan.read_header(as_source(content))


@pytest.mark.parametrize("rows, columns", [(1, 1), (15, 400), (65535, 65535), (8001, 8000)])
def test_sizes_no_scan_has_are_refused(rows, columns, as_source):
    with pytest.raises(DataError, match="IM0001: .* pixels"):
        scan.read_header(as_source(make(ramp(), Rows=rows, Columns=columns)))


def test_too_many_frames_are_refused(as_source):
    with pytest.raises(DataError, match="IM0001: .*frames"):
        scan.read_header(as_source(make(ramp(), NumberOfFrames=2**31 - 1)))
