"""What parts the lungs: heart, great vessels, hila, airways and, from below, the diaphragm."""

import dataclasses

import numpy as np

from tfds_covidct.lung_phantom import hounsfield
from tfds_covidct.lung_phantom.geometry import (
    blob,
    capsule,
    coverage,
    smooth_noise,
    smooth_union,
)
from tfds_covidct.lung_phantom.tissues import Tissue

# Half width (mm) of the tissue between the lungs. Rows: slice levels; columns: from the front of the
# rib cage (-1) to its back (+1).
_STRIP_LEVELS = (0.1, 0.35, 0.5, 0.75, 1.0)
_STRIP_POSITIONS = (-1.05, -0.75, -0.35, 0.0, 0.4, 0.8)
_STRIP_WIDTHS = (
    (20, 24, 27, 27, 20, 20),
    (7, 12, 26, 29, 18, 19),
    (4, 6, 24, 28, 21, 20),
    (6, 14, 22, 24, 20, 19),
    (14, 24, 26, 23, 18, 19),
)
STANDARD_HALF_WIDTH = 126.0


@dataclasses.dataclass(frozen=True)
class Mediastinum:
    """Depths in mm (float32 [H, W], positive inside) of the organs that the slice meets.

    outline: everything that is not lung inside the rib cage.
    heart: a list with the heart, empty above it.
    vessels: aorta, superior vena cava, pulmonary trunk, branches of the arch.
    domes: of the diaphragm, liver on the right.
    """

    outline: np.ndarray
    heart: list[np.ndarray]
    vessels: list[np.ndarray]
    domes: list[np.ndarray]


def shape_mediastinum(rng, plane, patient):
    """Lays out the `Mediastinum` of a patient."""
    heart, vessels = _heart(plane, patient), _great_vessels(plane, patient)
    domes = _domes(plane, patient)
    outline = _strip(rng, plane, patient)
    bed = blob(plane, (0, patient.spine + 30), (27, 31), power=2.4)
    outline = smooth_union(outline, bed, 10)
    for part in (*heart, *vessels, *_hila(rng, plane, patient), *domes):
        outline = smooth_union(outline, part + 2, 9)
    return Mediastinum(outline, heart, vessels, domes)


def _strip(rng, plane, patient):
    """Returns the tissue that joins sternum and spine."""
    half_width, half_depth = patient.cavity
    scale = half_width / STANDARD_HALF_WIDTH * rng.uniform(0.8, 1.15)
    strip = scale * strip_half_width(patient.level, plane.y / half_depth)
    return strip.astype(np.float32) - np.abs(plane.x - np.float32(patient.shift))


def strip_half_width(level, position):
    """Returns how wide the tissue between the lungs is to each side, in mm, in a standard patient.

    Args:
        level: height of the slice, 0 at the lung apex and 1 at the lung base.
        position: float array, from -1 at the front of the rib cage to 1 at its back.

    Returns:
        float64 array of the shape of `position`.
    """
    widths = [np.interp(level, _STRIP_LEVELS, column) for column in zip(*_STRIP_WIDTHS)]
    return np.interp(position, _STRIP_POSITIONS, widths)


def _heart(plane, patient):
    level_size = np.interp(patient.level, [0.44, 0.56, 0.72, 0.92, 1.0], [0, 0.74, 1.0, 0.92, 0.6])
    size = level_size * patient.heart
    if size < 0.3:
        return []
    half_width, half_depth = patient.cavity
    centre = patient.shift + 0.17 * half_width, -0.25 * half_depth
    radii = 0.43 * half_width * size, 0.50 * half_depth * size
    left = blob(plane, centre, radii, power=2.2, tilt=0.45)
    right_centre = centre[0] - 0.24 * half_width, centre[1] + 2
    right = blob(plane, right_centre, (0.62 * radii[0], 0.85 * radii[1]))
    return [smooth_union(left, right, 20)]


def _great_vessels(plane, patient):
    """Returns the vessels in the order: descending aorta or arch first, then those in front."""
    level, x = patient.level, patient.shift
    unit, front = patient.cavity[0] / STANDARD_HALF_WIDTH, -0.34 * patient.cavity[1]

    def disc(dx, y, across, deep):
        return blob(plane, (dx * unit + x, y), (across * unit, deep * unit))

    if level < 0.24:
        branches = ((-17, 7), (-4, 6), (14, 6), (23, 5))
        return [disc(dx, front + 12, radius, 1.1 * radius) for dx, radius in branches]
    if level < 0.34:
        ends = (-6 * unit + x, front), (23 * unit + x, patient.spine - 4)
        return [capsule(plane, *ends, 12.5 * unit), disc(-23, front + 4, 9, 10)]
    aorta = [disc(20, patient.spine + 2, 12, 12)]
    if level > 0.62:
        return aorta
    ascending_and_cava = [disc(-8, front, 15.5, 16.5), disc(-29, front + 12, 9, 10)]
    if level < 0.38:
        return aorta + ascending_and_cava
    ends = (18 * unit + x, front - 2), (30 * unit + x, front + 26)
    return aorta + ascending_and_cava + [capsule(plane, *ends, 12.5 * unit)]


def _hila(rng, plane, patient):
    """Returns lobulated knots where the vessel trees enter the lungs, around mid level."""
    knot = np.interp(patient.level, [0.33, 0.45, 0.6, 0.72], [0, 1, 1, 0])
    if knot < 0.2:
        return []
    half_width, half_depth = patient.cavity
    knots = []
    for side in (-1, 1, -1, 1, -1, 1):
        x = side * half_width * rng.uniform(0.22, 0.31) + patient.shift
        y = half_depth * rng.uniform(-0.12, 0.22)
        knots.append(blob(plane, (x, y), knot * rng.uniform(5, 10, 2), tilt=rng.uniform(-1, 1)))
    return knots


def _domes(plane, patient):
    half_width, half_depth = patient.cavity
    domes = []
    for side, onset, share in ((-1, 0.78, 0.44), (1, 0.88, 0.36)):
        rise = np.clip((patient.level - onset) / 0.22, 0, 1) ** 0.6
        if rise > 0.15:
            centre = side * 0.47 * half_width, -0.12 * half_depth
            domes.append(blob(plane, centre, (share * half_width * rise, 0.7 * half_depth * rise)))
    return domes


def draw_organs(rng, plane, mediastinum, canvas):
    """Paints heart, vessels and liver; some have contrast medium."""
    edge = 1.2 * plane.spacing
    contrast = rng.uniform(90, 300) if rng.random() < 0.3 else 0.0
    for heart in mediastinum.heart:
        canvas.paint(coverage(heart + 3, edge), hounsfield.FAT + 15, Tissue.FAT)
        canvas.paint(coverage(heart, 3.0), hounsfield.BLOOD + 10, Tissue.MUSCLE)
        chambers = np.clip(0.5 + smooth_noise(rng, plane, 40), 0, 1)
        canvas.paint(coverage(heart - 8, 4.0) * chambers, hounsfield.BLOOD + contrast, Tissue.BLOOD)
    for vessel in mediastinum.vessels:
        blood = hounsfield.BLOOD + contrast * rng.uniform(0.7, 1.1)
        canvas.paint(coverage(vessel, edge), blood, Tissue.BLOOD)
    for dome in mediastinum.domes:
        canvas.paint(coverage(dome, 4.0), hounsfield.LIVER + 0.3 * contrast, Tissue.LIVER)


def draw_airways(rng, plane, patient, canvas):
    """Paints trachea or main bronchi, and now and then air in the oesophagus."""
    edge = 1.2 * plane.spacing
    for tube in _airways(rng, plane, patient):
        canvas.paint(coverage(tube + 1.8, edge), hounsfield.SKIN, Tissue.MUSCLE)
        canvas.paint(coverage(tube, edge), hounsfield.AIR + 15, Tissue.AIR)
    if rng.random() < 0.25:
        centre = patient.shift + 5, patient.spine - 9
        oesophagus = blob(plane, centre, rng.uniform(1.5, 3.5, 2))
        canvas.paint(coverage(oesophagus, edge), hounsfield.AIR + 200, Tissue.AIR)


def _airways(rng, plane, patient):
    if patient.level < 0.36:
        centre = patient.shift - 2, 0.05 * patient.cavity[1] - 2
        return [blob(plane, centre, rng.uniform(7.5, 10.5, 2))]
    if patient.level > 0.56:
        return []
    unit = patient.cavity[0] / STANDARD_HALF_WIDTH
    spread = np.interp(patient.level, [0.36, 0.56], [8, 32]) * unit
    return [_main_bronchus(rng, plane, patient.shift, side, spread) for side in (-1, 1)]


def _main_bronchus(rng, plane, x, side, spread):
    """Returns the depth of one main bronchus, cut `spread` mm beside the midline at `x`."""
    length, slope = rng.uniform(2, 16), rng.uniform(-0.2, 0.7)
    start = x + side * (spread - length / 2), 7 + rng.normal(0, 2)
    end = x + side * (spread + length / 2), start[1] + slope * length
    return capsule(plane, start, end, rng.uniform(4.2, 6.8))
