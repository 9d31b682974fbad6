"""DICOM data sets that tests write, and how they read them."""

import io
import warnings

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

from tfds_covidct.reading import scan

CT_STORAGE, ENHANCED_CT_STORAGE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1"
MR_STORAGE, CAPTURE_STORAGE = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.7"
SIDE = 20
SECRET = "Zzyzx^Quil"


def make(stored=None, syntax=pydicom.uid.ExplicitVRLittleEndian, sop_class=CT_STORAGE, **elements):
    """A CT slice of 16 bits, or whatever the elements say; None removes an element."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, "1.2.3"
    dataset.Modality, dataset.PatientName, dataset.PatientID = "CT", SECRET, "id-7"
    if stored is not None:
        describe(dataset, stored)
    for keyword, value in elements.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def describe(dataset, stored):
    dataset.Rows, dataset.Columns = stored.shape[-2:] if stored.shape[-1] != 3 else stored.shape[-3:-1]
    dataset.SamplesPerPixel = 3 if stored.shape[-1] == 3 else 1
    dataset.PhotometricInterpretation = "RGB" if stored.shape[-1] == 3 else "MONOCHROME2"
    if stored.shape[-1] == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = stored.dtype.itemsize * 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OB" if stored.dtype.itemsize == 1 else "OW"


def content_of(dataset, preamble=True):
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.dcmwrite(stream, dataset, enforce_file_format=preamble)
    return stream.getvalue()


def read(source, frames=(0,)):
    return list(scan.read_slices(source, frames))


def ramp(dtype=np.int16):
    return (np.arange(SIDE * SIDE).reshape(SIDE, SIDE) * 16 - (1000 if dtype == np.int16 else 0)).astype(
        dtype
    )


def enhanced(stored, positions, intercepts):
    shared, per_frame = Dataset(), []
    orientation, measures = Dataset(), Dataset()
    orientation.ImageOrientationPatient, measures.PixelSpacing = [1, 0, 0, 0, 1, 0], [0.5, 0.75]
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    for position, intercept in zip(positions, intercepts):
        place, rescale, frame = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = [0, 0, position]
        rescale.RescaleSlope, rescale.RescaleIntercept, rescale.RescaleType = 1, intercept, "HU"
        frame.PlanePositionSequence, frame.PixelValueTransformationSequence = [place], [rescale]
        per_frame.append(frame)
    return make(
        stored,
        sop_class=ENHANCED_CT_STORAGE,
        NumberOfFrames=len(stored),
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=per_frame,
    )


def encoded(frames, syntax):
    """Frames in one of the compressed transfer syntaxes that something here can write."""
    if syntax == pydicom.uid.JPEGBaseline8Bit:
        packed = []
        for frame in frames:
            stream = io.BytesIO()
            Image.fromarray(frame).save(stream, "JPEG", quality=95)
            packed.append(stream.getvalue())
        dataset = make(np.stack(frames), syntax, CAPTURE_STORAGE, NumberOfFrames=len(frames), Modality="OT")
        dataset.PixelData = encapsulate(packed)
        dataset["PixelData"].VR = "OB"
        return dataset
    dataset = make(np.stack(frames), NumberOfFrames=len(frames))
    dataset.compress(syntax, generate_instance_uid=False)
    return dataset
