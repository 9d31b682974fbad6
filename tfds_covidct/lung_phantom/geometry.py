"""Soft-edged shapes on a plane measured in millimetres.

A shape is a float32 array of depths: how far, in mm, each pixel lies inside the shape's outline,
negative outside. The union of two shapes is their maximum, the intersection their minimum;
`coverage` turns depths into antialiased alpha.
"""

import dataclasses

import numpy as np
from PIL import Image


@dataclasses.dataclass(frozen=True)
class Plane:
    """Pixel coordinates in the patient's frame.

    x: float32 [H, W], mm, grows towards the patient's left, which is the right of the image.
    y: float32 [H, W], mm, grows towards the back, which is the bottom of the image.
    spacing: mm from one pixel to the next.
    """

    x: np.ndarray
    y: np.ndarray
    spacing: float

    # How many mm the thinnest lines are spread over.
    thinnest = 1.2

    @property
    def shape(self):
        return self.x.shape

    def noise(self, rng, scale):
        """Returns float32 [H, W], see `smooth_noise`."""
        height, width = self.shape
        step = max(scale / self.spacing, 1.0)
        coarse = rng.standard_normal((int(height / step) + 4, int(width / step) + 4), dtype=np.float32)
        box = (1.5, 1.5, 1.5 + width / step, 1.5 + height / step)
        fine = np.asarray(Image.fromarray(coarse).resize((width, height), Image.BICUBIC, box=box))
        return fine * np.float32(1.35)


def blob(plane, centre, radii, *, power=2.0, tilt=0.0):
    """Returns the depth of a tilted superellipse, exact along its axes.

    Args:
        plane: the `Plane` to draw on.
        centre: (x, y) in mm; in a `Space` each may be a float array [D, 1, 1].
        radii: half-axes (along x, along y) in mm before tilting; likewise.
        power: 2 is an ellipse, more is boxier.
        tilt: radians, turns +x towards +y.

    Returns:
        float32 [H, W] of depths in mm.
    """
    dx, dy = plane.x - np.float32(centre[0]), plane.y - np.float32(centre[1])
    cos, sin = np.float32(np.cos(tilt)), np.float32(np.sin(tilt))
    u = np.abs(cos * dx + sin * dy) / np.float32(radii[0])
    v = np.abs(cos * dy - sin * dx) / np.float32(radii[1])
    if power == 2.0:
        rho = np.sqrt(u * u + v * v)
    else:
        rho = (u**power + v**power) ** np.float32(1 / power)
    distance = np.sqrt(dx * dx + dy * dy)
    return np.where(rho > 1e-3, distance * (1 / np.maximum(rho, 1e-3) - 1), np.float32(np.minimum(*radii)))


def capsule(plane, start, end, radius):
    """Returns the depth, float32 [H, W] in mm, of the segment `start` to `end`, `radius` mm thick."""
    along = np.subtract(end, start, dtype=np.float32)
    dx, dy = plane.x - np.float32(start[0]), plane.y - np.float32(start[1])
    t = np.clip((dx * along[0] + dy * along[1]) / max(float(along @ along), 1e-6), 0, 1)
    dx, dy = dx - t * along[0], dy - t * along[1]
    return np.float32(radius) - np.sqrt(dx * dx + dy * dy)


def smooth_union(first, second, blend):
    """Returns the union of two depths whose meeting corner is rounded over `blend` mm."""
    overlap = np.maximum(np.float32(blend) - np.abs(first - second), 0)
    return np.maximum(first, second) + overlap * overlap / np.float32(4 * blend)


def smooth_intersection(first, second, blend):
    """Returns the intersection of two depths whose corners are rounded over `blend` mm."""
    return -smooth_union(-first, -second, blend)


def coverage(depth, softness):
    """Returns each pixel's share, in [0, 1], inside a shape whose edge is `softness` mm wide."""
    return np.clip(depth / np.float32(softness) + np.float32(0.5), 0, 1)


def smooth_noise(rng, plane, scale):
    """Returns float32 noise on a `Plane` or `Space`, about zero mean and unit variance.

    It varies over `scale` mm.
    """
    return plane.noise(rng, scale)
