"""Small scans of each kind, written to files."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset

SIDE = 32


@pytest.fixture(scope="session")
def slice_hu():
    """Returns a function of a seed: a slice like no other, int16 [SIDE, SIDE] in HU."""
    return _slice_hu


def _slice_hu(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-1000, 400, (SIDE, SIDE)).astype(np.int16)


@pytest.fixture(scope="session")
def write_picture():
    """Returns a function that writes an 8-bit grey picture; the name's ending chooses the format."""

    def write(path: Path, seed: int = 0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((_slice_hu(seed) % 256).astype(np.uint8)).save(path)
        return path

    return write


@pytest.fixture(scope="session")
def write_dicom():
    """Returns a function that writes a CT slice; keywords set or, with None, remove elements."""

    def write(path: Path, seed: int = 0, position: float = 0.0, series: str = "1.2.3", **elements) -> Path:
        dataset = Dataset()
        dataset.SOPClassUID = pydicom.uid.CTImageStorage
        dataset.SOPInstanceUID = pydicom.uid.generate_uid()
        dataset.Modality, dataset.PatientID, dataset.SeriesInstanceUID = "CT", "Doe 17", series
        dataset.ImagePositionPatient = [0, 0, position]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing = [0.7, 0.8]
        dataset.Rows = dataset.Columns = SIDE
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
        dataset.PixelRepresentation = 1
        dataset.RescaleSlope, dataset.RescaleIntercept = 1, -24
        dataset.PixelData = (_slice_hu(seed) + 24).astype(np.int16).tobytes()
        for name, value in elements.items():
            if value is None:
                delattr(dataset, name)
            else:
                setattr(dataset, name, value)
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(path, enforce_file_format=True)
        return path

    return write
