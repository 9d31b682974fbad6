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
from tfds_covidct.lung_phantom.patient import draw_patient
from tfds_covidct.lung_phantom.tissues import Canvas, Tissue
from tfds_covidct.lung_phantom.view import View, draw_view, warped

MARGIN = 16
# A new purpose goes to the end: what the others draw depends on their place.
_STREAMS = ("patient", "view", "chest", "vessels", "lesions", "scanner", "display", "resonance")


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
    check(covid, severity, size)
    rngs = random_streams(seed, index)
    return scan_scene(rngs, draw_scene(rngs, covid, severity, size), size)


@dataclasses.dataclass(frozen=True)
class Scene:
    """What lies on the table before any scanner looks at it, with `MARGIN` more pixels on every side.

    view: where its pixels lie, the margin included.
    canvas: its `Canvas`, free of noise.
    body: float32 [H, W], depth under the skin in mm.
    lung: float32 [H, W] in [0, 1], each pixel's share of lung.
    lesion_mask: uint8 [H, W], 1 in lesions.
    severity: in [0, 1].
    """

    view: View
    canvas: Canvas
    body: np.ndarray
    lung: np.ndarray
    lesion_mask: np.ndarray
    severity: float


def draw_scene(rngs, covid, severity, size, *, mixed=False):
    """Draws a patient from `random_streams` and paints the `Scene`; `mixed` keeps shares of tissues."""
    drawn = rngs["lesions"].beta(1.2, 1.4)
    if covid and severity is None:
        severity = drawn
    patient = draw_patient(rngs["patient"])
    view = draw_view(rngs["view"], patient, size).padded(MARGIN)
    return _draw_slice(rngs, patient, view, severity, mixed)


def scan_scene(rngs, scene, size):
    """Returns the `Phantom` that a CT scanner makes of a `Scene`."""
    hu = scanner.scan(rngs["scanner"], scene.canvas.hu, size)
    lung_mask = (scene.lung > 0.5).astype(np.uint8)
    arrays = (crop(array) for array in (hu, lung_mask, scene.lesion_mask * lung_mask))
    return Phantom(*arrays, scene.severity, display.draw_display(rngs["display"]))


def crop(array):
    """Takes the margin of a `Scene` off an array [..., H, W]."""
    return array[..., MARGIN:-MARGIN, MARGIN:-MARGIN]


def check(covid, severity, size):
    """Raises the ValueError of `make_phantom` for arguments that make no sense."""
    check_severity(covid, severity)
    if size < 32:
        raise ValueError(f"`size` must be at least 32. Received: size={size}")


def check_severity(covid, severity):
    """Raises a ValueError unless the severity is None, or in [0, 1] and of an ill patient."""
    if severity is not None and not (covid and 0 <= severity <= 1):
        raise ValueError(f"`severity` must lie in [0, 1] and needs covid=True. Received: severity={severity}")


def random_streams(seed, index):
    """Returns a generator for each purpose, so that drawing more for one leaves the others alone."""
    children = np.random.SeedSequence([seed, index]).spawn(len(_STREAMS))
    return {name: np.random.default_rng(child) for name, child in zip(_STREAMS, children)}


def _draw_slice(rngs, patient, view, severity, mixed):
    """Paints all that the slice meets."""
    rng = rngs["chest"]
    plane = warped(rng, view.plane(), 4.0)
    layout = chest.shape_chest(rng, plane, patient)
    canvas = Canvas(view.shape, mixed=mixed)
    chest.draw_soft_tissue(rng, plane, patient, layout, canvas)
    mediastinum.draw_organs(rng, plane, layout.mediastinum, canvas)
    skeleton.draw_skeleton(rng, plane, patient, layout, canvas)
    lung = chest.draw_lungs(rng, plane, patient, layout, canvas)
    airways = _draw_trees(rngs["vessels"], patient, view, lung, canvas)
    mediastinum.draw_airways(rng, plane, patient, canvas)
    mask = np.zeros(view.shape, np.uint8)
    if severity is not None:
        found = lesions.scatter_lesions(rngs["lesions"], plane, layout.lungs, lung, severity)
        lesions.draw_lesions(rngs["lesions"], plane, found, airways, canvas)
        mask = found.mask()
    scanner.draw_table(rngs["scanner"], plane, layout.body, canvas)
    return Scene(view, canvas, layout.body, lung, mask, float(severity or 0))


def _draw_trees(rng, patient, view, lung, canvas):
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
        canvas.paint(wall * lung, hounsfield.BRONCHIAL_WALL, Tissue.MUSCLE)
        canvas.paint(lumen * lung, hounsfield.AIR + 40, Tissue.AIR)
        canvas.paint(vessels.cut(tree, view, thickness) * lung, hounsfield.BLOOD, Tissue.BLOOD)
        bronchi = vessels.bronchi_beside(tree, last_generation=5)
        np.maximum(hidden_airways, vessels.cut(bronchi, view, thickness), out=hidden_airways)
    return hidden_airways
