"""What an MR scanner would see of the same anatomy: a T1-weighted picture, drawn from the tissues."""

import numpy as np

from tfds_covidct.lung_phantom import geometry
from tfds_covidct.lung_phantom.tissues import Tissue

# Mean T1-weighted signal where fat is 1. In the order of brightness this is not that of CT: fat, dark in
# CT, outshines all; cortical bone, the brightest in CT, is as dark as air.
SIGNALS = {
    Tissue.AIR: 0.0,
    Tissue.LUNG: 0.05,
    Tissue.FAT: 1.0,
    Tissue.MUSCLE: 0.42,
    Tissue.BLOOD: 0.33,
    Tissue.LIVER: 0.52,
    Tissue.CORTICAL_BONE: 0.05,
    Tissue.MARROW: 0.66,
    Tissue.FLUID: 0.2,
    Tissue.GROUND_GLASS: 0.24,
    Tissue.CONSOLIDATION: 0.4,
}
# How much the signal of a tissue differs between patients, and how grainy it is; relative to its mean.
_SPREAD = 0.07
_TEXTURE = {Tissue.FAT: 0.07, Tissue.MUSCLE: 0.07, Tissue.MARROW: 0.12, Tissue.GROUND_GLASS: 0.2}
_BLOOD_FLOW = (0.3, 1.7)


def signal(rng, plane, shares):
    """Returns the noise-free T1-weighted signal of a mixture of tissues.

    Args:
        rng: numpy `Generator`.
        plane: the `Plane` or `Space` that the shares lie on.
        shares: float32 [len(Tissue), ...] in [0, 1], as of a `Canvas`.

    Returns:
        float32 [...], about 1 in fat and 0 in air.
    """
    total = np.zeros(plane.shape, np.float32)
    for tissue, mean in SIGNALS.items():
        level = mean * rng.normal(1, _SPREAD)
        if tissue == Tissue.BLOOD:
            level = mean * rng.uniform(*_BLOOD_FLOW)
        grain = _TEXTURE.get(tissue, 0.04) * geometry.smooth_noise(rng, plane, 5)
        total += shares[tissue] * np.float32(level) * (1 + grain)
    return total


def receive(rng, plane, signal, blur):
    """Returns a signal as a coil receives it: through a bias field, blurred, with Rician noise.

    Args:
        rng: numpy `Generator`.
        plane: the `Plane` that the signal lies on.
        signal: float32 [H, W], 1 in fat.
        blur: standard deviation of the blur in pixels.

    Returns:
        float32 [H, W], 0 or more: a magnitude.
    """
    bias = np.exp(rng.uniform(0.08, 0.22) * geometry.smooth_noise(rng, plane, 160))
    fy = np.fft.fftfreq(signal.shape[0])[:, None].astype(np.float32)
    fx = np.fft.rfftfreq(signal.shape[1])[None].astype(np.float32)
    transfer = np.exp(-2 * np.float32(np.pi * blur) ** 2 * (fx * fx + fy * fy))
    seen = np.fft.irfft2(np.fft.rfft2(signal * bias) * transfer, s=signal.shape).astype(np.float32)
    noise = np.float32(rng.uniform(0.015, 0.04))
    real, imaginary = noise * rng.standard_normal((2, *signal.shape), dtype=np.float32)
    return np.hypot(seen + real, imaginary)


def show(magnitude, white=99.7):
    """Returns the uint8 picture of an MR magnitude: 0 is black, its percentile `white` is white."""
    top = max(float(np.percentile(magnitude, white)), 1e-6)
    return np.rint(np.clip(magnitude / top, 0, 1) * 255).astype(np.uint8)
