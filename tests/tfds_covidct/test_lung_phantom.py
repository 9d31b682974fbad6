"""The procedural phantom: shapes, physics, determinism, and lesions that follow the severity."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import tfds_covidct
from tfds_covidct.lung_phantom import make_phantom, population, window
from tfds_covidct.lung_phantom.display import Display, show

SIZE = 128


@pytest.fixture(scope="module")
def healthy():
    return [make_phantom(index, size=SIZE) for index in range(40)]


@pytest.fixture(scope="module")
def ill():
    return [make_phantom(index, covid=True, size=SIZE) for index in range(40)]


def test_shapes_and_types(healthy, ill):
    for phantom in healthy[:8] + ill[:8]:
        assert phantom.hu.dtype == np.float32 and phantom.hu.ndim == 2
        assert max(phantom.hu.shape) == SIZE and min(phantom.hu.shape) >= SIZE // 3
        assert np.isfinite(phantom.hu).all()
        for array in (phantom.image, phantom.lung_mask, phantom.lesion_mask):
            assert array.dtype == np.uint8 and array.shape == phantom.hu.shape
        assert set(np.unique(phantom.lung_mask)) == {0, 1}
        assert set(np.unique(phantom.lesion_mask)) <= {0, 1}


def test_hu_spans_air_to_bone():
    phantom = make_phantom(0)
    assert phantom.hu.min() < -900
    assert phantom.hu.max() > 300


def test_lungs_are_aerated_and_the_rest_is_not(healthy):
    for phantom in healthy:
        assert -950 < np.median(phantom.hu[phantom.lung_mask == 1]) < -600
        height, width = phantom.hu.shape
        rows = slice(int(0.7 * height), int(0.85 * height))
        columns = slice(int(0.45 * width), int(0.55 * width))
        assert np.median(phantom.hu[rows, columns]) > -150


def test_lungs_are_denser_at_the_back(healthy):
    slopes = []
    for phantom in healthy:
        rows, _ = np.nonzero(phantom.lung_mask)
        slopes.append(np.polyfit(rows, np.clip(phantom.hu[phantom.lung_mask == 1], -1000, -700), 1)[0])
    assert np.mean(slopes) > 0


def test_both_lungs_are_there(healthy):
    shares = [phantom.lung_mask.mean() for phantom in healthy]
    assert 0.1 < min(shares) and max(shares) < 0.8
    both = 0
    for phantom in healthy:
        columns = phantom.lung_mask.sum(0)
        half = len(columns) // 2
        both += min(columns[:half].sum(), columns[half:].sum()) > 0.2 * columns.sum()
    assert both >= 36


def test_the_same_arguments_give_the_same_bytes():
    for covid in (False, True):
        first, second = (make_phantom(3, seed=1, covid=covid, size=SIZE) for _ in range(2))
        assert first.hu.tobytes() == second.hu.tobytes()
        assert first.image.tobytes() == second.image.tobytes()
        assert first.lesion_mask.tobytes() == second.lesion_mask.tobytes()
        assert first.severity == second.severity


def test_another_seed_is_another_patient():
    first, second = (make_phantom(3, seed=seed, size=SIZE) for seed in (1, 2))
    assert first.hu.tobytes() != second.hu.tobytes()


def test_no_two_are_alike(healthy):
    pictures = [Image.fromarray(phantom.image).resize((48, 32), Image.BOX) for phantom in healthy]
    small = [np.asarray(picture, np.float32).ravel() for picture in pictures]
    correlation = np.corrcoef(small) - np.eye(len(small))
    assert correlation.max() < 0.97
    assert np.median(correlation) < 0.85


def test_healthy_has_no_lesions(healthy):
    for phantom in healthy:
        assert phantom.severity == 0
        assert not phantom.lesion_mask.any()


def test_lesions_lie_in_the_lungs_and_are_denser(ill):
    for phantom in ill:
        assert 0 <= phantom.severity <= 1
        assert phantom.lesion_mask.any()
        assert not (phantom.lesion_mask & ~phantom.lung_mask & 1).any()
    lesions = np.concatenate([p.hu[p.lesion_mask == 1] for p in ill])
    spared = np.concatenate([p.hu[(p.lung_mask == 1) & (p.lesion_mask == 0)] for p in ill])
    assert np.median(lesions) > np.median(spared) + 150


def test_lesions_change_nothing_but_the_lungs(healthy, ill):
    for before, after in zip(healthy, ill):
        np.testing.assert_array_equal(before.lung_mask, after.lung_mask)
        changed = np.abs(after.hu - before.hu) > 60
        assert changed[after.lung_mask == 1].sum() > 3 * changed[after.lung_mask == 0].sum()


def test_lesions_grow_with_severity():
    severities = (0.05, 0.35, 0.65, 0.95)
    shares = []
    for severity in severities:
        phantoms = [make_phantom(i, covid=True, severity=severity, size=SIZE) for i in range(12)]
        shares.append(np.mean([p.lesion_mask.sum() / p.lung_mask.sum() for p in phantoms]))
    assert shares == sorted(shares)
    assert shares[-1] > 3 * shares[0]


@pytest.mark.parametrize("arguments, message", [
    ({"covid": True, "severity": 1.5}, "severity"),
    ({"covid": False, "severity": 0.5}, "severity"),
    ({"size": 8}, "size"),
])
def test_refuses_what_makes_no_sense(arguments, message):
    with pytest.raises(ValueError, match=f"`{message}`.*Received"):
        make_phantom(0, **arguments)


def test_window_of_known_values():
    hu = np.array([-2000.0, -1350.0, -600.0, 150.0, 3000.0])
    assert window(hu).tolist() in ([0, 0, 127, 255, 255], [0, 0, 128, 255, 255])
    assert window(np.array([40.0]), centre=40, width=400)[0] in (127, 128)


def test_window_needs_a_width():
    with pytest.raises(ValueError, match="`width`.*Received: width=0"):
        window(np.zeros(3), width=0)


def test_display_keeps_its_grey_levels():
    assert show(np.array([-9000.0, 9000.0]), Display(black=10, white=240)).tolist() == [10, 240]


def test_population_is_as_large_as_covid_ct():
    everyone = [member for split in population.members().values() for member in split]
    assert [index for index, _ in everyone] == list(range(746))
    assert sum(label == "covid" for _, label in everyone) == 349


def test_drawing_needs_no_tensorflow():
    code = (
        "import sys; from tfds_covidct.lung_phantom import make_phantom; make_phantom(0, size=64);"
        "print('tensorflow' in sys.modules)"
    )
    root = pathlib.Path(tfds_covidct.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
