"""What a DICOM header says: whether there are slices at all, where they lie, and what a frame's values mean."""

import math

import pydicom

from tfds_covidct.errors import DataError
from tfds_covidct.reading import values
from tfds_covidct.reading.dicom_file import DicomFile
from tfds_covidct.reading.scan import Header, unknown_kind

MAX_FRAMES = 10_000

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_OTHER = "other object without image"
_CLASSES_WITHOUT_SLICES = {
    "1.2.840.10008.1.3.10": "directory",
    _STORAGE + "66.4": "segmentation",
    _STORAGE + "66.5": "segmentation",
    _STORAGE + "66.7": "segmentation",
    _STORAGE + "481.2": "dose",
    _STORAGE + "481.3": "structure set",
    _STORAGE + "481.5": "plan",
    _STORAGE + "481.8": "plan",
}
_FAMILIES_WITHOUT_SLICES = {
    _STORAGE + "88.": "report",
    _STORAGE + "11.": "presentation state",
    _STORAGE + "104.": "document",
}
_MODALITIES_WITHOUT_SLICES = {
    "SEG": "segmentation",
    "RTDOSE": "dose",
    "RTSTRUCT": "structure set",
    "RTPLAN": "plan",
    "SR": "report",
    "KO": "report",
    "PR": "presentation state",
    "DOC": "document",
    "REG": _OTHER,
}
# PS3.3, C.7.6.3.1.2, retired ones too. A header may hold any other text, a patient's name as well.
_PHOTOMETRIES = {
    "MONOCHROME1",
    "MONOCHROME2",
    "PALETTE COLOR",
    "RGB",
    "ARGB",
    "HSV",
    "CMYK",
    "XYB",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_PARTIAL_422",
    "YBR_PARTIAL_420",
    "YBR_ICT",
    "YBR_RCT",
}


def to_header(file: DicomFile, where: str) -> Header:
    """Returns what the order and the checks of the file's slices need.

    Raises:
      DataError: if it is no DICOM image or object at all, or a damaged one, too large or too small.
    """
    header = file.header
    reason = _passed_over(file, where)
    if reason:
        return Header("dicom", 0, 0, 0, passed_over=reason)
    height, width = int(header.Rows), int(header.Columns)
    values.check_size(height, width, where)
    frames = int(header.get("NumberOfFrames") or 1)
    if not 0 < frames <= MAX_FRAMES:
        raise DataError(f"{where}: {frames} frames; a file holds 1 to {MAX_FRAMES}: split it")
    if file.is_cut_short():
        raise DataError(f"{where}: ends before its last pixel; copy it again or remove it")
    return Header(
        "dicom",
        frames,
        height,
        width,
        patient=_text(header, "PatientID"),
        series=_text(header, "SeriesInstanceUID"),
        study=_text(header, "StudyInstanceUID") or _text(header, "FrameOfReferenceUID"),
        instance=_whole(header.get("InstanceNumber")),
        orientation=_numbers(
            frame_value(header, 0, "ImageOrientationPatient", "PlaneOrientationSequence"), 6
        ),
        positions=_positions(header, frames),
        spacing=spacing(header, 0),
    )


def spacing(header: pydicom.Dataset, frame: int) -> tuple[float, float] | None:
    """Returns mm between rows and between columns, where known."""
    numbers = _numbers(frame_value(header, frame, "PixelSpacing", "PixelMeasuresSequence"), 2)
    return numbers if numbers and min(numbers) > 0 else None


def frame_value(header: pydicom.Dataset, frame: int, keyword: str, macro: str):
    """Returns an element of one frame: its own, or that of all frames (enhanced objects), or the header's."""
    groups = header.get("PerFrameFunctionalGroupsSequence") or ()
    places = [groups[frame]] if frame < len(groups) else []
    places += header.get("SharedFunctionalGroupsSequence") or ()
    for place in places:
        items = place.get(macro)
        if items and keyword in items[0]:
            return items[0].get(keyword)
    return header.get(keyword)


def photometry(header: pydicom.Dataset) -> str:
    """Returns the photometric interpretation, such as MONOCHROME2, or "other" for what DICOM does not define."""
    term = _text(header, "PhotometricInterpretation").upper()
    return term if term in _PHOTOMETRIES else "other"


def modality(header: pydicom.Dataset) -> str:
    """Returns the modality, or ""."""
    return _text(header, "Modality").upper()


def _passed_over(file: DicomFile, where: str) -> str:
    """Returns why the file holds no slice, or "" if it does."""
    header = file.header
    sop_class = str(header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID") or "")
    reason = _CLASSES_WITHOUT_SLICES.get(sop_class) or _MODALITIES_WITHOUT_SLICES.get(modality(header))
    for family, phrase in _FAMILIES_WITHOUT_SLICES.items():
        if sop_class.startswith(family):
            reason = phrase
    if reason:
        return reason
    described = all(keyword in header for keyword in ("Rows", "Columns", "BitsAllocated"))
    if file.has_pixels and described:
        return "localizer" if "LOCALIZER" in _texts(header.get("ImageType")) else ""
    if not file.has_preamble:
        raise unknown_kind(where)
    if file.has_pixels or not sop_class or "Image Storage" in pydicom.uid.UID(sop_class).name:
        raise DataError(
            f"{where}: a DICOM image without its pixels or their description; copy it again or remove it"
        )
    return _OTHER


def _positions(header, frames: int) -> tuple[tuple[float, ...], ...]:
    if frames > 1 and "PerFrameFunctionalGroupsSequence" not in header:
        return ()
    corners = tuple(
        _numbers(frame_value(header, frame, "ImagePositionPatient", "PlanePositionSequence"), 3)
        for frame in range(frames)
    )
    return corners if all(corners) else ()


def _numbers(raw, count: int) -> tuple[float, ...]:
    """Returns that many finite numbers, or ()."""
    try:
        numbers = tuple(float(number) for number in raw)
    except (TypeError, ValueError):
        return ()
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else ()


def _whole(raw) -> int | None:
    try:
        return int(raw)
    except (TypeError, ValueError, OverflowError):
        return None


def _text(header, keyword: str) -> str:
    texts = _texts(header.get(keyword))
    return texts[0] if texts else ""


def _texts(raw) -> list[str]:
    if raw is None:
        return []
    several = [raw] if isinstance(raw, str | bytes) or not hasattr(raw, "__iter__") else raw
    return [str(one).strip() for one in several]
