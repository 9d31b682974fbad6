"""One phantom in three dimensions: a patient drawn from a seed, laid out, painted and scanned.

Needs numpy and Pillow only.
"""

import dataclasses

import numpy as np

from tfds_covidct.lung_phantom import chest, lesions, mediastinum, scanner
from tfds_covidct.lung_phantom.phantom import check_severity
from tfds_covidct.lung_phantom.tissues import Canvas
from tfds_covidct.lung_phantom.volumes import bones, organs, patches, trees, trunk
from tfds_covidct.lung_phantom.volumes.space import warped

SHAPE = (64, 64, 64)
LEAST_SIDE = 16
HU_RANGE = (-1024, 3071)
_STREAMS = ("trunk", "organs", "chest", "bones", "vessels", "lesions", "scanner")


@dataclasses.dataclass(frozen=True)
class Volume:
    """A procedural chest from above the lungs to below the diaphragm.

    The first axis goes from head to feet, the second from front to back, the third from the patient's
    right to the left: each slice looks as radiologists show it.

    hu: int16 [D, H, W] in HU, -1024 to 3071, blur and noise included.
    lung_mask: uint8 [D, H, W], 1 in the lungs, their vessels and lesions included.
    lesion_mask: uint8 [D, H, W], 1 in lesions; empty for a healthy phantom.
    severity: in [0, 1], 0 for a healthy phantom; lesions take `patches.lesion_share(severity)` of the
        lungs' voxels.
    spacing: mm from voxel to voxel along each axis.
    """

    hu: np.ndarray
    lung_mask: np.ndarray
    lesion_mask: np.ndarray
    severity: float
    spacing: tuple[float, float, float]


def make_volume(index, *, seed=0, covid=False, severity=None, shape=SHAPE):
    """Makes a phantom in three dimensions; the same arguments give the same bytes.

    The index chooses the patient, who is another one than that of `make_phantom`; `covid` adds lesions:
    without it the same patient is healthy. A higher severity makes the same patient's lesions larger.

    Args:
        index: which patient, 0 or more.
        seed: which population of patients, 0 or more.
        covid: whether there are lesions.
        severity: of the lesions, in [0, 1]; drawn when None. Only with `covid`.
        shape: slices, rows and columns, each at least 16. The slices cover the lungs however many.

    Returns:
        A `Volume`.

    Raises:
        ValueError: for a severity outside [0, 1] or without `covid`, or a shape that is too small.
    """
    check_severity(covid, severity)
    if len(shape) != 3 or min(shape) < LEAST_SIDE:
        raise ValueError(f"`shape` must be three sides of at least {LEAST_SIDE}. Received: shape={shape}")
    children = np.random.SeedSequence([seed, index, len(SHAPE)]).spawn(len(_STREAMS))
    rngs = {name: np.random.default_rng(child) for name, child in zip(_STREAMS, children)}
    drawn = rngs["lesions"].beta(1.2, 1.4)
    if covid and severity is None:
        severity = drawn
    patient, space = trunk.draw_trunk(rngs["trunk"], tuple(shape))
    hu, lung_mask, lesion_mask = _draw(rngs, patient, space, severity)
    hu = _scan(rngs["scanner"], hu, space)
    spacing = tuple(float(side) for side in (space.thickness, space.spacing, space.spacing))
    return Volume(hu, lung_mask, lesion_mask, float(severity or 0), spacing)


def _draw(rngs, patient, straight, severity):
    """Returns noise-free HU, the lung mask and the lesion mask, all [D, H, W]."""
    rng = rngs["chest"]
    space = warped(rng, straight, 3.5)
    cavity = trunk.shape_cavity(space, patient)
    organ_depths = organs.shape_mediastinum(rngs["organs"], space, patient, cavity)
    layout = trunk.shape_chest(rng, space, patient, organ_depths, cavity)
    canvas = Canvas(space.shape)
    chest.draw_soft_tissue(rng, space, patient.patient, layout, canvas)
    mediastinum.draw_organs(rngs["organs"], space, organ_depths, canvas)
    organs.draw_belly(rngs["organs"], space, layout, patient, canvas)
    bones.draw_skeleton(rngs["bones"], space, patient, layout, canvas)
    lung = chest.draw_lungs(rng, space, patient.patient, layout, canvas)
    airways = trees.draw_trees(rngs["vessels"], space, patient, lung, canvas)
    organs.draw_airways(rngs["organs"], space, patient, canvas)
    mask = np.zeros(space.shape, np.uint8)
    if severity is not None:
        rng = rngs["lesions"]
        found = patches.grow_patches(rng, space, layout.lungs, lung, severity)
        lesions.draw_lesions(rng, space, found.lesions, airways, canvas)
        mask = found.mask
    scanner.draw_table(rngs["scanner"], straight, layout.body, canvas)
    return canvas.hu, (lung > 0.5).astype(np.uint8), mask


def _scan(rng, hu, space):
    """Returns int16 HU, blurred along z and as `scanner.reconstruct` does within a slice."""
    overlap = rng.uniform(0.0, 0.1)
    above, below = np.concatenate([hu[:1], hu[:-1]]), np.concatenate([hu[1:], hu[-1:]])
    hu = hu + np.float32(overlap) * (above + below - 2 * hu)
    noise = np.clip(rng.lognormal(np.log(24), 0.5), 8, 60)
    blur, sharpening = rng.uniform(0.3, 0.55), rng.uniform(0, 0.5)
    slices = [scanner.reconstruct(rng, piece, blur, sharpening, noise) for piece in hu]
    return np.clip(np.rint(slices), *HU_RANGE).astype(np.int16)
