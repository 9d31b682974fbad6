"""The skeleton in three dimensions: a column of vertebrae, sloping ribs, sternum and shoulder blades."""

import numpy as np

from tfds_covidct.lung_phantom.geometry import blob, coverage, smooth_noise, smooth_union
from tfds_covidct.lung_phantom.tissues import Tissue
from tfds_covidct.lung_phantom.volumes.space import tube

CARTILAGE_FROM = 2.35  # radians around the rib cage from the back, where ribs become cartilage
_RIBS = 12
# How far each rib reaches around the rib cage, in radians from the back.
_REACH = np.array([2.9] * 8 + [2.6, 2.3, 1.7, 1.2], np.float32)


def draw_skeleton(rng, space, trunk, chest, canvas):
    """Paints all bones, and cartilage between ribs and sternum."""
    cortical, marrow = rng.uniform(550, 900), rng.uniform(180, 300)
    pitch = trunk.height / rng.uniform(10.2, 10.8)  # mm from one vertebra to the next
    ribs, cartilage = _ribs(rng, space, trunk, chest, pitch)
    vertebrae, discs = _spine(rng, space, trunk, pitch)
    bones = np.maximum.reduce([ribs, vertebrae, *_front_and_shoulders(rng, space, trunk, chest)])
    bones = np.minimum(bones, chest.body - 4)
    grain = smooth_noise(rng, space, 4)
    edge = space.spacing
    canvas.paint(coverage(cartilage, edge), 110 + 20 * grain, Tissue.MUSCLE)
    canvas.paint(coverage(discs, edge), 85 + 10 * grain, Tissue.FLUID)
    canvas.paint(coverage(bones, edge), cortical + 50 * grain, Tissue.CORTICAL_BONE)
    canvas.paint(coverage(bones - 2.0, 1.5 * edge), marrow + 50 * grain, Tissue.MARROW)
    canal = blob(space, (0, trunk.patient.spine + 39), (10, 8.5))
    canvas.paint(coverage(canal, edge), 30.0, Tissue.FLUID)


def _ribs(rng, space, trunk, chest, pitch):
    """Returns the depths of ribs and of their cartilage: each slopes down from its vertebra to the front."""
    outside = -chest.cavity - 6.5
    from_back = np.arctan2(np.abs(space.x), space.y)
    level = trunk.patient.level.astype(np.float32)
    drop = np.interp(level, [0, 0.25, 0.7, 1.2], [40, 82, 110, 112]).astype(np.float32)
    slope = 0.5 * (1 - np.cos(np.minimum(from_back * np.float32(1.15), np.pi)))
    rise = np.maximum(from_back - np.float32(CARTILAGE_FROM), 0) * 30
    number = (space.z - drop * slope + rise) / np.float32(pitch) + np.float32(rng.uniform(0.1, 0.5))
    nearest = np.clip(np.rint(number), 0, _RIBS - 1)
    high, thick = rng.uniform(4.6, 5.8), rng.uniform(3.0, 3.8)
    along = (number - nearest) * np.float32(0.86 * pitch / high)
    ribs = np.float32(thick) * (1 - np.hypot(along, outside / np.float32(thick)))
    end = _REACH[nearest.astype(int)] - from_back
    bone = np.minimum(np.minimum(ribs, 90 * end), 90 * (CARTILAGE_FROM - from_back))
    cartilage = np.minimum(np.minimum(ribs, 90 * end), 90 * (from_back - CARTILAGE_FROM))
    return bone, cartilage


def _spine(rng, space, trunk, pitch):
    """Returns the depths of the vertebrae and of the discs between them."""
    front = trunk.patient.spine + 2
    phase = (space.z / np.float32(pitch) + np.float32(rng.uniform(0, 1)) + 0.5) % 1 - 0.5
    from_middle = np.abs(phase) * np.float32(pitch)
    width = rng.uniform(15.5, 18.5) * np.interp(trunk.patient.level, [0, 1.2], [0.85, 1.12])
    waist = 1.5 * (1 - 2 * np.abs(phase)).astype(np.float32)
    column = blob(space, (0, front + 14.5), (width, 14.5 * width / 17), power=2.4) - waist
    gap = np.float32(0.5 * pitch - 2.6) - from_middle
    arch = np.minimum(blob(space, (0, front + 37), (15, 13.5)), 0.32 * pitch - from_middle)
    wings = blob(space, (0, front + 44), (rng.uniform(28, 34), 5.0))
    wings = np.minimum(wings, np.float32(5.5) - from_middle)
    lower = (phase * np.float32(pitch)) - 4  # The spinous process hangs down.
    spinous = blob(space, (0, front + 57 + lower * 0.5), (3.6, 11.0))
    spinous = np.minimum(spinous, 0.38 * pitch - np.abs(lower))
    processes = smooth_union(smooth_union(arch, wings, 6), spinous, 6)
    return np.maximum(np.minimum(column, gap), processes), column - 1


def _front_and_shoulders(rng, space, trunk, chest):
    """Returns sternum, collar bones and shoulder blades."""
    height, x = trunk.height, 0.3 * trunk.patient.shift
    wide = np.interp(trunk.patient.level, [0.05, 0.15, 0.25, 0.6], [27, 24, 15, 13])
    sternum = blob(space, (x, -trunk.patient.cavity[1] - 8), (wide, 5.5), power=2.6)
    top, bottom = 0.07 * height, rng.uniform(0.66, 0.74) * height
    bones = [np.minimum(np.minimum(sternum, space.z - top), bottom - space.z).astype(np.float32)]
    outside = -chest.cavity
    from_back = np.arctan2(np.abs(space.x), space.y)
    tip = rng.uniform(0.50, 0.56)
    low = (space.z / np.float32(height) + 0.02) / np.float32(tip)
    sheet = np.float32(rng.uniform(2.4, 3.2)) - np.abs(outside - rng.uniform(19, 23))
    inner, outer = 0.62, np.float32(1.75) - 0.95 * low
    blade = np.minimum(np.minimum(from_back - inner, outer - from_back) * 110, (1 - low) * 0.5 * height)
    bones.append(np.minimum(sheet, blade))
    for side in (-1, 1):
        half_depth = trunk.at(0.06)[1]
        points = [
            (side * 24, -half_depth - 10, 0.07 * height),
            (side * 70, -half_depth - 8, 0.03 * height),
            (side * 0.95 * trunk.width, -0.25 * half_depth, -0.02 * height),
        ]
        bones.append(tube(space, points, 6.0))
    return bones
