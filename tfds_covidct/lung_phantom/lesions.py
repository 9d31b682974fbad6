"""COVID-like lesions: ground-glass, crazy paving and consolidation with air bronchograms."""

import dataclasses

import numpy as np

from tfds_covidct.lung_phantom import geometry
from tfds_covidct.lung_phantom.geometry import coverage
from tfds_covidct.lung_phantom.tissues import Tissue

MASK_THRESHOLD = 0.35


@dataclasses.dataclass(frozen=True)
class Lesions:
    """Alpha maps (float32 [H, W] in [0, 1]) of the two kinds of lesions, confined to the lungs."""

    ground_glass: np.ndarray
    consolidation: np.ndarray

    def mask(self):
        """Returns uint8 [H, W], 1 where a lesion takes more than a faint share of the pixel."""
        return (np.maximum(self.ground_glass, self.consolidation) > MASK_THRESHOLD).astype(np.uint8)


def scatter_lesions(rng, plane, lung_depth, lung, severity):
    """Places lesions, most of them at the back and near the pleura.

    Their number and their size grow with the severity.

    Args:
        rng: numpy `Generator`.
        plane: the `Plane` to draw on.
        lung_depth: float32 [H, W], depth in mm below the lungs' surface.
        lung: float32 [H, W] in [0, 1], each pixel's share of lung.
        severity: in [0, 1].

    Returns:
        The `Lesions`.
    """
    glass = np.zeros(plane.shape, np.float32)
    solid = np.zeros(plane.shape, np.float32)
    weight = settling(rng, plane, lung_depth)
    cumulative = np.cumsum(weight, dtype=np.float64)
    for _ in range(1 + rng.poisson(1 + 7 * severity)):
        at = np.searchsorted(cumulative, rng.random() * cumulative[-1])
        centre = plane.x.flat[at], plane.y.flat[at]
        alpha = _patch(rng, plane, lung_depth, centre, 7 + 30 * severity * rng.beta(1.6, 1.6))
        glass = np.maximum(glass, alpha * rng.uniform(0.7, 1.0))
        if rng.random() < 0.2 + 0.5 * severity:
            core = _patch(rng, plane, lung_depth, centre, 5 + 14 * severity * rng.random())
            solid = np.maximum(solid, core * alpha)
    return Lesions(glass * lung, solid * lung)


def settling(rng, plane, lung_depth):
    """Returns where lesions settle: in the lungs, weighted to the back and the outer centimetres."""
    posterior = np.exp(np.float32(rng.uniform(0.2, 2.2)) * plane.y / 80)
    peripheral = np.exp(-lung_depth / np.float32(rng.uniform(8, 30)))
    return np.where(lung_depth > 3, posterior * peripheral, 0)


def _patch(rng, plane, lung_depth, centre, radius):
    """Returns alpha of one ragged patch, spread along the pleura if it lies near it."""
    tilt = rng.uniform(-np.pi, np.pi)
    radii = radius * rng.uniform(0.65, 1.35, 2)
    depth = geometry.blob(plane, centre, radii, tilt=tilt)
    ragged = geometry.smooth_noise(rng, plane, max(0.5 * radius, 4)) * 0.35 * radius
    ragged += geometry.smooth_noise(rng, plane, 5) * 2.0
    if rng.random() < 0.3:
        depth = np.minimum(depth * 0.6 + 0.4 * radius, rng.uniform(8, 18) - lung_depth)
    return coverage(depth + ragged, rng.uniform(3, 14))


def draw_lesions(rng, plane, lesions, airways, canvas):
    """Paints lesions over lung tissue; vessels inside them stay visible.

    Args:
        rng: numpy `Generator`.
        plane: the `Plane` to draw on.
        lesions: where they are.
        airways: float32 [H, W] in [0, 1], the share of bronchi, which keep their air in consolidation.
        canvas: the `Canvas` so far.
    """
    density = rng.uniform(-600, -380) + 60 * geometry.smooth_noise(rng, plane, 12)
    if rng.random() < 0.6:
        density += rng.uniform(80, 260) * _septa(rng, plane)
    density += rng.uniform(10, 50) * geometry.smooth_noise(rng, plane, 3)
    canvas.paint_denser(lesions.ground_glass, density, Tissue.GROUND_GLASS)
    solid = rng.uniform(-100, 40) + 30 * geometry.smooth_noise(rng, plane, 6)
    canvas.paint_denser(lesions.consolidation, solid, Tissue.CONSOLIDATION)
    canvas.paint(np.minimum(lesions.consolidation, airways), -900.0, Tissue.AIR)


def _septa(rng, plane):
    """Returns alpha of a net of thickened septa, the pattern called crazy paving."""
    net = np.minimum(*(np.abs(geometry.smooth_noise(rng, plane, s)) for s in (6, 9)))
    return np.clip(1 - net * 5, 0, 1)
