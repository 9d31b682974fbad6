"""Pulmonary vessels and bronchi: trees grown in three dimensions and cut by the slice."""

import dataclasses

import numpy as np

ROOTS = 30
LENGTHS = 25.0 * 0.86 ** np.arange(9)  # mm, by generation
LUNG_HEIGHT = 210.0
HILUM_LEVEL = 0.5


@dataclasses.dataclass(frozen=True)
class Twigs:
    """Short straight pieces of a tree.

    start, end: float [N, 3] in mm, (x, y, z) with z = 0 in the slice.
    radius: float [N] in mm.
    generation: int [N], 0 at the hilum.
    """

    start: np.ndarray
    end: np.ndarray
    radius: np.ndarray
    generation: np.ndarray


def grow_tree(rng, side, level, cavity):
    """Grows the part of one lung's vessel tree that a slice may meet.

    Args:
        rng: numpy `Generator`.
        side: -1 for the right lung (left in the image), +1 for the left.
        level: height of the slice in [0, 1].
        cavity: half width and half depth of the rib cage's inside in mm.

    Returns:
        The tree's `Twigs`, less the branches that cannot reach the slice.
    """
    height = (level - HILUM_LEVEL) * LUNG_HEIGHT
    hilum = np.array([side * 0.26 * cavity[0], 0.08 * cavity[1], height])

    def near_and_inside(tips, reach):
        inside = np.hypot(tips[:, 0] / cavity[0], tips[:, 1] / cavity[1]) < 1.1
        return (np.abs(tips[:, 2]) < 10 + 1.3 * reach) & inside

    return grow_from(rng, side, hilum, near_and_inside)


def grow_from(rng, side, hilum, keep, lengths=LENGTHS):
    """Grows the vessel tree of one lung.

    Args:
        rng: numpy `Generator`.
        side: -1 for the right lung (left in the image), +1 for the left.
        hilum: float [3], where its roots are, in mm.
        keep: called with the tips, float [N, 3] in mm, and the length in mm that may still grow from
            them; returns bool [N], which of them go on.
        lengths: mean length of a branch in mm, by generation.

    Returns:
        The tree's `Twigs`.
    """
    tips = hilum + rng.normal(0, [4, 8, 10], (ROOTS, 3))
    headings = _root_headings(rng, side)
    radii = rng.uniform(1.4, 3.4, ROOTS)
    pieces = []
    for generation, mean_length in enumerate(lengths):
        length = mean_length * rng.uniform(0.7, 1.3, len(tips))
        pieces += _crooked_branch(rng, tips, headings, radii, length, generation)
        tips, headings, radii = _fork(rng, pieces[-1].end, headings, radii, hilum)
        kept = keep(tips, lengths[generation + 1 :].sum())
        tips, headings, radii = (values[kept] for values in (tips, headings, radii))
    names = [field.name for field in dataclasses.fields(Twigs)]
    return Twigs(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in names))


def _root_headings(rng, side):
    """Returns unit vectors [ROOTS, 3] that fan out evenly from the hilum, up to down and front to back."""
    azimuth = rng.permutation(np.linspace(-1.55, 1.75, ROOTS)) + rng.normal(0, 0.08, ROOTS)
    climb = np.linspace(-1.2, 1.2, ROOTS) + rng.normal(0, 0.12, ROOTS)
    flat = np.cos(climb)
    return np.stack([side * np.cos(azimuth) * flat, np.sin(azimuth) * flat, np.sin(climb)], 1)


def _crooked_branch(rng, tips, headings, radii, length, generation):
    """Returns each branch as two `Twigs` with a slight bend between them."""
    bend = 0.10 * length[:, None] * rng.standard_normal(tips.shape)
    middle = tips + 0.5 * length[:, None] * headings + bend
    end = tips + length[:, None] * headings
    generations = np.full(len(tips), generation)
    return [
        Twigs(tips, middle, radii, generations),
        Twigs(middle, end, radii * 0.92, generations),
    ]


def _fork(rng, tips, headings, radii, hilum):
    """Splits each branch in two, the thicker going straighter; all lean away from the hilum."""
    outward = tips - hilum
    outward /= np.linalg.norm(outward, axis=1, keepdims=True) + 1e-6
    sideways = np.cross(headings, rng.standard_normal(headings.shape))
    sideways /= np.linalg.norm(sideways, axis=1, keepdims=True) + 1e-6
    children = []
    for sign, spread, taper in ((1, 0.35, 0.85), (-1, 0.75, 0.68)):
        angle = sign * spread * rng.uniform(0.6, 1.4, (len(tips), 1))
        heading = headings * np.cos(angle) + sideways * np.sin(angle) + 0.15 * outward
        heading /= np.linalg.norm(heading, axis=1, keepdims=True)
        children.append((tips, heading, radii * taper))
    return tuple(np.concatenate(parts) for parts in zip(*children))


def bronchi_beside(twigs, last_generation):
    """Returns the airways that run beside the vessels of the first generations."""
    keep = twigs.generation <= last_generation
    radius = twigs.radius[keep] * 0.95
    offset = np.stack([0 * radius, -1.9 * radius, 0.4 * radius], 1)
    return Twigs(twigs.start[keep] + offset, twigs.end[keep] + offset, radius, twigs.generation[keep])


def cut(twigs, view, thickness, scale=1.0):
    """Draws what a slice shows of a tree.

    Args:
        twigs: `Twigs` in the patient's frame.
        view: the `View` to draw on.
        thickness: of the slice in mm.
        scale: factor on the radii, under 1 for an airway's lumen.

    Returns:
        float32 [H, W] in [0, 1], the share of each pixel's volume that the tree fills.
    """
    radius = twigs.radius * scale
    reach = thickness / 2 + radius
    low = np.minimum(twigs.start[:, 2], twigs.end[:, 2])
    high = np.maximum(twigs.start[:, 2], twigs.end[:, 2])
    near = (low < reach) & (high > -reach)
    points, radius = beads(twigs.start[near], twigs.end[near], radius[near], view.spacing)
    overlap = thickness / 2 + radius - np.abs(points[:, 2])
    share = np.clip(overlap / (2 * np.minimum(radius, thickness / 2)), 0, 1)
    seen = share > 0.02
    canvas = np.zeros(view.shape, np.float32)
    _stamp(canvas, view.to_pixels(points[seen]), radius[seen] / view.spacing, share[seen])
    return canvas


def beads(start, end, radius, spacing):
    """Returns points [M, 3] strung along each twig about half a pixel apart, and their radii [M]."""
    length = np.linalg.norm(end - start, axis=1)
    count = np.ceil(length / (0.7 * spacing)).astype(int) + 1
    twig = np.repeat(np.arange(len(count)), count)
    step = np.arange(len(twig)) - np.repeat(np.cumsum(count) - count, count)
    t = (step / np.maximum(count[twig] - 1, 1))[:, None]
    return start[twig] + t * (end - start)[twig], radius[twig]


def _stamp(canvas, centres, radii, share):
    """Draws antialiased discs into `canvas`, keeping the maximum; all lengths are in pixels."""
    height, width = canvas.shape
    for low, high in ((0, 1), (1, 2), (2, 4), (4, 16)):
        chosen = (radii >= low) & (radii < high)
        centre, radius = centres[chosen].astype(np.float32), radii[chosen].astype(np.float32)
        reach = np.arange(-high - 1, high + 2)
        rows = np.rint(centre[:, :1]).astype(int) + reach
        columns = np.rint(centre[:, 1:]).astype(int) + reach
        away_y, away_x = (rows - centre[:, :1]) ** 2, (columns - centre[:, 1:]) ** 2
        distance = np.sqrt(away_y[:, :, None] + away_x[:, None, :])
        alpha = np.clip(radius[:, None, None] - distance + 0.5, 0, 1)
        alpha *= (np.minimum(1, 2 * radius) * share[chosen])[:, None, None]
        in_rows, in_columns = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
        disc, row, column = np.nonzero((alpha > 0) & in_rows[:, :, None] & in_columns[:, None, :])
        values = alpha[disc, row, column].astype(np.float32)
        np.maximum.at(canvas, (rows[disc, row], columns[disc, column]), values)
