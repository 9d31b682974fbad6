"""Which generated images lie among the real ones, and which real ones are reached."""

import dataclasses

import numpy as np

from covid_gan.metrics.checks import LEAST_IMAGES, check_feature_pair
from covid_gan.metrics.distances import squared_distances, squared_neighbour_distances

NEIGHBOURS = 5
# A point on a ball's edge is outside; two roundings of one distance must not put it inside.
_EDGE = 1 - 1e-9


@dataclasses.dataclass(frozen=True)
class Manifold:
    """How two sets overlap. The ball of a point reaches to its k-th nearest neighbour in its own set.

    Attributes:
        precision: the share of generated images inside the ball of a real one, 0 to 1.
        recall: the share of real images inside the ball of a generated one, 0 to 1.
        density: how many real balls a generated image is inside of, on average, divided by k; 0 or
            more, about 1 for real images.
        coverage: the share of real images in whose ball there is a generated one, 0 to 1.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def precision_recall_density_coverage(real: np.ndarray, fake: np.ndarray, k: int = NEIGHBOURS) -> Manifold:
    """Precision, recall, density and coverage of generated images by their features.

    Memory does not grow with n·m; time does.

    Args:
        real: floats [n, d], n ≥ 16 and n > k.
        fake: floats [m, d], m ≥ 16 and m > k.
        k: the neighbour to which a ball reaches, 1 or more. Values of different k cannot be compared.

    Raises:
        TooFewError: too few rows.
        ValueError: another type, dimensions that differ, not finite, real features that are all
            equal, or k below 1.

    Reference:
        Kynkäänniemi et al. 2019 (precision and recall), https://arxiv.org/abs/1904.06991
        Naeem et al. 2020 (density and coverage), https://arxiv.org/abs/2002.09797
    """
    if k < 1:
        raise ValueError(f"`k` must be at least 1. Received: k={k}")
    check_feature_pair(real, fake, max(LEAST_IMAGES, k + 1))
    real_balls = squared_neighbour_distances(real, k) * _EDGE
    fake_balls = squared_neighbour_distances(fake, k) * _EDGE
    inside_real = np.zeros(len(fake), bool)
    inside_fake, reached = np.empty(len(real), bool), np.empty(len(real), bool)
    pairs = 0
    for part, squares in squared_distances(real, fake):
        inside_fake[part] = (squares < fake_balls).any(axis=1)
        inside = squares < real_balls[part, None]
        reached[part] = inside.any(axis=1)
        inside_real |= inside.any(axis=0)
        pairs += np.count_nonzero(inside)
    return Manifold(
        precision=float(inside_real.mean()),
        recall=float(inside_fake.mean()),
        density=pairs / (k * len(fake)),
        coverage=float(reached.mean()),
    )
