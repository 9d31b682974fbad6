"""Fake scans, tiny networks, and where the real data is."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# With `-n`, the threads of NumPy's products would wait for those of the other processes: 4 times the work.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from pathlib import Path

import numpy as np
import pydicom
import pytest
import tensorflow as tf
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset

from covid_gan.config import Config

REPOSITORY = Path(__file__).resolve().parents[1]
REAL_DATA = Path(os.environ.get("REAL_DATA_DIR", REPOSITORY.parent / "shared" / "data"))
COVID_CT = Path(os.environ.get("COVID_CT_DIR", REAL_DATA / "covid-ct"))

# The CPU is four devices, for tests of replicas; the others use the first. It has to be said before anything
# computes, as some modules of tests do when they are read.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 4
)

# The smallest networks and the shortest run that still have every part.
TINY = dict(
    dataset="tiny_scans",
    image_size=16,
    latent_dim=8,
    base_channels=4,
    batch_size=4,
    steps=6,
    log_every=2,
    sample_every=4,
    checkpoint_every=4,
    milestone_every=0,
    precision="float32",
)


@pytest.fixture(scope="session")
def covid_ct_files() -> Path:
    """The real COVID-CT files, in upstream's layout."""
    if not COVID_CT.is_dir():
        pytest.skip(f"the real COVID-CT is not in {COVID_CT}; set COVID_CT_DIR")
    return COVID_CT


@pytest.fixture(scope="session", autouse=True)
def private_dir(tmp_path_factory) -> Path:
    """Where the salts of the tests' folders lie, rather than among the user's own files."""
    folder = tmp_path_factory.mktemp("private")
    os.environ["TFDS_COVIDCT_PRIVATE_DIR"] = str(folder)
    return folder


@pytest.fixture(autouse=True)
def float32(monkeypatch):
    """The tests compute alike on every machine; what it suits is for those about precision."""
    from covid_gan.compute import precision

    monkeypatch.setattr(precision, "suitable", lambda: ("float32", "the tests say so"))


@pytest.fixture(scope="session")
def real_data():
    """Returns a function: the path of real data below REAL_DATA, or a skip."""

    def find(name: str) -> Path:
        if not (REAL_DATA / name).exists():
            pytest.skip(f"the real data {name} is not in {REAL_DATA}; set REAL_DATA_DIR")
        return REAL_DATA / name

    return find


def fake_scan(index: int) -> np.ndarray:
    """Two dark ellipses in a bright one on black, a little different for each index: uint8 [H, W, 1]."""
    rng = np.random.default_rng(index)
    height, width = rng.integers(20, 40, 2)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    image = np.where(x**2 + y**2 < 0.9, 200.0, 0.0)
    for side in (-0.4, 0.4):
        image[((x - side) / 0.3) ** 2 + ((y - rng.normal(0, 0.1)) / 0.6) ** 2 < 1] = 40
    return np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(np.uint8)[..., None]


@pytest.fixture(scope="session")
def tiny_data_dir(tmp_path_factory) -> Path:
    """A folder of TFDS with the prepared set `tiny_scans`: 24 covid and 16 non_covid images, train and test."""
    import tensorflow_datasets as tfds

    class TinyScans(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        """Fake scans."""

        name = "tiny_scans"
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            return self.dataset_info_from_configs(
                features=tfds.features.FeaturesDict(
                    {
                        "image": tfds.features.Image(shape=(None, None, 1)),
                        "label": tfds.features.ClassLabel(names=["covid", "non_covid"]),
                        "image_id": tfds.features.Text(),
                    }
                )
            )

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples(0, 32), "test": self._generate_examples(32, 40)}

        def _generate_examples(self, first, end):
            for i in range(first, end):
                label = "covid" if i % 5 < 3 else "non_covid"
                yield i, {"image": fake_scan(i), "label": label, "image_id": f"scan-{i:02d}"}

    folder = tmp_path_factory.mktemp("tfds")
    TinyScans(data_dir=folder).download_and_prepare()
    return folder


@pytest.fixture
def tiny_config(tiny_data_dir) -> Config:
    """A config of a run that takes a second."""
    return Config().replace(**TINY, data_dir=str(tiny_data_dir))


@pytest.fixture(scope="session")
def trained_run(tiny_data_dir, tmp_path_factory):
    """A run of a few steps on the fake scans, trained once for all tests that only read it."""
    from covid_gan.training import loop

    config = Config().replace(**TINY, data_dir=str(tiny_data_dir))
    return loop.train(config, runs_dir=tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def run(trained_run, tmp_path_factory):
    """The trained run with weights that draw all grey levels; after its few steps all is mid-grey."""
    from covid_gan import build, runs
    from covid_gan.training.checkpoints import Checkpoints

    run = runs.create(tmp_path_factory.mktemp("runs"), trained_run.config, trained_run.fingerprint)
    gan = build.gan_from(run.config)
    gan.step.assign(run.config.training.steps)
    rng = np.random.default_rng(0)
    for network in (gan.generator, gan.ema_generator):
        shapes = [w.shape for w in network.weights]
        network.set_weights([rng.normal(0, 0.5, s) if len(s) > 1 else rng.uniform(0.2, 1, s) for s in shapes])
    Checkpoints(run.checkpoints, gan).save()
    return run


@pytest.fixture(scope="session")
def slice_hu():
    """Returns a function of a seed: a slice like no other, int16 [32, 32] in HU."""
    return _slice_hu


def _slice_hu(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-1000, 400, (32, 32)).astype(np.int16)


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
        dataset.Rows = dataset.Columns = 32
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
