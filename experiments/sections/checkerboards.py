"""Checkerboards in images: power at the frequencies of a grid, above that around them."""

from pathlib import Path

import numpy as np

from covid_gan.evaluation.text import code, number, table
from covid_gan.metrics.checks import check_images, check_square
from experiments.study import figures, pictures, words
from experiments.study.results import Results

# A generator that doubles its maps three times can leave grids of these periods, in pixels.
PERIODS = (2, 4, 8)
# Images of each run that are looked at.
COUNT = 512
# Frequencies on each side of a peak that it is compared with.
_AROUND = 2


def checkerboard_energy(images: np.ndarray, period: int) -> float:
    """How far the power spectrum stands out at the frequencies of a grid.

    Every pattern of `period` pixels in both directions has its power at the multiples of H / period. Those on
    the axes are left out, where every image with a border has power, and those of half the period, which are
    measured by their own.

    Args:
        images: uint8 [n, H, H, 1], n ≥ 1, H ≥ 16.
        period: 2, 4 or 8 pixels.

    Returns:
        The mean natural log of the power at these frequencies relative to the median of the 24 around each:
        0 without a grid, 1 for e times the power. White noise has |value| < 0.5 from one image on.

    Raises:
        ValueError: another type or shape, or another period.
    """
    check_images("images", images, least=1)
    check_square(images, 16)
    if period not in PERIODS:
        raise ValueError(f"`period` must be one of {PERIODS}. Received: period={period}")
    grey = images[..., 0].astype(np.float64)
    grey -= grey.mean(axis=(1, 2), keepdims=True)
    # A constant has no peak: rounding must not make one.
    power = (np.abs(np.fft.fft2(grey)) ** 2).mean(axis=0) + 1e-6
    return float(np.mean([_peak(power, v, u) for v, u in _frequencies(images.shape[1], period)]))


def _frequencies(size, period):
    """Both parts not 0, and at least one that no grid of half the period has."""
    multiples = [k * size // period for k in range(1, period)]
    coarse = {2 * k * size // period for k in range(1, period // 2 + 1)}
    return [(v, u) for v in multiples for u in multiples if v not in coarse or u not in coarse]


def _peak(power, v, u):
    """Log of the power at a frequency relative to the median around it."""
    near = range(-_AROUND, _AROUND + 1)
    size = len(power)
    around = [power[(v + i) % size, (u + j) % size] for i in near for j in near if i or j]
    return np.log(power[v, u] / np.median(around))


def sections(results: Results, folder: Path) -> list[str]:
    """Markdown: the energy by arm and period, beside that of the scans, and the mean spectra."""
    made = {arm: [pictures.generated(r, COUNT) for r in results.of(arm) if r.report] for arm in results.arms}
    real = pictures.scans(results.judged[0])
    rows = [["*scans*", *(number(checkerboard_energy(real, period)) for period in PERIODS)]]
    for arm, runs in made.items():
        energies = [[checkerboard_energy(images, period) for images in runs] for period in PERIODS]
        rows.append([code(arm), *map(words.mean_and_spread, energies)])
    spectra = {"scans": real} | {arm: np.concatenate(runs) for arm, runs in made.items() if runs}
    figures.save(_spectra(spectra), folder / "checkerboards.png")
    caption = "Log power by frequency, 0 in the middle: dots away from it are checkerboards"
    head = ["arm", *(f"period of {period} px" for period in PERIODS)]
    return [
        f"## Checkerboards\n\nNatural log of the power at the frequencies of a grid, relative to that around "
        f"them: 0 without a grid.\n\n{table(head, rows)}\n\n"
        f"![{caption}](figures/checkerboards.png)\n\n{caption}."
    ]


def _spectra(sets):
    drawing = figures.figure(3.2 * len(sets), 3.4)
    panels = drawing.subplots(1, len(sets), squeeze=False)[0]
    logs = {}
    for name, images in sets.items():
        grey = images[..., 0].astype(np.float64)
        grey -= grey.mean(axis=(1, 2), keepdims=True)
        logs[name] = np.fft.fftshift(np.log((np.abs(np.fft.fft2(grey)) ** 2).mean(axis=0) + 1e-6))
    low, high = np.percentile(logs["scans"], [0, 99.5])
    for axes, (name, picture) in zip(panels, logs.items(), strict=True):
        axes.imshow(picture, vmin=low, vmax=high, cmap="viridis")
        axes.set_title(name, fontsize=9)
        axes.set_axis_off()
    return drawing
