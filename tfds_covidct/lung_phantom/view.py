"""Where the picture looks: crop, zoom and roll, between millimetres and pixels."""

import dataclasses

import numpy as np

from tfds_covidct.lung_phantom import geometry

BACK_EXTRA = 10.0


@dataclasses.dataclass(frozen=True)
class View:
    """A rectangle of pixels laid over a patient.

    centre: (x, y) in mm of the rectangle's middle.
    spacing: mm per pixel.
    rotation: roll of the patient in radians.
    shape: (H, W) in pixels.
    """

    centre: tuple[float, float]
    spacing: float
    rotation: float
    shape: tuple[int, int]

    def plane(self):
        """Returns the `Plane` of the pixels' centres."""
        rows = (np.arange(self.shape[0], dtype=np.float32) - (self.shape[0] - 1) / 2) * self.spacing
        columns = (np.arange(self.shape[1], dtype=np.float32) - (self.shape[1] - 1) / 2) * self.spacing
        cos, sin = np.cos(self.rotation), np.sin(self.rotation)
        x = cos * columns[None] + sin * rows[:, None] + self.centre[0]
        y = cos * rows[:, None] - sin * columns[None] + self.centre[1]
        return geometry.Plane(x.astype(np.float32), y.astype(np.float32), self.spacing)

    def to_pixels(self, points):
        """Converts float [N, 2] of (x, y) in mm to float [N, 2] of (row, column)."""
        dx, dy = points[:, 0] - self.centre[0], points[:, 1] - self.centre[1]
        cos, sin = np.cos(self.rotation), np.sin(self.rotation)
        columns = (cos * dx - sin * dy) / self.spacing + (self.shape[1] - 1) / 2
        rows = (sin * dx + cos * dy) / self.spacing + (self.shape[0] - 1) / 2
        return np.stack([rows, columns], 1)

    def padded(self, margin):
        """Returns this view with `margin` more pixels on every side."""
        return dataclasses.replace(self, shape=(self.shape[0] + 2 * margin, self.shape[1] + 2 * margin))


def draw_view(rng, patient, size):
    """Crops about the body as figures do: some with air around it, some through the chest wall.

    Args:
        rng: numpy `Generator`.
        patient: the `Patient`.
        size: pixels on the longer side.

    Returns:
        A `View`.
    """
    half_width, half_depth = patient.wall
    half_width += np.interp(patient.level, [0.1, 0.4], [26, 0])
    tight = rng.random() < 0.45
    low, high = (0.82, 0.98) if tight else (0.97, 1.10)
    zoom_x, zoom_y = rng.uniform(low, high), 0.91 * rng.uniform(low, high)
    width = 2 * half_width * zoom_x
    height = 2 * (half_depth + BACK_EXTRA) * zoom_y
    spacing = max(width, height) / size
    shape = max(round(height / spacing), size // 3), max(round(width / spacing), size // 3)
    centre = rng.normal(0, 3), BACK_EXTRA + rng.normal(0, 3)
    return View(centre, spacing, patient.rotation, shape)


def warped(rng, plane, amplitude):
    """Returns the plane bent by smooth noise of `amplitude` mm, so that no curve stays ideal."""
    bent = [axis + amplitude * geometry.smooth_noise(rng, plane, 75) for axis in (plane.x, plane.y)]
    return geometry.Plane(*bent, plane.spacing)
