"""Which generated images are a training scan nearly pixel by pixel.

One such image is enough to say that a scan was memorised: no comparison with real scans is needed, and
held-out scans neither. On COVID-CT the scans of different patients differ by 23 grey levels or more, and
by 23 % or more of their own spread; drawn phantoms by 14 or more. Means of three scans come to 20.
"""

import dataclasses

import numpy as np

# Root mean square of the grey levels' difference, after the moves and brightness of `nearest`.
GREY_LEVELS = 4.0
# A copy differs from the scan by at most this part of the scan's own spread, for what is flat is near to all
# that is nearly flat; and of its distance to the scan in the middle of all, for scans may be all alike.
# The middle stays where it is though one picture be in the set several times.
PART = 0.1


@dataclasses.dataclass(frozen=True)
class Exact:
    """The generated images that are a training scan nearly pixel by pixel.

    Attributes:
        count: of these images.
        scans: the number of training scans that they copy.
        share: of the generated images.
        grey_levels: the distance that none of them exceeds, as in `nearest.pixel_distances`.
    """

    count: int
    scans: int
    share: float
    grey_levels: float = GREY_LEVELS


def find(distances: np.ndarray, spread: np.ndarray, training: int) -> tuple[Exact, np.ndarray]:
    """Counts exact copies.

    Args:
        distances: float [g, n], of each image to each scan in pixels; training scans come first.
        spread: float [n], the standard deviation of each scan's grey levels.
        training: the number of training scans.

    Returns:
        (the count, bool [g]: which images are exact copies of a training scan).
    """
    limits = np.minimum(GREY_LEVELS, PART * spread[:training])
    middle = np.median(distances, axis=1, keepdims=True)
    near = distances[:, :training] < np.minimum(limits, PART * middle)
    copies = near.any(axis=1)
    scan = np.where(near, distances[:, :training], np.inf)[copies].argmin(axis=1)
    count = int(copies.sum())
    return Exact(count=count, scans=len(np.unique(scan)), share=count / len(copies)), copies
