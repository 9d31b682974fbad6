"""What hangs together."""

from collections.abc import Iterable

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def connected(count: int, edges: Iterable[tuple[int, int]]) -> np.ndarray:
    """A number for each of `count` things, the same for those that edges join, directly or by others.

    Returns:
        int [count], from 0 on in the order of each one's first.
    """
    ends = np.array(list(edges), np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1]
