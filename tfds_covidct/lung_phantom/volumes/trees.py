"""Pulmonary vessels and bronchi as shares of voxels."""

import dataclasses

import numpy as np

from tfds_covidct.lung_phantom import hounsfield, vessels
from tfds_covidct.lung_phantom.tissues import Tissue
from tfds_covidct.lung_phantom.volumes import organs

LENGTHS = 27.0 * 0.87 ** np.arange(8)  # mm, by generation
THICKNESS = 1.25  # of the vessels; those of a slice are thinner.
# A bead is deposited as points at its middle and around it, in radii.
_POINTS = 0.6 * np.array([(0, 0, 0), (1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)])


def draw_trees(rng, space, trunk, lung, canvas):
    """Paints the vessels and the larger bronchi of both lungs.

    Args:
        rng: numpy `Generator`.
        space: the `Space` to draw in.
        trunk: the `Trunk`.
        lung: float32 [D, H, W] in [0, 1], each voxel's share of lung.
        canvas: the `Canvas` so far.

    Returns:
        float32 [D, H, W], each voxel's share of airways, those included that only consolidation shows.
    """
    hidden_airways = np.zeros(space.shape, np.float32)
    for side in (-1, 1):
        origin = organs.hilum(trunk, side)

        def keep(tips, reach, origin=origin):
            near_hilum = np.linalg.norm(tips - origin, axis=1) < 45
            return near_hilum | _inside(space, tips, lung)

        tree = vessels.grow_from(rng, side, origin, keep, LENGTHS)
        tree = dataclasses.replace(tree, radius=THICKNESS * tree.radius)
        bronchi = vessels.bronchi_beside(tree, last_generation=2)
        canvas.paint(fill(space, bronchi) * lung, hounsfield.BRONCHIAL_WALL, Tissue.MUSCLE)
        canvas.paint(fill(space, bronchi, 0.7) * lung, hounsfield.AIR + 40, Tissue.AIR)
        canvas.paint(fill(space, tree) * lung, hounsfield.BLOOD, Tissue.BLOOD)
        bronchi = vessels.bronchi_beside(tree, last_generation=5)
        np.maximum(hidden_airways, fill(space, bronchi), out=hidden_airways)
    return hidden_airways


def _inside(space, points, lung):
    """Returns bool [N], which points (mm) lie in a voxel that is at least half lung."""
    voxels = np.rint(space.to_voxels(points)).astype(int)
    within = ((voxels >= 0) & (voxels < space.shape)).all(1)
    voxels = np.clip(voxels, 0, np.array(space.shape) - 1)
    return within & (lung[tuple(voxels.T)] > 0.5)


def fill(space, twigs, scale=1.0):
    """Returns how much of each voxel a tree fills.

    Args:
        space: the `Space` to draw in.
        twigs: `Twigs` in the patient's frame, z as in the space.
        scale: factor on the radii, under 1 for an airway's lumen.

    Returns:
        float32 [D, H, W] in [0, 1]; below 1 it adds up to the tree's volume.
    """
    step = 0.7 * space.spacing
    points, radius = vessels.beads(twigs.start, twigs.end, twigs.radius * scale, space.spacing)
    voxel = space.spacing**2 * space.thickness
    share = np.pi * radius**2 * step / voxel / len(_POINTS)
    scattered = points[:, None] + radius[:, None, None] * _POINTS
    filled = deposit(space.shape, space.to_voxels(scattered.reshape(-1, 3)), share.repeat(len(_POINTS)))
    return np.minimum(filled, 1)


def deposit(shape, positions, amounts):
    """Spreads amounts over the four voxels around each position in its slice, bilinearly.

    Args:
        shape: [D, H, W].
        positions: float [N, 3] in voxels; what lies outside is lost.
        amounts: float [N].

    Returns:
        float32 [D, H, W].
    """
    padded = tuple(length + 2 for length in shape)
    positions = positions + (1.5, 1, 1)  # A slice is a slab about its middle.
    inside = ((positions >= 0) & (positions < np.array(padded) - 1)).all(1)
    positions, amounts = positions[inside], amounts[inside]
    low = positions.astype(int)
    part = positions[:, 1:] - low[:, 1:]
    first = np.ravel_multi_index(tuple(low.T), padded)
    total = np.zeros(np.prod(padded))
    for row, column in np.ndindex(2, 2):
        weight = np.where((row, column), part, 1 - part).prod(1) * amounts
        total += np.bincount(first + row * padded[2] + column, weight, minlength=len(total))
    return total.reshape(padded)[1:-1, 1:-1, 1:-1].astype(np.float32)
