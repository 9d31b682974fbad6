"""What the scanner adds: kernel blur, spatially correlated noise, the table under the patient."""

import numpy as np

from tfds_covidct.lung_phantom import geometry
from tfds_covidct.lung_phantom.geometry import coverage
from tfds_covidct.lung_phantom.tissues import Tissue


def scan(rng, hu, size):
    """Returns `hu` (float32 [H, W]) as a scanner with its own kernel and dose would measure it.

    Args:
        rng: numpy `Generator`.
        hu: the noise-free slice.
        size: pixels on the longer side, to which the kernel is scaled.
    """
    blur = rng.lognormal(np.log(0.48), 0.45)
    noise = np.clip(rng.lognormal(np.log(42), 0.6), 8, 100) * min(1, 0.6 / blur) ** 1.5
    sharpening = rng.uniform(0, 0.6)
    return reconstruct(rng, hu, blur * size / 256, sharpening, noise)


def draw_table(rng, plane, body, canvas):
    """Paints two thin arcs of the table below the patient's `body` (depths in mm)."""
    body_bottom = float(np.max(plane.y, where=body > 0, initial=0))
    radius = rng.uniform(260, 600)
    centre = rng.normal(0, 8), body_bottom + rng.uniform(3, 14) - radius
    inside = geometry.blob(plane, centre, (radius, radius))
    for offset in (0, rng.uniform(12, 30)):
        arc = coverage(0.8 - np.abs(inside + offset), plane.spacing)
        canvas.paint(arc * (body < 0), rng.uniform(-700, -200), Tissue.AIR)


def reconstruct(rng, hu, blur, sharpening, noise):
    """Applies the scanner's transfer function and adds its spatially correlated noise.

    Args:
        rng: numpy `Generator`.
        hu: float32 [H, W].
        blur: standard deviation of the kernel in pixels.
        sharpening: relative boost of middle frequencies, 0 for a soft kernel.
        noise: standard deviation of the noise in HU after the kernel.

    Returns:
        float32 [H, W].
    """
    fy = np.fft.fftfreq(hu.shape[0])[:, None].astype(np.float32)
    fx = np.fft.rfftfreq(hu.shape[1])[None].astype(np.float32)
    frequency2 = fx * fx + fy * fy
    transfer = np.exp(-2 * np.float32(np.pi * blur) ** 2 * frequency2)
    transfer *= 1 + np.float32(sharpening) * frequency2 / (frequency2 + np.float32(0.02))
    ramp = np.sqrt(frequency2 + np.float32(1e-4)) * transfer
    white = np.fft.rfft2(rng.standard_normal(hu.shape, dtype=np.float32))
    grain = np.fft.irfft2(white * ramp, s=hu.shape)
    grain *= noise / (grain.std() + 1e-6)
    return (np.fft.irfft2(np.fft.rfft2(hu) * transfer, s=hu.shape) + grain).astype(np.float32)
