"""Distances between the rows of two arrays, a block at a time, whatever their number."""

from collections.abc import Iterator

import numpy as np

# Distances in memory at a time: 64 MB of float64.
_BLOCK = 2**23
# A square this small beside the points' own is the rounding of equal points.
_ROUNDING = 1e-13


def squared_distances(rows: np.ndarray, columns: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """The squared Euclidean distances of some rows to all columns, until all rows had their turn.

    Args:
        rows: floats [n, d].
        columns: floats [m, d].

    Yields:
        A slice of the rows, r of them, and float64 [r, m]; equal points are at 0. The array may be
        written to.
    """
    # Around their mean the points are short, so that little is lost in the difference of squares.
    centre = columns.mean(axis=0, dtype=np.float64)
    columns = columns - centre
    lengths = np.einsum("ij,ij->i", columns, columns)
    step = max(1, _BLOCK // len(columns))
    for start in range(0, len(rows), step):
        part = slice(start, min(start + step, len(rows)))
        block = rows[part] - centre
        sums = np.einsum("ij,ij->i", block, block)[:, None] + lengths
        squares = block @ columns.T
        squares *= -2
        squares += sums
        sums *= _ROUNDING
        squares[squares < sums] = 0
        yield part, squares


def squared_neighbour_distances(points: np.ndarray, k: int = 1) -> np.ndarray:
    """The squared distance of each point to the k-th nearest of the others.

    Args:
        points: floats [n, d].
        k: from 1 to n - 1; a copy of a point is one of the others.

    Returns:
        float64 [n].
    """
    found = np.empty(len(points))
    for part, squares in squared_distances(points, points):
        squares[np.arange(len(squares)), np.arange(part.start, part.stop)] = np.inf
        squares.partition(k - 1, axis=1)
        found[part] = squares[:, k - 1]
    return found
