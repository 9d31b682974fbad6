"""Small versions of an image, and hashes of them, that survive another size, format or contrast."""

import numpy as np
import scipy.fft
from PIL import Image

# Rows and columns at the edges whose deviation is below this many grey levels are no part of the picture.
FLAT = 5
THUMBNAIL = 128
HASH_BITS = 128


def trim(image: np.ndarray) -> np.ndarray:
    """Cuts flat margins off a uint8 image [H, W]; an image that is flat all over stays as it is."""
    kept = image
    for _ in range(3):  # a margin above hides how flat the one beside it is
        rows = np.flatnonzero(kept.std(axis=1) > FLAT)
        columns = np.flatnonzero(kept.std(axis=0) > FLAT)
        if len(rows) < 8 or len(columns) < 8:
            return image
        kept = kept[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return kept


def shrink(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Stretches a uint8 image [H, W] to uint8 [height, width], by means where it gets smaller."""
    smaller = image.shape[0] >= height and image.shape[1] >= width
    method = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize((width, height), method))


def thumbnail(image: np.ndarray) -> np.ndarray:
    """The picture within the margins of a uint8 image [H, W], stretched to uint8 [128, 128]."""
    return shrink(trim(image), THUMBNAIL, THUMBNAIL)


def perceptual_hash(small: np.ndarray) -> np.ndarray:
    """bool [128] of a thumbnail: 64 bits of its coarse cosine transform, 64 of its differences.

    The first half says which of the 8 × 8 lowest frequencies are above their median (pHash,
    Zauner 2010), the second where the next of 8 × 9 means is brighter (dHash). Copies differ in
    few bits whatever their size, compression and contrast; so do some pictures that are no copies.

    Args:
        small: uint8 [128, 128], from `thumbnail`.
    """
    waves = scipy.fft.dctn(shrink(small, 32, 32).astype(np.float32), norm="ortho")[:8, :8].ravel()
    means = shrink(small, 8, 9).astype(np.float32)
    brighter = means[:, 1:] > means[:, :-1]
    return np.concatenate([waves > np.median(waves[1:]), brighter.ravel()])


def alike_by_hash(hashes: np.ndarray, most_bits: int, most_pairs: int) -> np.ndarray:
    """Pairs of images whose hashes differ in at most `most_bits`, the nearest first.

    Args:
        hashes: bool [n, 128].
        most_bits: of the 128.
        most_pairs: more than these are left off.

    Returns:
        int [pairs, 2], the first index below the second.
    """
    bits = hashes.astype(np.float32)
    found, distances = [], []
    for start in range(0, len(bits), 512):
        block = bits[start : start + 512]
        apart = block @ (1 - bits).T + (1 - block) @ bits.T
        first, second = np.nonzero(apart <= most_bits)
        keep = first + start < second
        found.append(np.stack([first[keep] + start, second[keep]], axis=1))
        distances.append(apart[first[keep], second[keep]])
    pairs, distance = np.concatenate(found), np.concatenate(distances)
    return pairs[np.argsort(distance, kind="stable")[:most_pairs]]
