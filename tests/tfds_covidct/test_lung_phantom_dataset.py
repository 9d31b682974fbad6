"""The TFDS builder of the phantoms, with few of them."""

import hashlib

import numpy as np
import pytest
import tensorflow_datasets as tfds

import tfds_covidct
from tfds_covidct.lung_phantom import Builder, kinds, population

FEW = {
    "train": {"covid": 1, "non_covid": 1},
    "validation": {"covid": 1},
    "test": {"non_covid": 1},
}
COUNTS = {name: FEW for name in kinds.KINDS}

# The slices of version 1.0.0: SHA-256, shape, pixels of lesion and of lung, and mean grey levels of 3 × 4
# parts of the image.
SLICES = {
    (0, "covid"): (
        "20be35cbfd0ef467", (157, 256), 433, 10699,
        [149.0, 154.0, 172.2, 157.6, 141.5, 119.1, 162.4, 140.7, 103.6, 198.0, 214.3, 139.8],
    ),
    (200, "non_covid"): (
        "3ef2116c9a3950b6", (182, 256), 0, 12749,
        [161.2, 163.6, 166.4, 128.3, 168.6, 153.6, 128.4, 162.4, 122.1, 200.1, 215.3, 165.1],
    ),
    (543, "covid"): (
        "3d1bc14b718d6d25", (165, 256), 3028, 12819,
        [194.3, 201.9, 196.3, 192.9, 149.6, 200.0, 182.3, 153.1, 178.8, 218.2, 229.1, 169.6],
    ),
}  # fmt: skip
ROUNDING = "f70c2c69fa4f9cd2"


class LungPhantomTest(tfds.testing.DatasetBuilderTestCase):
    """Runs TFDS's own checks of a builder."""

    DATASET_CLASS = Builder
    BUILDER_CONFIG_NAMES_TO_TEST = ["slices", "paired", "volumes"]
    SPLITS = {split: sum(classes.values()) for split, classes in FEW.items()}
    # Nothing is read, so there is nothing to fake.
    EXAMPLE_DIR = str(tfds.core.tfds_path())

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.full_counts, Builder.COUNTS = Builder.COUNTS, COUNTS

    @classmethod
    def tearDownClass(cls):
        Builder.COUNTS = cls.full_counts
        super().tearDownClass()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """All examples of `train`, {config: {image_id: example}}, prepared once by several processes."""
    examples = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Builder, "COUNTS", COUNTS)
        for config in kinds.KINDS:
            folder = tmp_path_factory.mktemp(config)
            scans = tfds.load(f"lung_phantom/{config}", split="train", data_dir=folder)
            examples[config] = {e["image_id"].decode(): e for e in tfds.as_numpy(scans)}
    return examples


@pytest.mark.parametrize("config", kinds.KINDS)
def test_serves_what_one_process_draws_under_the_shared_names(served, config):
    kind, examples = kinds.KINDS[config], served[config]
    assert sorted(examples) == [f"{kind.prefix}-{i:05d}" for i in range(2)]
    for index, name in enumerate(sorted(examples)):
        example, label = dict(examples[name]), "covid" if index < 1 else "non_covid"
        assert example.pop("label") == tfds_covidct.LABELS.index(label)
        assert example.pop("source") == b"lung_phantom 1.0.0"
        assert example.pop("patient_id") == example.pop("image_id") == name.encode()
        drawn = kind.draw(index, label)
        assert drawn.keys() == example.keys()
        for field, value in drawn.items():
            assert example[field].dtype == value.dtype
            np.testing.assert_array_equal(example[field], value, err_msg=field)


def test_slices_are_those_of_make_member(served):
    phantom = population.make_member(0, "covid")
    example = served["slices"]["phantom-00000"]
    np.testing.assert_array_equal(example["image"], phantom.image[..., None])
    np.testing.assert_array_equal(example["lesion_mask"], phantom.lesion_mask[..., None])
    np.testing.assert_array_equal(example["lung_mask"], phantom.lung_mask[..., None])
    assert example["severity"] == np.float32(phantom.severity)


def test_pairs_show_the_patients_of_the_slices(served):
    for name, example in served["slices"].items():
        pair = served["paired"][name]
        for field, value in example.items():
            np.testing.assert_array_equal(pair[field], value, err_msg=field)
        assert pair["hu"].dtype == np.int16 and pair["hu"].min() < -900
        assert pair["mr"].shape == pair["hu"].shape == pair["image"].shape


def test_volumes_are_whole_numbers_of_hu(served):
    for config, shape in (("volumes", (64, 64, 64, 1)), ("volumes_128x128x48", (48, 128, 128, 1))):
        for name, example in served[config].items():
            assert example["volume"].dtype == np.int16 and example["volume"].shape == shape
            assert example["lesion_mask"].shape == example["lung_mask"].shape == shape
            assert example["spacing"].shape == (3,) and (example["spacing"] > 1).all()
            assert (example["severity"] > 0) == example["lesion_mask"].any() == (name < "volume-00001")


def test_a_failing_process_is_an_error_that_names_the_phantom(tmp_path, monkeypatch):
    monkeypatch.setattr(Builder, "COUNTS", {"slices": {"train": {"covid": 1}}})
    monkeypatch.setattr(population, "members", lambda counts: {"train": [(-1, "covid")]})
    with pytest.raises(RuntimeError, match=r"lung_phantom: drawing phantom -1 .*\(ValueError\)"):
        Builder(data_dir=tmp_path).download_and_prepare()


def test_default_counts_of_slices_are_those_of_covid_ct():
    for config in ("slices", "paired"):
        counts = {split: tuple(classes.values()) for split, classes in Builder.COUNTS[config].items()}
        assert counts == {"train": (191, 234), "validation": (60, 58), "test": (98, 105)}


def test_slices_are_the_default_config():
    assert Builder.BUILDER_CONFIGS[0].name == "slices"


@pytest.mark.parametrize("member", SLICES)
def test_slices_have_not_changed(member):
    _, shape, lesion, lung, greys = SLICES[member]
    phantom = population.make_member(*member)
    assert phantom.image.shape == shape
    assert abs(int(phantom.lesion_mask.sum()) - lesion) <= 3 and abs(int(phantom.lung_mask.sum()) - lung) <= 3
    parts = [part for row in np.array_split(phantom.image, 3) for part in np.array_split(row, 4, 1)]
    np.testing.assert_allclose([part.mean() for part in parts], greys, atol=0.1)


@pytest.mark.parametrize("member", SLICES)
def test_slices_have_the_same_bytes(member):
    x = np.linspace(0.1, 3, 4096, dtype=np.float32)
    functions = (np.exp, np.sin, lambda v: v ** np.float32(2.37), lambda v: v / v.std())
    rounding = hashlib.sha256(b"".join(f(x).tobytes() for f in functions)).hexdigest()[:16]
    if rounding != ROUNDING:
        pytest.skip("this processor rounds float32 differently from the one where the bytes were noted")
    phantom = population.make_member(*member)
    pieces = (phantom.image, phantom.lesion_mask, phantom.lung_mask, np.float32(phantom.severity))
    digest = hashlib.sha256(b"".join(piece.tobytes() for piece in pieces)).hexdigest()[:16]
    assert digest == SLICES[member][0]
