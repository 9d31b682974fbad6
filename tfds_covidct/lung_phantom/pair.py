"""One patient in two scanners: the same slice as CT and as an MR-like picture, pixel by pixel."""

import dataclasses

import numpy as np

from tfds_covidct.lung_phantom import phantom, resonance
from tfds_covidct.lung_phantom.tissues import Tissue


@dataclasses.dataclass(frozen=True)
class Pair:
    """One slice of a procedural chest seen by CT and by MR; all arrays lie on the same pixels.

    ct: the `Phantom`: HU, its picture, lungs and lesions.
    mr: uint8 [H, W], T1-like: fat is bright, muscle and blood are grey, lung and cortical bone dark.
    body_mask: uint8 [H, W], 1 under the skin, the lungs included.
    bone_mask: uint8 [H, W], 1 where bone and marrow are more than half of the pixel.
    spacing: mm from one pixel to the next, along rows and columns alike.
    """

    ct: phantom.Phantom
    mr: np.ndarray
    body_mask: np.ndarray
    bone_mask: np.ndarray
    spacing: float


def make_pair(index, *, seed=0, covid=False, severity=None, size=256):
    """Makes a phantom as CT and as MR; the same arguments give the same bytes.

    The CT is that of `make_phantom` with the same arguments. The MR is drawn from the tissues rather
    than from the CT's grey levels, with noise, blur and a bias field of its own.

    Args:
        index: which patient, 0 or more.
        seed: which population of patients, 0 or more.
        covid: whether there are lesions.
        severity: of the lesions, in [0, 1]; drawn when None. Only with `covid`.
        size: pixels on the longer side; H and W differ from patient to patient.

    Returns:
        A `Pair`.

    Raises:
        ValueError: for a severity outside [0, 1] or without `covid`, or a size under 32.
    """
    phantom.check(covid, severity, size)
    rngs = phantom.random_streams(seed, index)
    scene = phantom.draw_scene(rngs, covid, severity, size, mixed=True)
    shares, plane, rng = scene.canvas.shares, scene.view.plane(), rngs["resonance"]
    blur = rng.uniform(0.5, 0.9) * size / 256
    magnitude = resonance.receive(rng, plane, resonance.signal(rng, plane, shares), blur)
    bone = shares[Tissue.CORTICAL_BONE] + shares[Tissue.MARROW]
    return Pair(
        phantom.scan_scene(rngs, scene, size),
        resonance.show(phantom.crop(magnitude)),
        phantom.crop((scene.body > 0).astype(np.uint8)),
        phantom.crop((bone > 0.5).astype(np.uint8)),
        scene.view.spacing,
    )
