"""Spoilt files of every format: each is read or refused, within the limits, and no reader takes the caller down."""

import collections
import importlib
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfds_covidct.reading.workers import Failure, Workers

PER_FORMAT = int(os.environ.get("FUZZ_PER_FORMAT", "500"))
MEMORY, SECONDS = 2**30, 10
SECRET = "Mustermann"
REAL_SERIES = Path(__file__).parents[4] / "shared/data/dicom-series/covid-ct-md-P002"

# What a worker may report apart from a reader's own error.
KNOWN_FAILURES = r"crashed the decoder \(signal \d+\)|needs more than 1 GiB of memory|cannot be read \(\w+\)"


@pytest.fixture(scope="module")
def mutations():
    """The module beside this one, importable as the workers import it."""
    sys.path.insert(0, str(Path(__file__).parent))
    yield importlib.import_module("mutations")
    sys.path.remove(str(Path(__file__).parent))


@pytest.fixture(scope="module")
def pool():
    """Workers that all formats share."""
    with Workers(memory=MEMORY, seconds=SECONDS) as pool:
        yield pool


def grey(dtype=np.uint8, high=256, shape=(64, 64)):
    """Noise on a ramp."""
    rng = np.random.default_rng(7)
    ramp = np.linspace(0, high * 0.8, shape[-1])
    return (ramp + rng.random(shape) * high * 0.2).astype(dtype)


def png_seeds(folder):
    Image.fromarray(grey()).save(folder / "l.png")
    Image.fromarray(grey(np.uint16, 65536)).save(folder / "i16.png")
    Image.fromarray(grey()).convert("RGBA").save(folder / "rgba.png")
    Image.fromarray(grey()).convert("P").save(folder / "p.png", transparency=3)
    return (16, 18, 20, 22, 24, 25, 26, 28)


def jpeg_seeds(folder):
    Image.fromarray(grey()).save(folder / "l.jpg")
    Image.fromarray(grey()).convert("RGB").save(folder / "progressive.jpg", progressive=True)
    Image.fromarray(grey()).convert("CMYK").save(folder / "cmyk.jpg")
    return (158, 163, 165, 167, 169)


def tiff_seeds(folder):
    Image.fromarray(grey()).save(folder / "raw.tif")
    Image.fromarray(grey(np.float32, 1)).save(folder / "float.tif")
    Image.fromarray(grey(np.uint16, 65536)).save(folder / "lzw.tif", compression="tiff_lzw")
    Image.fromarray(grey()).convert("1").save(folder / "group4.tif", compression="group4")
    page = Image.fromarray(grey())
    page.save(
        folder / "pages.tif", save_all=True, append_images=[page, page], compression="tiff_adobe_deflate"
    )
    return (4, 8, *range(10, 140, 2))


def bmp_seeds(folder):
    Image.fromarray(grey()).save(folder / "p.bmp")
    Image.fromarray(grey()).convert("RGB").save(folder / "rgb.bmp")
    return (2, 10, 14, 18, 20, 22, 24, 26, 28, 30, 34, 46, 50)


def nifti_seeds(folder):
    nibabel = pytest.importorskip("nibabel", reason="NIfTI needs the extra `nifti`")
    affine = np.diag([0.7, 0.7, 5.0, 1.0])
    for name, dtype, kind in (
        ("int.nii", np.int16, nibabel.Nifti1Image),
        ("float.nii.gz", np.float32, nibabel.Nifti1Image),
        ("two.nii", np.int16, nibabel.Nifti2Image),
        ("bytes.nii.gz", np.uint8, nibabel.Nifti1Image),
    ):
        values = grey(dtype, 250, (32, 40, 5))
        nibabel.save(kind(values, affine), folder / name)
    return (*range(0, 8, 2), *range(40, 128, 2), *range(252, 348, 4), 344)


def dicom_dataset(values, **elements):
    """A CT slice, or several, with a patient's name in it."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    uid = generate_uid(entropy_srcs=["fuzz"])
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    dataset.PatientName, dataset.PatientID, dataset.Modality = f"{SECRET}^Max", f"{SECRET}-1", "CT"
    dataset.SeriesInstanceUID, dataset.InstanceNumber = "1.2.3", 4
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, -5.5], [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.RescaleSlope, dataset.RescaleIntercept = [0.7, 0.7], 1, -1024
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = values.shape[-2:]
    dataset.BitsAllocated = dataset.BitsStored = values.dtype.itemsize * 8
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, 0
    dataset.PixelData = values.tobytes()
    for name, value in elements.items():
        setattr(dataset, name, value)
    return dataset


def dicom_seeds(folder):
    raw = dicom_dataset(grey(np.uint16, 4096))
    raw.save_as(folder / "raw.dcm", enforce_file_format=True)
    many = dicom_dataset(grey(np.uint16, 4096, (5, 32, 32)), NumberOfFrames=5, PixelPaddingValue=3)
    many.save_as(folder / "frames.dcm", enforce_file_format=True)
    colour = dicom_dataset(grey(), SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    colour.PixelData = grey(shape=(64, 64, 3)).tobytes()
    colour.Modality = "SC"
    colour.save_as(folder / "colour.dcm", enforce_file_format=True)
    bare = dicom_dataset(grey(np.uint16, 4096))
    del bare.file_meta
    bare.save_as(folder / "bare.dcm", implicit_vr=True, little_endian=True)
    return tuple(range(132, 512, 2))


def compressed_seeds(folder):
    """All but RLE need a codec of the extra `dicom` that can write; without it they are left out."""
    from pydicom.uid import RLELossless

    rle = dicom_dataset(grey(np.uint16, 4096))
    rle.compress(RLELossless, generate_instance_uid=False)
    rle.save_as(folder / "rle.dcm", enforce_file_format=True)
    dicom_dataset(grey(np.uint16, 4096)).save_as(folder / "raw", enforce_file_format=True)
    dicom_dataset(grey()).save_as(folder / "raw8", enforce_file_format=True)
    for name, seed in (
        ("JPEGLosslessProcess14_1", "raw"), ("JPEGLSLossless", "raw"), ("JPEG2000Lossless", "raw"),
        ("JPEG2000", "raw"), ("JPEGBaselineProcess1", "raw8"),
    ):  # fmt: skip
        transcode(folder / seed, folder / f"{name}.dcm", name)
    if REAL_SERIES.is_dir():
        shutil.copy(min(REAL_SERIES.glob("*.dcm")), folder / "real.dcm")
    (folder / "raw").unlink()
    (folder / "raw8").unlink()
    return tuple(range(132, 512, 2))


def transcode(source, target, syntax):
    try:
        import gdcm
    except ImportError:
        return
    reader = gdcm.ImageReader()
    reader.SetFileName(str(source))
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    assert reader.Read()
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()


def zip_seeds(folder):
    for name, method in (("stored", 0), ("deflated", 8), ("bzip2", 12), ("lzma", 14)):
        with zipfile.ZipFile(folder / f"{name}.zip", "w", method) as packed:
            for i in range(4):
                packed.writestr(f"covid/{i}.png", grey().tobytes()[: 300 * i])
    return ()


FORMATS = {
    "PNG": png_seeds,
    "JPEG": jpeg_seeds,
    "TIFF": tiff_seeds,
    "BMP": bmp_seeds,
    "NIfTI": nifti_seeds,
    "DICOM": dicom_seeds,
    "compressed DICOM": compressed_seeds,
    "zip": zip_seeds,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
def test_spoilt_files_are_read_or_refused(kind, pool, mutations, tmp_path):
    folder, scratch = tmp_path / "seeds", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    fields = FORMATS[kind](folder)
    seeds = sorted(map(str, folder.iterdir()))
    tasks = [(seeds[i % len(seeds)], i, fields, str(scratch)) for i in range(PER_FORMAT)]
    results = collections.defaultdict(list)
    for task, item in pool.run(mutations.read_spoilt, tasks):
        results[task].append(item)

    assert len(results) == PER_FORMAT
    outcomes = collections.Counter(check(task, items) for task, items in results.items())
    print(kind, dict(outcomes), f"peak {max(peaks(results)) // 1024} MiB")
    assert outcomes["read"] + outcomes["read in part"] >= PER_FORMAT // 50
    assert outcomes["refused"] >= PER_FORMAT // 5
    assert max(peaks(results)) < MEMORY // 1024


def peaks(results):
    return [
        item[1] for items in results.values() for item in items if not is_failure(item) and item[0] == "peak"
    ]


def is_failure(item):
    return isinstance(item, Failure)


def check(task, items):
    """Checks what became of a file, and says it in a word."""
    name = f"{task[1]}-{Path(task[0]).name}"
    for what, *rest in (item for item in items if not is_failure(item)):
        if what == "header":
            # What has fewer bytes than slices would not fit into the caller's memory.
            assert 0 <= rest[0] <= 100_000, (name, rest)
        if what == "entry":
            assert ".." not in rest[0] and not rest[0].startswith("/")
        if what == "slice":
            assert rest[0] == b"\x89PNG"
        if what == "refused":
            assert rest[0].startswith(name) or name.endswith(".zip"), rest
            assert rest[0].isprintable() and SECRET not in rest[0], rest
    last = items[-1]
    if is_failure(last):
        assert re.fullmatch(KNOWN_FAILURES, last.message), (name, last)
        return last.message
    assert last[0] == "peak"
    kinds = {item[0] for item in items}
    if "refused" not in kinds:
        return "read"
    return "read in part" if kinds & {"slice", "entry"} else "refused"


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_not_spoilt_is_read(kind, mutations, tmp_path):
    FORMATS[kind](tmp_path)
    for path in sorted(tmp_path.iterdir()):
        read = mutations._read_archive if kind == "zip" else mutations._read_scan
        items = list(read(path))
        pieces = [item for item in items if item[0] in ("slice", "entry")]
        assert items[0][0] == "header" and len(pieces) == items[0][1], path
