"""How near images lie to scans, mirrored and shifted if that brings them nearer."""

import dataclasses

import numpy as np
from PIL import Image

# Larger images are first shrunk to this many pixels on their longer side.
SIDE = 64
SHIFT = 2
# The least that shifts must leave of an image, in pixels on its shorter side.
LEAST_SIDE = 8
# Images and moved scans that are multiplied at a time: 16 scans move in 50 ways each.
_QUERIES, _SCANS = 1024, 16
_ROWS = 256


@dataclasses.dataclass(frozen=True)
class Move:
    """What brings a scan onto an image, at the compared resolution.

    Attributes:
        mirrored: the scan is mirrored left-right, before it is shifted.
        down: pixels by which the scan is moved down; negative for up.
        right: pixels by which it is moved right; negative for left.
    """

    mirrored: bool
    down: int
    right: int


def shrink(images: np.ndarray) -> np.ndarray:
    """Images at the resolution at which they are compared.

    Each pixel is the mean of those it covers. What is finer than that is not compared, so two
    images that differ in their grain alone count as one.

    Args:
        images: uint8 [n, H, W, 1].

    Returns:
        float32 [n, h, w], grey levels; the longer of h and w is at most `SIDE`.
    """
    longer = max(images.shape[1:3])
    if longer <= SIDE:
        return images[..., 0].astype(np.float32)
    height, width = (max(1, round(side * SIDE / longer)) for side in images.shape[1:3])
    small = [
        Image.fromarray(i[..., 0].astype(np.float32)).resize((width, height), Image.Resampling.BOX)
        for i in images
    ]
    return np.stack([np.asarray(image) for image in small])


def pixel_distances(queries: np.ndarray, scans: np.ndarray, shift: int = SHIFT) -> np.ndarray:
    """The smallest distance of each image to each scan, over mirroring and shifts of the scan.

    The distance is the root mean square of the grey levels' difference less its mean: what is
    brighter as a whole is no farther. Contrast counts. The middle of the image is compared with
    all places of its size in the scan, so that nothing is made up at the border.

    Args:
        queries: float32 [q, h, w], as `shrink` returns.
        scans: float32 [n, h, w].
        shift: the scan moves up to so many pixels each way.

    Returns:
        float32 [q, n] in grey levels, right to 0.1.

    Raises:
        ValueError: `shift` is negative or leaves less than 8 pixels.
    """
    _check_shift(scans, shift)
    distances = np.empty((len(queries), len(scans)), np.float32)
    for start in range(0, len(scans), _SCANS):
        moved = _moved(scans[start : start + _SCANS], shift)
        lengths = np.square(moved).sum(axis=2)
        flat = moved.reshape(-1, moved.shape[2]).T
        for first in range(0, len(queries), _QUERIES):
            middles = _middles(queries[first : first + _QUERIES], shift)
            products = (middles @ flat).reshape(len(middles), *lengths.shape)
            squares = (lengths - 2 * products).min(axis=2) + np.square(middles).sum(axis=1)[:, None]
            roots = np.sqrt(squares.clip(0) / middles.shape[1])
            distances[first : first + _QUERIES, start : start + _SCANS] = roots
    return distances


def spread(scans: np.ndarray, shift: int = SHIFT) -> np.ndarray:
    """The standard deviation of each scan's grey levels, of what no shift moves out of sight.

    Args:
        scans: float32 [n, h, w], as `shrink` returns.
        shift: as in `pixel_distances`.

    Returns:
        float32 [n].
    """
    _check_shift(scans, shift)
    return _middles(scans, shift).std(axis=1)


def align(query: np.ndarray, scan: np.ndarray, shift: int = SHIFT) -> tuple[float, Move]:
    """The distance of one image to one scan, and the move of the scan that gives it.

    Args:
        query, scan: float32 [h, w].
        shift: as in `pixel_distances`.

    Returns:
        (grey levels to double precision, the first best move).
    """
    _check_shift(scan[None], shift)
    middle = _middles(query[None].astype(np.float64), shift)
    squares = np.square(_moved(scan[None].astype(np.float64), shift)[0] - middle).mean(axis=1)
    best = int(squares.argmin())
    way = 2 * shift + 1
    mirrored, down, right = np.unravel_index(best, (2, way, way))
    # A window that starts further down shows the scan moved up.
    return float(np.sqrt(squares[best])), Move(bool(mirrored), shift - int(down), shift - int(right))


def feature_distances(queries: np.ndarray, scans: np.ndarray, mirrored: np.ndarray | None) -> np.ndarray:
    """The Euclidean distance of each image's features to those of each scan or of its mirror image.

    Args:
        queries: float [q, d].
        scans: float [n, d].
        mirrored: float [n, d], of the scans mirrored left-right; None to compare with `scans` alone.

    Returns:
        float32 [q, n].
    """
    ways = [np.asarray(way, np.float64) for way in (scans, mirrored) if way is not None]
    centre = ways[0].mean(axis=0)
    ways = [way - centre for way in ways]
    distances = np.empty((len(queries), len(scans)), np.float32)
    for start in range(0, len(queries), _ROWS):
        rows = np.asarray(queries[start : start + _ROWS], np.float64) - centre
        own = np.square(rows).sum(axis=1)[:, None]
        squares = [own + np.square(way).sum(axis=1) - 2 * rows @ way.T for way in ways]
        distances[start : start + _ROWS] = np.sqrt(np.minimum.reduce(squares).clip(0))
    return distances


def _check_shift(scans, shift):
    if shift < 0 or min(scans.shape[1:]) - 2 * shift < LEAST_SIDE:
        raise ValueError(
            f"`shift` must be 0 or more and leave {LEAST_SIDE} pixels of {min(scans.shape[1:])}. "
            f"Received: shift={shift}"
        )


def _middles(images, shift):
    """What no shift moves out of sight, as vectors of mean 0: [n, pixels]."""
    height, width = images.shape[1:]
    middles = images[:, shift : height - shift, shift : width - shift].reshape(len(images), -1)
    return middles - middles.mean(axis=1, keepdims=True)


def _moved(scans, shift):
    """Each place of the middle's size, plain and mirrored, as vectors of mean 0: [n, places, pixels]."""
    size = [side - 2 * shift for side in scans.shape[1:]]
    both = np.stack([scans, scans[:, :, ::-1]], axis=1)
    places = np.lib.stride_tricks.sliding_window_view(both, size, axis=(2, 3))
    places = places.reshape(len(scans), -1, size[0] * size[1])
    return places - places.mean(axis=2, keepdims=True)
