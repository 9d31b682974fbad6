"""Bones: ribs, spine, sternum and shoulder blades, each a marrow core in a cortical shell."""

import numpy as np

from tfds_covidct.lung_phantom import geometry
from tfds_covidct.lung_phantom.geometry import (
    blob,
    capsule,
    coverage,
    smooth_union,
)
from tfds_covidct.lung_phantom.tissues import Tissue


def draw_skeleton(rng, plane, patient, chest, canvas):
    """Paints all bones that the slice meets."""
    cortical, marrow = rng.uniform(550, 950), rng.uniform(180, 320)
    parts = [_ribs(rng, plane, chest), _vertebra(rng, plane, patient)]
    parts += _front_and_shoulders(rng, plane, patient)
    bones = np.minimum(np.maximum.reduce(parts), chest.body - 4)
    grain = geometry.smooth_noise(rng, plane, 3)
    canvas.paint(coverage(bones, plane.spacing), cortical + 60 * grain, Tissue.CORTICAL_BONE)
    canvas.paint(coverage(bones - 2.0, plane.spacing * 1.5), marrow + 50 * grain, Tissue.MARROW)
    canal = blob(plane, (0, patient.spine + 39), (10, 8.5))
    canvas.paint(coverage(canal, plane.spacing), 30.0, Tissue.FLUID)


def _ribs(rng, plane, chest):
    """Returns the rib cuts: a slice meets each sloping rib as an arc in the rib cage's wall."""
    outside = -chest.cavity
    wall = (outside > -2) & (outside < 16)
    x, y, outside = plane.x[wall], plane.y[wall], outside[wall]
    from_back, arc = np.arctan2(np.abs(x), y), np.hypot(x, y)
    ribs = np.full(len(x), -99, np.float32)
    for side in (-1, 1):
        start, gap = rng.uniform(0.35, 0.6), rng.uniform(0.44, 0.56)
        for angle in np.arange(start, 2.75, gap) + rng.normal(0, 0.04):
            along = (from_back - np.float32(angle)) * arc
            across = outside - 6.5 - np.float32(rng.uniform(-0.10, 0.14)) * along
            beyond = np.maximum(np.abs(along) - np.float32(rng.uniform(7, 24)), 0)
            rib = np.float32(rng.uniform(2.7, 4.2)) - np.hypot(beyond, across)
            ribs = np.maximum(ribs, np.where(x * side > 0, rib, -99))
    depth = np.full(plane.shape, -99, np.float32)
    depth[wall] = ribs
    return depth


def _vertebra(rng, plane, patient):
    """Returns vertebral body, arch and processes; the canal is left to the caller."""
    front = patient.spine + 2
    width = rng.uniform(15.5, 19)
    bone = blob(plane, (0, front + 14.5), (width, 14.5), power=2.4)
    arch = blob(plane, (0, front + 37), (15, 13.5))
    bone = smooth_union(bone, arch, 6)
    tip = rng.uniform(30, 36)
    for side in (-1, 1):
        ends = (side * 12, front + 36), (side * tip, front + rng.uniform(41, 47))
        bone = smooth_union(bone, capsule(plane, *ends, rng.uniform(3.5, 5.0)), 6)
    ends = (0, front + 46), (rng.normal(0, 1), front + rng.uniform(54, 70))
    spinous = capsule(plane, *ends, rng.uniform(2.8, 3.8))
    return smooth_union(bone, spinous, 6)


def _shoulder_blade(rng, plane, patient, side):
    """Returns a blade bent over the ribs, thicker at its outer border, and in upper slices its spine."""
    half_width, half_depth = patient.cavity
    inner = side * rng.uniform(0.55, 0.72) * half_width, half_depth + rng.uniform(4, 11)
    outer = side * (half_width + rng.uniform(17, 24)), rng.uniform(0.25, 0.5) * half_depth
    middle = 0.5 * (inner[0] + outer[0]) + side * 6, 0.5 * (inner[1] + outer[1]) + rng.uniform(3, 7)
    border = capsule(plane, middle, outer, rng.uniform(2.4, 4.2))
    blade = smooth_union(capsule(plane, inner, middle, 2.2), border, 5)
    if patient.level < 0.32:
        tip = middle[0] + side * rng.uniform(14, 26), middle[1] + rng.uniform(6, 16)
        blade = smooth_union(blade, capsule(plane, middle, tip, 2.8), 5)
    return blade


def _front_and_shoulders(rng, plane, patient):
    """Returns the sternum and, in upper slices, the shoulder blades and collar bones."""
    half_depth = patient.cavity[1]
    wide = np.interp(patient.level, [0.1, 0.3, 0.9], [22, 14, 11])
    sternum = blob(plane, (patient.shift * 0.3, -half_depth - 9), (wide, 5.5), power=2.6)
    bones = [sternum] if patient.level < 0.9 else []
    if patient.level < 0.52:
        for side in (-1, 1):
            bones.append(_shoulder_blade(rng, plane, patient, side))
    if patient.level < 0.2:
        for side in (-1, 1):
            ends = (side * 26, -half_depth - 8), (side * 70, -half_depth - rng.uniform(2, 12))
            bones.append(capsule(plane, *ends, 6))
    return bones
