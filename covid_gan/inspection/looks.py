"""Small versions of an image, and hashes of them, that survive another size, format or contrast."""

import numpy as np
import scipy.fft
from PIL import Image

# Rows and columns at the edges whose deviation is below this many grey levels are no part of the picture.
FLAT = 5
THUMBNAIL = 128
HASH_BITS = 128
# Distances that are worked out at a time.
_BLOCK = 2**20


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


def alike_by_hash(hashes: np.ndarray, most_bits: int, most_each: int, homes: np.ndarray) -> np.ndarray:
    """Pairs of images whose hashes differ in few bits, the nearest first.

    For each image its nearest ones are kept, those of its own home and those of others apart; so
    there are at most 2 · n · `most_each` pairs, and no more are held in memory on the way.

    Args:
        hashes: bool [n, 128].
        most_bits: of the 128, by which a pair may differ.
        most_each: partners of an image in its own home, and as many elsewhere.
        homes: int [n], such as a number for each class and split.

    Returns:
        int [pairs, 2], the first index below the second.
    """
    bits = hashes.astype(np.float32)
    flipped = (1 - bits).T
    rows = max(1, _BLOCK // len(bits))
    found = [np.zeros((0, 3), np.int64)]
    for start in range(0, len(bits), rows):
        block = bits[start : start + rows]
        apart = block @ flipped + (1 - block) @ bits.T
        apart[np.arange(len(block)), np.arange(start, start + len(block))] = np.inf
        same = homes[start : start + rows, None] == homes
        for wanted in (same, ~same):
            found.append(_nearest(np.where(wanted, apart, np.inf), most_bits, most_each, start))
    pairs = np.concatenate(found)
    pairs = np.unique(
        np.column_stack([pairs[:, 2], pairs[:, :2].min(axis=1), pairs[:, :2].max(axis=1)]), axis=0
    )
    return pairs[:, 1:]


def _nearest(apart, most_bits, most_each, start):
    """For each row the columns of its smallest values: int [found, 3] of row + start, column, value."""
    count = min(most_each, apart.shape[1])
    columns = np.argpartition(apart, count - 1, axis=1)[:, :count].ravel()
    rows = np.repeat(np.arange(len(apart)), count)
    values = apart[rows, columns]
    keep = values <= most_bits
    return np.column_stack([rows[keep] + start, columns[keep], values[keep].astype(np.int64)])
