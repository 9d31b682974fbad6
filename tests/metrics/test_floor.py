"""The floor: halves that share nothing, and a value that noise is far from."""

import numpy as np
import pytest

from covid_gan.metrics import between_halves, histogram_distance, spectrum_distance


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
