"""Distances under mirroring, shifts and brightness."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from covid_gan.privacy import nearest
from covid_gan.privacy.nearest import Move


def by_hand(query, scan, shift):
    """The definition, one place after the other."""
    height, width = query.shape
    inner = query[shift : height - shift, shift : width - shift].astype(float)
    best = []
    for way in (scan, scan[:, ::-1]):
        for top in range(2 * shift + 1):
            for left in range(2 * shift + 1):
                place = way[top : top + inner.shape[0], left : left + inner.shape[1]].astype(float)
                best.append((inner - place).std())
    return min(best)


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_pixel_distances_equal_the_definition(draw, shift):
    queries, scans = nearest.shrink(draw(5, 0))[:, :20], nearest.shrink(draw(37, 1))[:, :20]
    found = nearest.pixel_distances(queries, scans, shift)
    expected = [[by_hand(query, scan, shift) for scan in scans] for query in queries]
    np.testing.assert_allclose(found, expected, atol=1e-2)
    assert nearest.align(queries[0], scans[3], shift)[0] == pytest.approx(expected[0][3], abs=1e-6)


def test_blocks_change_nothing(draw, monkeypatch):
    queries, scans = nearest.shrink(draw(9, 0)), nearest.shrink(draw(9, 1))
    whole = nearest.pixel_distances(queries, scans)
    monkeypatch.setattr(nearest, "_QUERIES", 2)
    monkeypatch.setattr(nearest, "_SCANS", 4)
    np.testing.assert_allclose(nearest.pixel_distances(queries, scans), whole, rtol=1e-4)


def test_a_copy_in_disguise_is_at_distance_0_and_its_move_is_told(draw):
    scans = nearest.shrink(draw(6, 0))
    moved = np.roll(scans[4][:, ::-1], (2, -1), (0, 1)) + 9
    distance, move = nearest.align(moved, scans[4])
    assert distance < 1e-5 and move == Move(mirrored=True, down=2, right=-1)
    distances = nearest.pixel_distances(moved[None], scans)[0]
    assert distances.argmin() == 4 and distances[4] < 0.1 and np.delete(distances, 4).min() > 10


def test_a_farther_shift_is_not_a_copy(draw):
    scans = nearest.shrink(draw(1, 0))
    assert nearest.pixel_distances(np.roll(scans, 4, axis=1), scans, shift=2)[0, 0] > 10


def test_larger_images_are_shrunk_by_means():
    image = np.random.default_rng(0).integers(0, 256, (1, 128, 64, 1)).astype(np.uint8)
    small = nearest.shrink(image)
    assert small.shape == (1, 64, 32) and small.dtype == np.float32
    np.testing.assert_allclose(small[0], image[0, ..., 0].reshape(64, 2, 32, 2).mean(axis=(1, 3)), atol=1e-3)


def test_feature_distances_are_euclidean_over_both_ways():
    queries, scans, mirrored = np.random.default_rng(0).normal(50, 1, (3, 300, 16))
    found = nearest.feature_distances(queries, scans, None)
    np.testing.assert_allclose(found, cdist(queries, scans), rtol=1e-5)
    found = nearest.feature_distances(queries, scans, mirrored)
    np.testing.assert_allclose(found, np.minimum(cdist(queries, scans), cdist(queries, mirrored)), rtol=1e-5)


@pytest.mark.parametrize("shift", [-1, 9])
def test_a_shift_that_leaves_nothing(draw, shift):
    scans = nearest.shrink(draw(2, 0))
    with pytest.raises(ValueError, match=f"`shift` .* Received: shift={shift}"):
        nearest.pixel_distances(scans, scans, shift)
