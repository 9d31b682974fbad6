"""Precision, recall, density, coverage: their definitions, and what each of them sees."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from covid_gan.metrics import distances
from covid_gan.metrics.distances import squared_distances, squared_neighbour_distances
from covid_gan.metrics.manifold import precision_recall_density_coverage


def gaussians(seed, count, dimension=8, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, (count, dimension))


def naive(real, fake, k):
    def radii(points):
        return [sorted(np.delete(row, i))[k - 1] for i, row in enumerate(cdist(points, points))]

    apart, around_real, around_fake = cdist(real, fake), radii(real), radii(fake)
    n, m = apart.shape
    precision = sum(any(apart[i, j] < around_real[i] for i in range(n)) for j in range(m)) / m
    recall = sum(any(apart[i, j] < around_fake[j] for j in range(m)) for i in range(n)) / n
    density = sum(apart[i, j] < around_real[i] for i in range(n) for j in range(m)) / (k * m)
    coverage = sum(any(apart[i, j] < around_real[i] for j in range(m)) for i in range(n)) / n
    return precision, recall, density, coverage


CASES = [(40, 60, 3, 1), (60, 40, 8, 3), (50, 50, 2, 5), (30, 90, 30, 5)]


@pytest.mark.parametrize("n, m, d, k", CASES)
@pytest.mark.parametrize("shift", [0, 0.7])
def test_they_are_their_definitions(n, m, d, k, shift):
    real, fake = gaussians(0, n, d), gaussians(1, m, d, shift)
    found = precision_recall_density_coverage(real, fake, k)
    assert dataclasses.astuple(found) == pytest.approx(naive(real, fake, k), rel=1e-12)
    single = precision_recall_density_coverage(real.astype(np.float32), fake.astype(np.float32), k)
    expected = naive(real.astype(np.float32).astype(float), fake.astype(np.float32).astype(float), k)
    assert dataclasses.astuple(single) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n, m, d, k", CASES)
def test_they_are_those_of_the_authors_package(n, m, d, k):
    prdc = pytest.importorskip("prdc")
    real, fake = gaussians(0, n, d), gaussians(1, m, d, 0.5)
    expected = prdc.compute_prdc(real, fake, nearest_k=k)
    found = dataclasses.asdict(precision_recall_density_coverage(real, fake, k))
    assert found == pytest.approx(expected, rel=1e-6)


def test_distances_are_scipys_far_from_the_origin_too():
    rows, columns = gaussians(0, 30) + 1000, gaussians(1, 40) + 1000
    columns[3] = rows[5]
    ((part, found),) = squared_distances(rows, columns)
    assert part == slice(0, 30) and found[5, 3] == 0
    np.testing.assert_allclose(found, cdist(rows, columns) ** 2, rtol=1e-9)
    ((_, copies),) = squared_distances(rows * 0.1, rows[::-1] * 0.1)
    assert (np.fliplr(copies).diagonal() == 0).all() and np.count_nonzero(copies) == 30 * 29
    for k in (1, 4):
        expected = np.sort(cdist(rows, rows), axis=1)[:, k] ** 2
        np.testing.assert_allclose(squared_neighbour_distances(rows, k), expected, rtol=1e-9)


def test_of_the_real_ones_themselves_all_is_1():
    real = gaussians(0, 100) * 10 + 5
    for fake in (real, real[::-1], np.concatenate([real, real])):
        found = precision_recall_density_coverage(real, fake)
        assert (found.precision, found.density, found.coverage) == (1, 1, 1)


def test_each_sees_what_it_is_for():
    real = gaussians(0, 300)
    far = precision_recall_density_coverage(real, gaussians(1, 300, shift=9))
    assert dataclasses.astuple(far) == (0, 0, 0, 0)
    narrow = precision_recall_density_coverage(real, gaussians(1, 300) * 0.3)
    assert narrow.precision == 1 and narrow.density > 1.5 and narrow.recall < 0.1
    wide = precision_recall_density_coverage(real, gaussians(1, 300) * 3)
    assert wide.precision < 0.2 and wide.recall > 0.95
    one = precision_recall_density_coverage(real, np.repeat(real[:1], 300, axis=0))
    assert one.precision == 1 and one.recall == 0 and one.coverage < 0.1


def test_one_outlier_widens_recall_but_not_coverage():
    """Why coverage was made: the ball of a far generated image takes in real ones that none is near."""
    real, fake = gaussians(0, 200), gaussians(1, 200, shift=9)
    outlier = np.concatenate([fake[:-1], np.full((1, 8), -20.0)])
    found = precision_recall_density_coverage(real, outlier)
    assert found.recall == 1 and found.coverage == 0


def test_units_and_rotations_do_not_count():
    real, fake = gaussians(0, 60), gaussians(1, 60, shift=0.5)
    turn = np.linalg.qr(gaussians(2, 8))[0] * 1e-4
    assert precision_recall_density_coverage(real, fake) == precision_recall_density_coverage(
        real @ turn + 1, fake @ turn + 1
    )


def test_blocks_change_nothing_and_keep_memory_flat(monkeypatch):
    real, fake = gaussians(0, 92), gaussians(1, 70, shift=0.5)
    whole = precision_recall_density_coverage(real, fake)
    monkeypatch.setattr(distances, "_BLOCK", 2**14)
    peaks = []
    for count in (600, 2400):
        tracemalloc.start()
        precision_recall_density_coverage(gaussians(2, count), gaussians(3, count))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * 2**20  # a whole matrix would be 46 MB
    monkeypatch.setattr(distances, "_BLOCK", 500)
    assert precision_recall_density_coverage(real, fake) == whole


def test_k_is_less_than_the_images():
    real = gaussians(0, 20)
    precision_recall_density_coverage(real, real, 19)
    with pytest.raises(ValueError, match="at least 21 images. Received: 20"):
        precision_recall_density_coverage(real, real, 20)
    with pytest.raises(ValueError, match="`k`"):
        precision_recall_density_coverage(real, real, 0)
