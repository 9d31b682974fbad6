"""A folder of scans, and what prepares it."""

import pytest

from tfds_covidct import ct_folder


@pytest.fixture
def prepare(tmp_path):
    """Returns a function that prepares a folder and returns the builder."""

    def prepare(folder, **settings):
        builder = ct_folder.Builder(data_dir=tmp_path / "tfds", manual_dir=folder, **settings)
        builder.download_and_prepare()
        return builder

    return prepare


@pytest.fixture
def folder(tmp_path, write_picture, write_dicom):
    """Two classes: pictures of four patients in folders, and a DICOM series of one."""
    root = tmp_path / "scans"
    for patient in range(4):
        for number in range(3):
            write_picture(root / "covid" / f"p{patient}" / f"{number}.png", seed=10 * patient + number)
    for number in range(5):
        write_dicom(root / "healthy" / f"IM{number}", seed=100 + number, position=-2.0 * number)
    return root
