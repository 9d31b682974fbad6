"""What parts the lungs, in three dimensions: heart, great vessels, airways, and from below the diaphragm."""

import numpy as np

from tfds_covidct.lung_phantom import hounsfield
from tfds_covidct.lung_phantom.geometry import (
    blob,
    coverage,
    smooth_intersection,
    smooth_noise,
    smooth_union,
)
from tfds_covidct.lung_phantom.mediastinum import STANDARD_HALF_WIDTH, Mediastinum, strip_half_width
from tfds_covidct.lung_phantom.tissues import Tissue
from tfds_covidct.lung_phantom.volumes.space import ball, smooth_path, tube
from tfds_covidct.lung_phantom.volumes.trunk import shape_diaphragm

CARINA = 0.38


def shape_mediastinum(rng, space, trunk, cavity):
    """Returns the `Mediastinum` of a patient, whose domes end at the rib cage (depth `cavity`)."""
    patient = trunk.patient
    heart = _heart(rng, space, trunk)
    vessels = _great_vessels(rng, space, trunk)
    outline = _strip(rng, space, trunk)
    bed = blob(space, (0, patient.spine + 30), (27, 31), power=2.4)
    outline = smooth_union(outline, bed, 10)
    for part in (heart, *vessels, _hila(rng, space, trunk)):
        outline = smooth_union(outline, part + 2, 9)
    below = np.minimum(shape_diaphragm(space, trunk), cavity)
    outline = smooth_union(outline, below + 2, 9)
    domes = [np.minimum(smooth_intersection(below, -heart - 4, 6), 12 - outline_of_spine(space, trunk))]
    return Mediastinum(outline, [heart], vessels, domes)


def outline_of_spine(space, trunk):
    """Returns the depth of the spine and the muscles beside it, which no organ enters."""
    return blob(space, (0, trunk.patient.spine + 32), (30, 30), power=2.4)


def _strip(rng, space, trunk):
    """Returns the tissue that joins sternum and spine."""
    level, (half_width, half_depth) = trunk.patient.level, trunk.patient.cavity
    scale = half_width / STANDARD_HALF_WIDTH * rng.uniform(0.8, 1.1)
    positions = space.y / half_depth.astype(np.float32)
    widths = [strip_half_width(float(h), row) for h, row in zip(level.ravel(), positions)]
    return (scale * np.stack(widths)).astype(np.float32) - np.abs(space.x - np.float32(trunk.patient.shift))


def _heart(rng, space, trunk):
    """Returns the depth of the two ventricles, pointing left, forward and down, and the two atria."""
    size, x = trunk.patient.heart, trunk.patient.shift
    width, depth, height = trunk.width * size, trunk.depth * size, trunk.height
    low = max(trunk.tops) / height - 0.12 + rng.normal(0, 0.01)
    parts = (
        ((0.20 * width + x, -0.26 * depth, low * height), (0.45, 0.47, 0.36), 0.5, 0.45),
        ((-0.10 * width + x, -0.22 * depth, (low - 0.03) * height), (0.28, 0.42, 0.38), 0.0, 0.0),
        ((0.04 * width + x, 0.10 * depth, (low - 0.12) * height), (0.30, 0.26, 0.24), 0.0, 0.0),
    )
    heart = None
    for centre, (across, deep, high), tilt, lean in parts:
        part = ball(space, centre, (across * width, deep * depth, high * width), tilt=-tilt, lean=lean)
        heart = part if heart is None else smooth_union(heart, part, 20)
    return heart


def _great_vessels(rng, space, trunk):
    """Returns aorta with its branches, venae cavae, and the pulmonary trunk with its branches."""
    unit, height, x = trunk.width / STANDARD_HALF_WIDTH, trunk.height, trunk.patient.shift
    front = -0.34 * trunk.depth
    arch = rng.uniform(0.25, 0.29)

    def path(*points):
        return smooth_path([(dx * unit + x, y, level * height) for dx, y, level in points])

    spine = {level: trunk.at(level)[2] for level in (0.35, 0.6, 1.0, 1.3)}
    aorta = path(
        (4, front + 14, 0.6), (-8, front, 0.48), (-8, front + 2, 0.36), (4, front + 14, arch),
        (18, 0.15 * trunk.depth, arch + 0.01), (22, spine[0.35] - 3, 0.37),
        (20, spine[0.6] + 2, 0.6), (10, spine[1.0] + 1, 1.0), (4, spine[1.3] - 4, 1.3),
    )  # fmt: skip
    aorta = tube(space, aorta, np.linspace(15.5, 10.5, len(aorta)) * unit)
    for start, end in ((-3, -18), (8, 10), (16, 24)):
        branch = path((start, front + 18, arch), (end, front + 16, 0.1), (end * 1.3, front + 18, -0.2))
        aorta = np.maximum(aorta, tube(space, branch, 5.5 * unit))
    cava = path((-30, front + 14, -0.2), (-29, front + 12, 0.3), (-27, front + 12, 0.6))
    inferior = path((-24, 0.15 * trunk.depth, 0.72), (-22, 0.25 * trunk.depth, 1.3))
    cava = np.maximum(tube(space, cava, 8.5 * unit), tube(space, inferior, 11 * unit))
    trunk_path = path((14, front - 4, 0.58), (22, front + 4, 0.46), (20, front + 26, 0.42))
    right = path((20, front + 24, 0.42), (-6, front + 36, 0.435), (-34, front + 42, 0.47))
    left = path((20, front + 24, 0.42), (34, front + 40, 0.43), (38, front + 54, 0.47))
    pulmonary = [tube(space, trunk_path, 13 * unit), tube(space, right, 9.5 * unit)]
    pulmonary.append(tube(space, left, 9.5 * unit))
    return [aorta, cava, np.maximum.reduce(pulmonary)]


def _hila(rng, space, trunk):
    """Returns lobulated knots where the vessel trees enter the lungs."""
    knots = []
    for side in (-1, 1, -1, 1, -1, 1):
        x = side * trunk.width * rng.uniform(0.24, 0.31) + trunk.patient.shift
        centre = x, trunk.depth * rng.uniform(-0.10, 0.22), trunk.height * rng.uniform(0.43, 0.56)
        knots.append(ball(space, centre, rng.uniform(5, 11, 3), tilt=rng.uniform(-1, 1)))
    return np.maximum.reduce(knots)


def hilum(trunk, side):
    """Returns where the vessel tree of a lung begins: float [3], (x, y, z) in mm."""
    return np.array([side * 0.26 * trunk.width, 0.08 * trunk.depth, 0.49 * trunk.height])


def draw_belly(rng, space, chest, trunk, canvas):
    """Paints fat, spleen and stomach with its bubble of air where the left dome is; the rest is liver."""
    dome = chest.mediastinum.domes[0]
    edge = 1.2 * space.spacing
    lobe = np.float32(rng.uniform(0.0, 0.3) * trunk.width) - np.float32(0.45) * space.y
    left = smooth_intersection(dome, space.x - lobe - 6 * smooth_noise(rng, space, 40), 12)
    canvas.paint(coverage(left, edge), hounsfield.FAT, Tissue.FAT)
    x, z = 0.52 * trunk.width, trunk.tops[1]
    spleen = ball(space, (0.72 * trunk.width, 0.45 * trunk.depth, z + 62), (34, 40, 52), tilt=0.5)
    stomach = ball(space, (x, -0.2 * trunk.depth, z + 52), (46, 44, 50))
    for organ, density, tissue in ((spleen, 52, Tissue.LIVER), (stomach, 30, Tissue.FLUID)):
        grain = 6 * smooth_noise(rng, space, 9)
        canvas.paint(coverage(np.minimum(organ, dome - 2), edge), density + grain, tissue)
    # Who lies on the back has the air of the stomach in front.
    level = np.float32(-(0.2 * trunk.depth) - rng.uniform(0, 26))
    bubble = np.minimum(np.minimum(stomach, dome - 2) - 4, level - space.y)
    canvas.paint(coverage(bubble, edge), hounsfield.AIR + 20, Tissue.AIR)


def draw_airways(rng, space, trunk, canvas):
    """Paints trachea, carina and main bronchi."""
    edge = 1.2 * space.spacing
    x, height = trunk.patient.shift - 2, trunk.height
    y = 0.05 * trunk.depth - 2
    radius = rng.uniform(7.5, 9.5)
    tubes = [tube(space, [(x, y - 6, -0.25 * height), (x, y, CARINA * height)], radius)]
    for side, drop in ((-1, 0.10), (1, 0.13)):
        end = hilum(trunk, side) * (1.12, 1, 0)
        end[2] = (CARINA + drop) * height
        middle = x + side * 14, y + 2, (CARINA + 0.4 * drop) * height
        bronchus = smooth_path([(x, y, CARINA * height), middle, end])
        tubes.append(tube(space, bronchus, np.linspace(6.5, 4.5, len(bronchus))))
    airways = smooth_union(tubes[0], np.maximum(*tubes[1:]), 3)
    canvas.paint(coverage(airways + 1.8, edge), hounsfield.SKIN, Tissue.MUSCLE)
    canvas.paint(coverage(airways, edge), hounsfield.AIR + 15, Tissue.AIR)
