"""COVID-like lesions in three dimensions, which take an exact share of the lungs."""

import dataclasses

import numpy as np

from tfds_covidct.lung_phantom import lesions
from tfds_covidct.lung_phantom.geometry import coverage, smooth_noise
from tfds_covidct.lung_phantom.volumes.space import ball

MOST = 0.55  # The share of the lungs' voxels that lesions take at severity 1,
LEAST = 0.004  # and at severity 0.
_PATCHES = 14


def lesion_share(severity):
    """Returns the share of the lungs' voxels that lesions take at a severity in [0, 1]."""
    return LEAST + (MOST - LEAST) * severity**2


@dataclasses.dataclass(frozen=True)
class Patches:
    """Where a patient's lesions are, and how.

    lesions: the `Lesions`, alpha maps [D, H, W].
    mask: uint8 [D, H, W], 1 in lesions.
    """

    lesions: lesions.Lesions
    mask: np.ndarray


def grow_patches(rng, space, lung_depth, lung, severity):
    """Places lesions, most of them at the back, near the pleura and the base.

    With the same `rng` a higher severity makes the same lesions larger and adds others: what is ill at
    one severity is ill at every higher one.

    Args:
        rng: numpy `Generator`.
        space: the `Space` to draw in.
        lung_depth: float32 [D, H, W], depth in mm below the lungs' surface.
        lung: float32 [D, H, W] in [0, 1], each voxel's share of lung.
        severity: in [0, 1].

    Returns:
        The `Patches`.
    """
    field = _field(rng, space, lung_depth)
    solid_from = rng.uniform(6, 16) + 8 * smooth_noise(rng, space, 45)
    softness = max(rng.uniform(4, 9), 1.2 * space.spacing)
    lungs = lung > 0.5
    level = np.quantile(field[lungs], 1 - lesion_share(severity))
    inside = field - np.float32(level)
    glass = 0.9 * coverage(inside, softness) * lung
    solid = coverage(inside - np.maximum(solid_from, 4), 1.2 * space.spacing) * lung
    return Patches(lesions.Lesions(glass, solid), ((inside > 0) & lungs).astype(np.uint8))


def _field(rng, space, lung_depth):
    """Returns float32 [D, H, W] in mm: the lesions are where it exceeds a level."""
    weight = lesions.settling(rng, space, lung_depth) * np.exp(space.z / np.float32(rng.uniform(60, 200)))
    cumulative = np.cumsum(weight, dtype=np.float64)
    field = np.full(space.shape, -999, np.float32)
    for _ in range(_PATCHES):
        at = np.searchsorted(cumulative, rng.random() * cumulative[-1])
        centre = space.x.flat[at], space.y.flat[at], space.z.flat[at // (space.shape[1] * space.shape[2])]
        radii = rng.uniform(7, 24) * rng.uniform(0.65, 1.35, 3)
        patch = ball(space, centre, radii, tilt=rng.uniform(-np.pi, np.pi), lean=rng.uniform(-1, 1))
        if rng.random() < 0.4:  # One that spreads along the pleura.
            patch = np.minimum(0.6 * patch + 5, np.float32(rng.uniform(10, 20)) - lung_depth)
        field = np.maximum(field, patch - np.float32(rng.exponential(9)))
    ragged = 3.5 * smooth_noise(rng, space, 14) + 2.0 * smooth_noise(rng, space, 6)
    return field + ragged
