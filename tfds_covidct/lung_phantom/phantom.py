"""One phantom: a patient drawn from a seed, laid out, painted, scanned and shown.

Needs numpy and Pillow only.
"""

import dataclasses

import numpy as np

from tfds_covidct.lung_phantom import (
    chest,
    display,
    hounsfield,
    lesions,
    mediastinum,
    scanner,
    skeleton,
    vessels,
)
from tfds_covidct.lung_phantom.geometry import paint
from tfds_covidct.lung_phantom.patient import draw_patient
from tfds_covidct.lung_phantom.view import draw_view, warped

MARGIN = 16
_STREAMS = ("patient", "view", "chest", "vessels", "lesions", "scanner", "display")


@dataclasses.dataclass(frozen=True)
class Phantom:
    """One axial slice of a procedural chest.

    hu: float32 [H, W] in HU, blur and noise included.
    lung_mask: uint8 [H, W], 1 in the lungs, their vessels and lesions included.
    lesion_mask: uint8 [H, W], 1 in lesions; empty for a healthy phantom.
    severity: in [0, 1], 0 for a healthy phantom.
    display: the window of the phantom's picture.
    """

    hu: np.ndarray
    lung_mask: np.ndarray
    lesion_mask: np.ndarray
    severity: float
    display: display.Display

    @property
    def image(self):
        """uint8 [H, W]: `hu` through the phantom's lung window."""
        return display.show(self.hu, self.display)


def make_phantom(index, *, seed=0, covid=False, severity=None, size=256):
    """Makes a phantom; the same arguments give the same bytes.

    The index chooses the patient, and `covid` adds lesions: without it the same patient is healthy.

    Args:
        index: which patient, 0 or more.
        seed: which population of patients, 0 or more.
        covid: whether there are lesions.
        severity: of the lesions, in [0, 1]; drawn when None. Only with `covid`.
        size: pixels on the longer side; H and W differ from phantom to phantom.

    Returns:
        A `Phantom`.

    Raises:
        ValueError: for a severity outside [0, 1] or without `covid`, or a size under 32.
    """
    _check(covid, severity, size)
    rngs = _random_streams(seed, index)
    drawn = rngs["lesions"].beta(1.2, 1.4)
    if covid and severity is None:
        severity = drawn
    patient = draw_patient(rngs["patient"])
    view = draw_view(rngs["view"], patient, size)
    hu, lung, lesion_mask = _draw_slice(rngs, patient, view.padded(MARGIN), severity)
    hu = scanner.scan(rngs["scanner"], hu, size)
    lung_mask = (lung > 0.5).astype(np.uint8)
    arrays = (hu, lung_mask, lesion_mask * lung_mask)
    hu, lung_mask, lesion_mask = (array[MARGIN:-MARGIN, MARGIN:-MARGIN] for array in arrays)
    shown = display.draw_display(rngs["display"])
    return Phantom(hu, lung_mask, lesion_mask, float(severity or 0), shown)


def _check(covid, severity, size):
    if severity is not None and not (covid and 0 <= severity <= 1):
        raise ValueError(
            f"`severity` must lie in [0, 1] and needs covid=True. Received: severity={severity}"
        )
    if size < 32:
        raise ValueError(f"`size` must be at least 32. Received: size={size}")


def _random_streams(seed, index):
    """Returns a generator for each purpose, so that drawing more for one leaves the others alone."""
    children = np.random.SeedSequence([seed, index]).spawn(len(_STREAMS))
    return {name: np.random.default_rng(child) for name, child in zip(_STREAMS, children)}


def _draw_slice(rngs, patient, view, severity):
    """Returns noise-free HU, each pixel's share of lung, and the lesion mask, all [H, W]."""
    rng = rngs["chest"]
    plane = warped(rng, view.plane(), 4.0)
    layout = chest.shape_chest(rng, plane, patient)
    hu = np.full(view.shape, hounsfield.AIR, np.float32)
    chest.draw_soft_tissue(rng, plane, patient, layout, hu)
    mediastinum.draw_organs(rng, plane, layout.mediastinum, hu)
    skeleton.draw_skeleton(rng, plane, patient, layout, hu)
    lung = chest.draw_lungs(rng, plane, patient, layout, hu)
    airways = _draw_trees(rngs["vessels"], patient, view, lung, hu)
    mediastinum.draw_airways(rng, plane, patient, hu)
    mask = np.zeros(view.shape, np.uint8)
    if severity is not None:
        found = lesions.scatter_lesions(rngs["lesions"], plane, layout.lungs, lung, severity)
        lesions.draw_lesions(rngs["lesions"], plane, found, airways, hu)
        mask = found.mask()
    scanner.draw_table(rngs["scanner"], plane, layout.body, hu)
    return hu, lung, mask


def _draw_trees(rng, patient, view, lung, hu):
    """Paints the vessels and the larger bronchi of both lungs.

    Returns:
        float32 [H, W], each pixel's share of airways, those included that only consolidation shows.
    """
    thickness = rng.uniform(2.5, 7)
    hidden_airways = np.zeros(view.shape, np.float32)
    for side in (-1, 1):
        tree = vessels.grow_tree(rng, side, patient.level, patient.cavity)
        bronchi = vessels.bronchi_beside(tree, last_generation=2)
        wall = vessels.cut(bronchi, view, thickness)
        lumen = vessels.cut(bronchi, view, thickness, scale=0.7)
        paint(hu, wall * lung, hounsfield.BRONCHIAL_WALL)
        paint(hu, lumen * lung, hounsfield.AIR + 40)
        paint(hu, vessels.cut(tree, view, thickness) * lung, hounsfield.BLOOD)
        bronchi = vessels.bronchi_beside(tree, last_generation=5)
        np.maximum(hidden_airways, vessels.cut(bronchi, view, thickness), out=hidden_airways)
    return hidden_airways
