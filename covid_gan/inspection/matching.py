"""Whether two pictures are one: the correlation of their fine structure after alignment."""

import functools
from collections.abc import Sequence

import numpy as np
import scipy.fft
from scipy.ndimage import gaussian_filter

from covid_gan.inspection.looks import THUMBNAIL, shrink

SIZE = 96
# How much larger one of the two may be shown: a crop of the other.
ZOOMS = (1.0, 1.03, 1.06, 1.09, 1.12)
_ZOOM_PAIRS = np.array([(i, j) for i in range(len(ZOOMS)) for j in range(len(ZOOMS)) if 0 in (i, j)]).T
MOST_SHIFT = 8
# Below this before the overlap is cut out, no pair reached 0.7 after it.
_WORTH_A_LOOK = 0.4
# The zooms whose overlaps are cut out and compared.
_BEST = 3


def structure(small: np.ndarray, zoom: float = 1.0) -> np.ndarray:
    """Edges and vessels of a thumbnail: float32 [96, 96] of mean 0, without what is coarse or finest.

    What all chests share is coarse, and goes; what compression adds is fine, and goes too.

    Args:
        small: uint8 [128, 128].
        zoom: 1 or above: only the middle is taken.
    """
    cut = round(THUMBNAIL * (1 - 1 / zoom) / 2)
    middle = small[cut : THUMBNAIL - cut, cut : THUMBNAIL - cut]
    picture = shrink(middle, SIZE, SIZE).astype(np.float32)
    band = gaussian_filter(picture, 0.7) - gaussian_filter(picture, 4)
    return band - band.mean()


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's correlation of two arrays of one shape; 0 where one of them is constant."""
    first, second = first - first.mean(), second - second.mean()
    length = np.sqrt((first * first).sum() * (second * second).sum())
    return float((first * second).sum() / length) if length > 1e-3 else 0.0


class Matcher:
    """Compares thumbnails by their indices, and remembers what it worked out for the last ones.

    Args:
        thumbnails: uint8 [128, 128] each.
    """

    def __init__(self, thumbnails: Sequence[np.ndarray]):
        self._thumbnails = thumbnails
        self._prepared = functools.lru_cache(maxsize=1024)(self._prepare)

    def _prepare(self, index):
        """The Fourier transforms, complex64 [zooms, 96, 49], of the structures, each of length 1."""
        bands = np.stack([structure(self._thumbnails[index], zoom) for zoom in ZOOMS])
        length = np.sqrt((bands**2).sum(axis=(1, 2), keepdims=True))
        return scipy.fft.rfft2(bands / np.maximum(length, 1e-3))

    def score(self, first: int, second: int) -> float:
        """The correlation, -1 to 1, at the best of a few zooms and shifts; 1 for the same picture."""
        one, other = self._prepared(first)[_ZOOM_PAIRS[0]], self._prepared(second)[_ZOOM_PAIRS[1]]
        everywhere = scipy.fft.irfft2(one.conj() * other, s=(SIZE, SIZE))
        near = np.roll(everywhere, (MOST_SHIFT, MOST_SHIFT), axis=(1, 2))
        near = near[:, : 2 * MOST_SHIFT + 1, : 2 * MOST_SHIFT + 1]
        peaks = near.max(axis=(1, 2))
        if peaks.max() < _WORTH_A_LOOK:
            return float(peaks.max())
        scores = []
        for n in np.argsort(peaks)[-_BEST:]:
            down, right = (int(v) - MOST_SHIFT for v in np.unravel_index(near[n].argmax(), near[n].shape))
            bands = (scipy.fft.irfft2(waves[n], s=(SIZE, SIZE)) for waves in (one, other))
            scores.append(correlation(*_overlap(*bands, down, right)))
        return max(scores)


def _overlap(first, second, down, right):
    """The parts of two arrays that lie on each other when `first` is moved `down` and `right`."""
    height, width = first.shape
    here = first[max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]
    there = second[max(0, down) : height - max(0, -down), max(0, right) : width - max(0, -right)]
    return here, there
