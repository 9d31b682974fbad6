"""The trunk of a patient: body, rib cage, diaphragm and lungs from above the apices to the liver."""

import dataclasses

import numpy as np

from tfds_covidct.lung_phantom.chest import Chest
from tfds_covidct.lung_phantom.geometry import blob, smooth_intersection, smooth_union
from tfds_covidct.lung_phantom.patient import Patient
from tfds_covidct.lung_phantom.volumes.space import ball, make_space

APEX_CURVATURE = 26.0  # mm, radius of the lungs' tops
# Half width and half depth of the rib cage and of the body around it, as shares of their largest.
_LEVELS = (-0.15, -0.05, 0.05, 0.15, 0.3, 0.5, 0.75, 1.0, 1.3)
_CAVITY_WIDTH = (0.40, 0.50, 0.62, 0.74, 0.88, 0.97, 1.0, 0.99, 0.93)
_CAVITY_DEPTH = (0.48, 0.54, 0.62, 0.72, 0.85, 0.96, 1.0, 1.0, 0.95)
_BODY_WIDTH = (0.80, 0.96, 1.04, 1.04, 1.0, 0.99, 1.0, 0.99, 0.95)
_BODY_DEPTH = (0.66, 0.72, 0.78, 0.84, 0.92, 0.98, 1.0, 1.0, 0.98)


@dataclasses.dataclass(frozen=True)
class Trunk:
    """A patient with all heights at once.

    patient: the `Patient`, whose level, cavity, muscle and spine are float arrays [D, 1, 1].
    height: of the lungs from apex to base, in mm.
    width, depth: half width and half depth of the rib cage where it is largest, in mm.
    tops: z of the right and the left dome of the diaphragm, in mm.
    """

    patient: Patient
    height: float
    width: float
    depth: float
    tops: tuple[float, float]

    def at(self, level):
        """Returns half width, half depth and the spine's front (y), in mm, at a height."""
        levels = self.patient.level.ravel()
        columns = (*self.patient.cavity, self.patient.spine)
        return tuple(float(np.interp(level, levels, column.ravel())) for column in columns)


def draw_trunk(rng, shape):
    """Draws who is scanned and where the scan lies.

    Args:
        rng: numpy `Generator`.
        shape: [D, H, W] in voxels.

    Returns:
        A pair of `Trunk` and `Space`; the slices reach from above the lungs to below the diaphragm.
    """
    scale = float(np.clip(rng.normal(1.0, 0.07), 0.82, 1.2))
    width, depth = 134 * scale * rng.normal(1.0, 0.04), 92 * scale * rng.normal(1.0, 0.06)
    height = 250 * scale * rng.normal(1.0, 0.07)
    start, end = -rng.uniform(0.07, 0.14), rng.uniform(1.14, 1.24)
    thickness = (end - start) * height / shape[0]
    level = start + (np.arange(shape[0]) + 0.5) * (end - start) / shape[0]
    patient = _draw_patient(rng, level[:, None, None], width, depth)
    right = rng.uniform(0.76, 0.84)
    tops = right * height, (right + rng.uniform(0.03, 0.08)) * height
    trunk = Trunk(patient, float(height), float(width), float(depth), tops)
    field = 2 * rng.uniform(1.03, 1.12) * 1.04 * (width + 12 + patient.fat + float(patient.muscle.min()))
    centre = rng.normal(0, 4), 10 + rng.normal(0, 4)
    space = make_space(shape, field / max(shape[1:]), thickness, level[0] * height, centre, patient.rotation)
    return trunk, space


def _draw_patient(rng, level, width, depth):
    half_depth = depth * np.interp(level, _LEVELS, _CAVITY_DEPTH)
    into_chest = rng.uniform(34, 44) * depth / 92
    kyphosis = rng.uniform(2, 9) * np.cos(2 * np.pi * np.clip(level - 0.45, -0.5, 0.6))
    muscle = rng.uniform(3, 8) + np.interp(level, [0.1, 0.4], [14, 0])
    return Patient(
        level=level,
        cavity=(width * np.interp(level, _LEVELS, _CAVITY_WIDTH), half_depth),
        fat=float(np.clip(rng.lognormal(np.log(9), 0.5), 4, 28)),
        muscle=muscle,
        heart=float(np.clip(rng.normal(1.0, 0.08), 0.8, 1.25)),
        rotation=float(np.clip(rng.normal(0, np.radians(2.5)), -0.12, 0.12)),
        shift=float(rng.normal(0, 3)),
        girdle=np.interp(level, [0.2, 0.42], [0, 60]),
        spine=half_depth - into_chest * np.interp(level, [0, 0.4], [0.85, 1]) + kyphosis,
        breasts=float(rng.uniform(14, 36)) if rng.random() < 0.35 else 0.0,
    )


def shape_body(rng, space, trunk):
    """Returns the depth below the skin."""
    patient = trunk.patient
    extra = 11 + float(patient.muscle.min()) + patient.fat
    width = (trunk.width + 1.1 * extra) * np.interp(patient.level, _LEVELS, _BODY_WIDTH)
    depth = (trunk.depth + extra) * np.interp(patient.level, _LEVELS, _BODY_DEPTH)
    back = patient.cavity[1] + 26 + 1.2 * float(patient.muscle.min()) + patient.fat
    middle, half = 0.5 * (back - depth), 0.5 * (back + depth)
    body = blob(space, (0, middle), (width, half), power=rng.uniform(2.3, 2.7))
    for side in (-1, 1):
        if patient.breasts:
            centre = side * 0.48 * trunk.width, 14 - trunk.depth - extra, 0.58 * trunk.height
            breast = ball(space, centre, (52, 10 + patient.breasts, 62))
            body = smooth_union(body, breast, 25)
    furrow = blob(space, (0, back + 5), (15, 9))
    return smooth_intersection(body, -furrow, 12)


def shape_cavity(space, trunk):
    """Returns the depth of the inside of the rib cage, narrower in front."""
    half_width, half_depth = trunk.patient.cavity
    narrowing = 1 + np.float32(0.10) * np.clip(-space.y / np.float32(trunk.depth), -0.3, 1)
    egg = dataclasses.replace(space, x=space.x * narrowing)
    return blob(egg, (0, 0), (half_width, half_depth), power=2.25)


def shape_diaphragm(space, trunk):
    """Returns the depth below the diaphragm's two domes, which fall off to the wall and the back."""
    sides = []
    for side, top in zip((-1, 1), trunk.tops):
        across, deep = np.float32(0.55 * trunk.width), np.float32(0.95 * trunk.depth)
        u = (space.x - np.float32(side * 0.46 * trunk.width)) / across
        v = (space.y + np.float32(0.12 * trunk.depth)) / deep
        fall = np.float32(0.23 * trunk.height)
        slope = 4 * fall * fall * ((u / across) ** 2 + (v / deep) ** 2)
        sides.append((space.z - np.float32(top) - fall * (u * u + v * v)) / np.sqrt(1 + slope))
    return smooth_union(*sides, 30)


def shape_lungs(space, trunk, cavity, outline):
    """Returns the depth of both lungs: rounded tops, and sharp angles above the diaphragm."""
    tops = []
    for side in (-1, 1):
        dx = space.x - np.float32(side * 0.36 * trunk.width)
        dy = space.y - np.float32(0.10 * trunk.depth)
        radius2 = (dx * dx + dy * dy) / np.float32(APEX_CURVATURE**2)
        tops.append((space.z - 0.5 * np.float32(APEX_CURVATURE) * radius2) / np.sqrt(1 + radius2))
    chest = smooth_intersection(cavity - 2, np.maximum(*tops), 6)
    return smooth_intersection(chest, -outline, 7)


def shape_chest(rng, space, trunk, mediastinum, cavity):
    """Returns the `Chest` around a `Mediastinum`."""
    body = shape_body(rng, space, trunk)
    return Chest(body, cavity, mediastinum, shape_lungs(space, trunk, cavity, mediastinum.outline))
