"""From HU to grey levels: the lung window, and how a figure of a paper varies it."""

import dataclasses

import numpy as np

from tfds_covidct.windows import WINDOWS, Window, apply_window, share

LUNG_CENTRE, LUNG_WIDTH = WINDOWS["lung"].centre, WINDOWS["lung"].width


@dataclasses.dataclass(frozen=True)
class Display:
    """How a slice is shown.

    centre, width: of the window, in HU.
    black, white: grey levels of the window's two ends, 0 to 255.
    """

    centre: float = LUNG_CENTRE
    width: float = LUNG_WIDTH
    black: float = 0.0
    white: float = 255.0


def window(hu, centre=LUNG_CENTRE, width=LUNG_WIDTH):
    """Maps HU to grey levels.

    `centre - width / 2` and below become 0, `centre + width / 2` and above 255.

    Args:
        hu: array of any shape, HU.
        centre: HU shown as middle grey.
        width: HU from black to white, positive.

    Returns:
        uint8 array of the same shape.

    Raises:
        ValueError: if `width` is not positive, or either is not finite.
    """
    return apply_window(hu, Window(centre, width))


def show(hu, display):
    """Returns the uint8 picture of `hu` under a `Display`."""
    shares = share(hu, Window(display.centre, display.width))
    return np.rint(display.black + shares * (display.white - display.black)).astype(np.uint8)


def draw_display(rng):
    """Draws a `Display` scattered about the lung window, as the figures of many papers are."""
    centre = rng.normal(LUNG_CENTRE + 20, 45)
    width = np.clip(LUNG_WIDTH * rng.lognormal(-0.06, 0.36), 850, 2800)
    black = max(rng.normal(-12, 12), 0)
    white = np.clip(261 - rng.exponential(21), 180, 255)
    return Display(float(centre), float(width), float(black), float(white))
