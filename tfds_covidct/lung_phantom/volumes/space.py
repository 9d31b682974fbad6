"""Voxels measured in millimetres, and soft-edged shapes in three dimensions.

Shapes are depths as in `geometry`, whose functions work here too: a `Space` is a stack of planes.
"""

import dataclasses

import numpy as np

from tfds_covidct.lung_phantom import geometry


@dataclasses.dataclass(frozen=True)
class Space:
    """Voxel coordinates in the patient's frame.

    x: float32 [D, H, W], mm, grows towards the patient's left, which is the right of a slice.
    y: float32 [D, H, W], mm, grows towards the back, which is the bottom of a slice.
    z: float32 [D, 1, 1], mm, grows towards the feet; 0 is the lungs' apex.
    spacing: mm from one voxel of a slice to the next.
    thickness: mm from one slice to the next.
    centre: (x, y) in mm of the slices' middle.
    rotation: roll of the patient in radians.
    """

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    spacing: float
    thickness: float
    centre: tuple[float, float]
    rotation: float

    @property
    def shape(self):
        return self.x.shape

    @property
    def thinnest(self):
        """How many mm the thinnest lines are spread over."""
        return max(1.2, self.spacing)

    def noise(self, rng, scale):
        """Returns float32 [D, H, W], see `geometry.smooth_noise`."""
        steps = [max(scale / spacing, 1.0) for spacing in (self.thickness, self.spacing, self.spacing)]
        lengths = [length / step for length, step in zip(self.shape, steps)]
        coarse = rng.standard_normal([int(length) + 4 for length in lengths], dtype=np.float32)
        for axis, length in enumerate(lengths):
            coarse = _stretch(coarse, axis, length, self.shape[axis])
        return coarse * np.float32(1.57)

    def to_voxels(self, points):
        """Converts float [N, 3] of (x, y, z) in mm to float [N, 3] of (slice, row, column)."""
        dx, dy = points[:, 0] - self.centre[0], points[:, 1] - self.centre[1]
        cos, sin = np.cos(self.rotation), np.sin(self.rotation)
        columns = (cos * dx - sin * dy) / self.spacing + (self.shape[2] - 1) / 2
        rows = (sin * dx + cos * dy) / self.spacing + (self.shape[1] - 1) / 2
        return np.stack([(points[:, 2] - self.z[0, 0, 0]) / self.thickness, rows, columns], 1)


def _stretch(coarse, axis, length, size):
    """Interpolates the middle `length` of an axis of `coarse` to `size` values, bicubically.

    Without a matrix product, whose last bits would depend on the number of threads.
    """
    position = 1 + (np.arange(size) + 0.5) * length / size
    low = position.astype(int)
    t = (position - low).astype(np.float32)
    near, far = ((1.5 * d - 2.5) * d * d + 1 for d in (t, 1 - t))
    before, after = (((2.5 - 0.5 * d) * d - 4) * d + 2 for d in (1 + t, 2 - t))
    along = [-1 if i == axis else 1 for i in range(3)]
    taps = zip(range(-1, 3), (before, near, far, after))
    return sum(np.take(coarse, low + tap, axis) * weight.reshape(along) for tap, weight in taps)


def make_space(shape, spacing, thickness, top, centre, rotation):
    """Returns the `Space` of [D, H, W] voxels whose first slice lies at z = `top` mm."""
    depth, height, width = shape
    rows = (np.arange(height, dtype=np.float32) - (height - 1) / 2) * spacing
    columns = (np.arange(width, dtype=np.float32) - (width - 1) / 2) * spacing
    cos, sin = np.cos(rotation), np.sin(rotation)
    x = cos * columns[None] + sin * rows[:, None] + centre[0]
    y = cos * rows[:, None] - sin * columns[None] + centre[1]
    stacked = (np.broadcast_to(axis.astype(np.float32), shape) for axis in (x, y))
    z = (top + thickness * np.arange(depth)).astype(np.float32)[:, None, None]
    return Space(*stacked, z, spacing, thickness, centre, rotation)


def warped(rng, space, amplitude):
    """Returns the space bent sideways by smooth noise of `amplitude` mm."""
    x, y = (axis + amplitude * geometry.smooth_noise(rng, space, 75) for axis in (space.x, space.y))
    return dataclasses.replace(space, x=x, y=y)


def ball(space, centre, radii, *, tilt=0.0, lean=0.0):
    """Returns the depth of a tilted ellipsoid, exact along its axes.

    Args:
        space: the `Space` to draw in.
        centre: (x, y, z) in mm.
        radii: half-axes in mm before tilting.
        tilt: radians, turns +x towards +y.
        lean: radians, turns +x towards +z before the tilt.

    Returns:
        float32 [D, H, W] of depths in mm.
    """
    dx, dy, dz = (axis - np.float32(c) for axis, c in zip((space.x, space.y, space.z), centre))
    cos, sin = np.float32(np.cos(tilt)), np.float32(np.sin(tilt))
    u, v = cos * dx + sin * dy, cos * dy - sin * dx
    cos, sin = np.float32(np.cos(lean)), np.float32(np.sin(lean))
    u, w = cos * u + sin * dz, cos * dz - sin * u
    distance2 = u * u + v * v + w * w
    a, b, c = (np.float32(1 / radius**2) for radius in radii)
    rho = np.sqrt(a * u * u + b * v * v + c * w * w)
    outside = np.sqrt(distance2) * (1 / np.maximum(rho, 1e-3) - 1)
    return np.where(rho > 1e-3, outside, np.float32(min(radii)))


def tube(space, points, radii):
    """Returns the depth of a round tube through `points`.

    Args:
        space: the `Space` to draw in.
        points: [N, 3], (x, y, z) in mm; N at least 2.
        radii: [N] in mm, or one number.

    Returns:
        float32 [D, H, W] of depths in mm.
    """
    points = np.asarray(points, np.float32)
    radii = np.broadcast_to(np.asarray(radii, np.float32), len(points))
    pieces = zip(points[:-1], points[1:], radii[:-1], radii[1:])
    return np.maximum.reduce([_piece(space, *piece) for piece in pieces])


def _piece(space, start, end, first, last):
    """Returns the depth of a segment whose radius goes from `first` to `last` mm."""
    along = end - start
    dx, dy, dz = space.x - start[0], space.y - start[1], space.z - start[2]
    t = (dx * along[0] + dy * along[1] + dz * along[2]) / np.maximum(along @ along, np.float32(1e-6))
    t = np.clip(t, 0, 1)
    dx, dy, dz = dx - t * along[0], dy - t * along[1], dz - t * along[2]
    return first + t * (last - first) - np.sqrt(dx * dx + dy * dy + dz * dz)


def smooth_path(points, steps=4):
    """Returns `points` [N, 3] with `steps` points for each piece of the Catmull-Rom curve through them."""
    points = np.asarray(points, float)
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.arange(steps)[:, None] / steps
    curves = []
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:]):
        bend = 2 * before - 5 * start + 4 * end - after
        turn = 3 * (start - end) + after - before
        curves.append(start + 0.5 * t * (end - before + t * (bend + t * turn)))
    return np.concatenate([*curves, points[-1:]])
