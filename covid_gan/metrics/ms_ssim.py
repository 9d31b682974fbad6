"""Diversity by structural similarity: how alike two images of a set look, scale by scale."""

import functools

import numpy as np

from covid_gan.metrics.checks import check_images, check_pair, check_square

# Weights of the scales, fine to coarse, and the window and constants of the papers.
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW, SIGMA = 11, 1.5
LUMINANCE, CONTRAST = (0.01 * 255) ** 2, (0.03 * 255) ** 2
PAIRS = 1000
# Pixels of each of a block's images, which are filtered together.
_BLOCK = 2**19


def scales(size: int) -> int:
    """The number of scales, each half of the one before, that hold the window: 5 from 161 pixels, 3 at 64."""
    count = 0
    while count < len(WEIGHTS) and size >= WINDOW:
        count, size = count + 1, -(-size // 2)
    return count


def ms_ssim(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The multi-scale structural similarity of pairs of images.

    The standard has five scales. Images of 160 pixels or less have fewer (`scales`); the weights
    of these are divided by their sum. Values of different numbers of scales cannot be compared.

    Args:
        first, second: uint8 [n, H, H, 1], H ≥ 11.

    Returns:
        float64 [n], 0 to 1; 1 for equal images.

    Raises:
        ValueError: another type, shapes that differ, not square, or too small.

    Reference:
        Wang et al. 2003, https://doi.org/10.1109/ACSSC.2003.1292216
    """
    for name, images in (("first", first), ("second", second)):
        check_images(name, images, least=1)
    if first.shape != second.shape:
        raise ValueError(f"`first` and `second` must have one shape. Received: {first.shape}, {second.shape}")
    check_square(first, WINDOW)
    step = max(1, _BLOCK // first[0].size)
    blocks = [slice(start, start + step) for start in range(0, len(first), step)]
    return np.concatenate([_block(first[block, ..., 0], second[block, ..., 0]) for block in blocks])


def mean_ms_ssim(images: np.ndarray, seed: int = 0, pairs: int = PAIRS) -> float:
    """The mean MS-SSIM of pairs of different images of a set: the lower, the more diverse.

    Args:
        images: uint8 [n, H, H, 1], n ≥ 2, H ≥ 11.
        seed: of the pairs.
        pairs: how many are drawn, each at most once; all, if there are no more.

    Returns:
        0 to 1; 1 for copies of one image.

    Raises:
        ValueError: as `ms_ssim`, or too few images or pairs.

    Reference:
        Odena et al. 2017, section 4.2, https://arxiv.org/abs/1610.09585
    """
    check_images("images", images, least=2)
    if pairs < 1:
        raise ValueError(f"`pairs` must be at least 1. Received: pairs={pairs}")
    first, second = _pairs(len(images), pairs, seed)
    return float(ms_ssim(images[first], images[second]).mean())


def ms_ssim_diversity(real: np.ndarray, fake: np.ndarray, seed: int = 0) -> tuple[float, float, float]:
    """How unlike each other generated images look, relative to real scans.

    Args:
        real: uint8 [n, H, H, 1], n ≥ 16, H ≥ 11.
        fake: uint8 [m, H, H, 1], m ≥ 16.
        seed: of the pairs.

    Returns:
        The mean MS-SSIM of real pairs, that of generated pairs, and (1 - generated) / (1 - real): 0
        for copies of one image, 1 for images as different as scans; more for noise.

    Raises:
        ValueError: as `mean_ms_ssim`, sizes that differ, or real scans that are all equal.
    """
    check_pair(real, fake)
    among_real, among_fake = mean_ms_ssim(real, seed), mean_ms_ssim(fake, seed)
    if not among_real < 1:
        raise ValueError("`real` must hold scans that differ. Received: copies of one image")
    return among_real, among_fake, (1 - among_fake) / (1 - among_real)


def _pairs(count, pairs, seed):
    """Indices of pairs of different images, no pair twice: two int arrays [k], first < second."""
    total = count * (count - 1) // 2
    if total <= pairs:
        return np.triu_indices(count, 1)
    drawn = np.random.default_rng(seed).choice(total, pairs, replace=False)
    # Pair p is (first, second) with p = second·(second - 1) / 2 + first.
    second = ((1 + np.sqrt(8 * drawn + 1)) // 2).astype(np.int64)
    return drawn - second * (second - 1) // 2, second


def _block(first, second):
    first, second = first.astype(np.float64), second.astype(np.float64)
    weights = np.array(WEIGHTS[: scales(first.shape[1])])
    values = []
    for scale in range(len(weights)):
        if scale:
            first, second = _halved(first), _halved(second)
        structure, whole = _similarity(first, second)
        values.append(whole if scale == len(weights) - 1 else structure)
    # Where contrasts are opposite a value is below 0, which has no power.
    return np.prod(np.maximum(values, 0).T ** (weights / weights.sum()), axis=1)


def _similarity(first, second):
    """The means over an image of contrast and structure, and of SSIM: two arrays [n]."""
    means, others = _filtered(first), _filtered(second)
    products, squares = means * others, means**2 + others**2
    structure = (2 * (_filtered(first * second) - products) + CONTRAST) / (
        _filtered(first**2 + second**2) - squares + CONTRAST
    )
    luminance = (2 * products + LUMINANCE) / (squares + LUMINANCE)
    return structure.mean(axis=(1, 2)), (structure * luminance).mean(axis=(1, 2))


def _filtered(images):
    """Gaussian means in the windows that lie in the image, [n, H, H] to [n, H - 10, H - 10]."""
    rows = _band(images.shape[1])
    return rows @ images @ rows.T


@functools.lru_cache
def _band(size):
    """The matrix [size - 10, size] whose rows are the window, each a pixel further on."""
    window = np.exp(-0.5 * ((np.arange(WINDOW) - WINDOW // 2) / SIGMA) ** 2)
    window /= window.sum()
    return np.stack([np.pad(window, (at, size - WINDOW - at)) for at in range(size - WINDOW + 1)])


def _halved(images):
    """Means of 2×2; of an odd size the last row and column are repeated."""
    odd = images.shape[1] % 2
    images = np.pad(images, ((0, 0), (0, odd), (0, odd)), mode="edge")
    return images.reshape(len(images), images.shape[1] // 2, 2, -1, 2).mean(axis=(2, 4))
