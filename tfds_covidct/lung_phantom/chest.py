"""The chest as a whole: body outline, rib cage, lungs, and the fat and muscles of the wall."""

import dataclasses

import numpy as np

from tfds_covidct.lung_phantom import hounsfield
from tfds_covidct.lung_phantom.geometry import (
    blob,
    coverage,
    smooth_intersection,
    smooth_noise,
    smooth_union,
)
from tfds_covidct.lung_phantom.mediastinum import Mediastinum, shape_mediastinum
from tfds_covidct.lung_phantom.tissues import Tissue


@dataclasses.dataclass(frozen=True)
class Chest:
    """Depths in mm (float32 [H, W], positive inside) of a chest's parts.

    body: everything under the skin.
    cavity: the inside of the rib cage.
    mediastinum: the organs between the lungs.
    lungs: both lungs.
    """

    body: np.ndarray
    cavity: np.ndarray
    mediastinum: Mediastinum
    lungs: np.ndarray


def shape_chest(rng, plane, patient):
    """Lays out a patient's `Chest` on a plane that is already warped to be organic."""
    cavity = _cavity(plane, patient)
    mediastinum = shape_mediastinum(rng, plane, patient)
    lungs = smooth_intersection(cavity - 2, -mediastinum.outline, 7)
    return Chest(_body(rng, plane, patient), cavity, mediastinum, lungs)


def _cavity(plane, patient):
    """Returns an egg-shaped rib cage, narrower in front."""
    half_width, half_depth = patient.cavity
    narrowing = 1 + np.float32(0.10) * np.clip(-plane.y / half_depth, -0.3, 1)
    egg = dataclasses.replace(plane, x=plane.x * narrowing)
    return blob(egg, (0, 0), (half_width, half_depth), power=2.25)


def _body(rng, plane, patient):
    width, depth = patient.wall
    back = 14 + 0.3 * patient.muscle
    power = rng.uniform(2.3, 2.8)
    body = blob(plane, (0, back / 2), (width, depth + back / 2), power=power)
    shoulders = np.interp(patient.level, [0.1, 0.45], [38, 0])
    for side in (-1, 1):
        if shoulders > 2:
            centre = side * (width - 5), 12
            body = smooth_union(body, blob(plane, centre, (26 + shoulders, 50), tilt=side * 0.3), 45)
        if patient.breasts:
            centre = side * 0.48 * width, 12 - depth
            radii = 0.36 * width, 10 + patient.breasts
            body = smooth_union(body, blob(plane, centre, radii, tilt=side * 0.25), 25)
    furrow = blob(plane, (0, depth + back + 6), (16, 10))
    return smooth_intersection(body, -furrow, 12)


def draw_soft_tissue(rng, plane, patient, chest, canvas):
    """Paints skin, fat and the muscles of the wall."""
    edge = 1.2 * plane.spacing
    canvas.paint(coverage(chest.body, edge), hounsfield.SKIN, Tissue.MUSCLE)
    fat = hounsfield.FAT + 8 * smooth_noise(rng, plane, 9)
    canvas.paint(coverage(chest.body - 2, edge), fat, Tissue.FAT)
    muscles = np.minimum(_muscles(rng, plane, patient, chest), chest.body - 3.5)
    grain = 7 * smooth_noise(rng, plane, 8)
    canvas.paint(coverage(muscles, 2.5), hounsfield.MUSCLE + grain, Tissue.MUSCLE)
    in_front_of_spine = coverage(chest.cavity, edge) * coverage(patient.spine - plane.y, 12.0)
    fatty = np.clip(0.5 + 0.5 * smooth_noise(rng, plane, 18), 0, 1)
    canvas.paint(in_front_of_spine * fatty, hounsfield.FAT + 20, Tissue.FAT)


def _muscles(rng, plane, patient, chest):
    """Returns the union of the wall's muscles: between and outside the ribs, back, breast, arms."""
    half_width, half_depth = patient.cavity
    outside = -chest.cavity
    uneven = 2.5 * smooth_noise(rng, plane, 40)
    sheet = patient.muscle / 2 - np.abs(outside - 13 - patient.muscle / 2 + uneven)
    muscles = np.maximum(6.5 - outside, sheet * np.clip(np.abs(plane.x) / 30, 0.2, 1))
    upper = np.interp(patient.level, [0.1, 0.45, 0.7], [1, 0.75, 0.35])
    for side in (-1, 1):
        parts = (
            ((24, patient.spine + 54), (21, 14 + 0.3 * patient.muscle), 0.2),
            ((0.5 * half_width, -half_depth - 9), (48 * upper, 4 + 9 * upper), 0.35),
            ((half_width + 13, 0.45 * half_depth), (8 + 12 * upper, 38), 0.3),
        )
        for (x, y), radii, tilt in parts:
            part = blob(plane, (side * x, y), radii, tilt=side * tilt)
            muscles = np.maximum(muscles, part + uneven)
    deep = chest.body - patient.fat - uneven
    girdle = np.abs(plane.x) - 0.8 * half_width - patient.girdle
    return np.maximum(muscles, np.minimum(deep, girdle))


def draw_lungs(rng, plane, patient, chest, canvas):
    """Fills the lungs with aerated tissue, denser towards the back, and with fissures.

    Returns:
        float32 [H, W], each pixel's share of lung in [0, 1].
    """
    blurred_by_breathing = bool(chest.mediastinum.domes) and rng.random() < 0.5
    edge = rng.uniform(1.5, 3.5) if blurred_by_breathing else 1.2 * plane.spacing
    lung = coverage(chest.lungs, edge)
    density = np.clip(rng.normal(hounsfield.LUNG, 36), -925, -790)
    backwards = np.clip(plane.y / patient.cavity[1], -1, 1)
    tissue = density + rng.uniform(15, 55) * backwards + 14 * smooth_noise(rng, plane, 25)
    tissue += rng.uniform(4, 22) * smooth_noise(rng, plane, 4)
    tissue += rng.uniform(0, 90) * _fissures(rng, plane, patient)
    canvas.paint(lung, tissue, Tissue.LUNG)
    return lung


def _fissures(rng, plane, patient):
    """Returns alpha in [0, 1] of one curved line across each lung."""
    half_width, half_depth = patient.cavity
    outward = np.abs(plane.x) / half_width
    front = np.interp(patient.level, [0.15, 0.95], [0.7, -0.6]) * half_depth + rng.normal(0, 6)
    bow = rng.uniform(-1.0, 0.6) * half_depth * (outward - 0.5) ** 2
    line = plane.y - front - bow + 3 * smooth_noise(rng, plane, 60)
    return coverage(0.7 - np.abs(line), plane.thinnest)
