"""What a drawing is painted on: densities in HU and, for other scanners than CT, shares of tissues."""

import enum

import numpy as np

from tfds_covidct.lung_phantom import hounsfield


class Tissue(enum.IntEnum):
    """What a voxel is made of; the place in `Canvas.shares`."""

    AIR = 0
    LUNG = 1
    FAT = 2
    MUSCLE = 3
    BLOOD = 4
    LIVER = 5
    CORTICAL_BONE = 6
    MARROW = 7
    FLUID = 8
    GROUND_GLASS = 9
    CONSOLIDATION = 10


class Canvas:
    """A slice or a volume of air, to be painted layer by layer.

    Attributes:
        hu: float32 [...], HU.
        shares: float32 [len(Tissue), ...] in [0, 1], each voxel's share of every `Tissue`, adding up to
            1; None unless `mixed`.
    """

    def __init__(self, shape, *, mixed=False):
        self.hu = np.full(shape, hounsfield.AIR, np.float32)
        self.shares = None
        if mixed:
            self.shares = np.zeros((len(Tissue), *shape), np.float32)
            self.shares[Tissue.AIR] = 1

    def paint(self, alpha, value, tissue):
        """Blends `value` (HU, scalar or of the canvas's shape) over it where `alpha` in [0, 1] is set."""
        self.hu += alpha * (value - self.hu)
        self._mix(alpha, tissue)

    def paint_denser(self, alpha, value, tissue):
        """Blends `value` over what is less dense, so that denser tissue stays visible."""
        denser = value > self.hu
        self.hu += alpha * (np.maximum(self.hu, value) - self.hu)
        self._mix(alpha * denser, tissue)

    def _mix(self, alpha, tissue):
        if self.shares is not None:
            self.shares *= 1 - alpha
            self.shares[tissue] += alpha
