"""The floor: halves that share nothing, and a value that noise is far from."""

import numpy as np
import pytest

from covid_gan.metrics import Floor, between_halves, histogram_distance, spectrum_distance
from covid_gan.metrics.floor import HIGHER, LOWER, REAL, floor_ratio


@pytest.fixture(scope="module")
def numbered():
    """101 images, each of one grey level of its own."""
    return np.broadcast_to(np.arange(101, dtype=np.uint8)[:, None, None, None], (101, 8, 8, 1))


def test_halves_are_the_whole_without_overlap(numbered):
    halves = []

    def measure(first, second):
        halves.append((set(first[:, 0, 0, 0]), set(second[:, 0, 0, 0])))
        return 0.0

    between_halves(numbered, measure, halvings=4)
    assert len(halves) == 4
    for first, second in halves:
        assert (len(first), len(second)) == (51, 50) and first | second == set(range(101))
    assert halves[0] != halves[1]


def test_mean_and_spread_over_halvings(numbered):
    values = iter([1.0, 2.0, 6.0])
    floor = between_halves(numbered, lambda first, second: next(values), halvings=3)
    assert floor.mean == 3 and floor.spread == pytest.approx(np.std([1, 2, 6], ddof=1))


def test_a_sequence_is_averaged_number_by_number(numbered):
    values = iter([(1.0, 10.0), (3.0, 10.0)])
    floor = between_halves(numbered, lambda first, second: next(values), halvings=2)
    np.testing.assert_allclose(floor.mean, [2, 10])
    np.testing.assert_allclose(floor.spread, [np.sqrt(2), 0])


def test_a_dict_has_a_floor_for_each_key(numbered):
    values = iter([{"a": 1, "b": 10}, {"a": 3, "b": 10}])
    floors = between_halves(numbered, lambda first, second: next(values), halvings=2)
    assert floors == {"a": Floor(2, pytest.approx(np.sqrt(2))), "b": Floor(10, 0)}


def test_the_same_seed_gives_the_same(numbered):
    once, again, other = (between_halves(numbered, histogram_distance, 5, seed) for seed in (0, 0, 1))
    assert once == again != other


@pytest.mark.parametrize("measure", [spectrum_distance, histogram_distance])
def test_it_lies_far_below_the_distance_to_noise(measure, textures, noise):
    real = textures(80, 0)
    floor = between_halves(real, measure)
    assert 0 < floor.mean + 3 * floor.spread < measure(real, noise(80, 1)) / 3


def test_the_floor_falls_with_more_scans(textures):
    images = textures(320, 0)
    few = between_halves(images[:40], spectrum_distance).mean
    assert between_halves(images, spectrum_distance).mean == pytest.approx(few / np.sqrt(8), rel=0.35)


def test_too_few_scans_or_halvings(numbered):
    with pytest.raises(ValueError, match="`real` needs at least 32 images. Received: 31"):
        between_halves(numbered[:31], histogram_distance)
    with pytest.raises(ValueError, match="`halvings`"):
        between_halves(numbered, histogram_distance, halvings=1)


@pytest.mark.parametrize(
    "direction, value, floor, expected",
    [
        (LOWER, 0.4, Floor(0.04, 0.03), 0.05 / 0.4),
        (LOWER, 0.04, Floor(0.04, 0.03), 1),
        (LOWER, 0.0, Floor(0.0, 0.0), 1),
        # Without bias: halves lie around 0, below it as often as not.
        (LOWER, 0.05, Floor(-0.003, 0.004), 0.1),
        (LOWER, -0.05, Floor(-0.003, 0.004), 1),
        (HIGHER, 0.3, Floor(0.6, 0.1), 0.5),
        (HIGHER, 0.9, Floor(0.6, 0.1), 1),
        (HIGHER, 0.0, Floor(0.6, 0.1), 0),
        (REAL, 0.5, Floor(1.0, 0.1), 0.5),
        (REAL, 2.0, Floor(1.0, 0.1), 0.5),
        (REAL, 0.0, Floor(1.0, 0.1), 0),
    ],
)
def test_how_good_a_value_is_beside_its_floor(direction, value, floor, expected):
    assert floor_ratio(value, floor, direction) == pytest.approx(expected)


def test_there_is_no_other_direction():
    with pytest.raises(ValueError, match="`direction`"):
        floor_ratio(1.0, Floor(1.0, 0.1), "sideways")
