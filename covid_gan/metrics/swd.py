"""Sliced Wasserstein distance between the patches of two sets of images, scale by scale."""

import numpy as np

from covid_gan.metrics.checks import check_images, check_pair, check_square

PATCH = 7
PATCHES = 6000
DIRECTIONS = 256
# Levels are halved down to this many pixels: 3 levels for images of 64.
COARSEST = 16
# Images whose pyramids are in memory together.
_BLOCK = 512
# What random numbers are drawn for; each has a stream of its own.
_IMAGES, _PLACES, _AXES = range(3)


def level_sizes(size: int) -> tuple[int, ...]:
    """The sides of the levels, fine to coarse: 64 gives 64, 32, 16, and 28 gives 28 alone."""
    sizes = [size]
    while sizes[-1] % 2 == 0 and sizes[-1] // 2 >= COARSEST:
        sizes.append(sizes[-1] // 2)
    return tuple(sizes)


def laplacian_pyramid(images: np.ndarray) -> list[np.ndarray]:
    """What each scale adds to the next coarser one, whose pixels are means of 2×2.

    Args:
        images: [n, H, H], H ≥ 7.

    Returns:
        float32 [n, s, s] for each s of `level_sizes(H)`. All but the last are the images of
        that scale less the next scale's, each of its pixels repeated 2×2; the last is what remains.
    """
    levels, current = [], images.astype(np.float32)
    for size in level_sizes(images.shape[1])[1:]:
        coarse = current.reshape(-1, size, 2, size, 2).mean(axis=(2, 4))
        levels.append(current - coarse.repeat(2, axis=1).repeat(2, axis=2))
        current = coarse
    return [*levels, current]


def sliced_distance(first: np.ndarray, second: np.ndarray, seed: int, directions: int = DIRECTIONS) -> float:
    """The mean Wasserstein-1 distance of two point clouds over random directions.

    Args:
        first, second: [n, d], of one shape.
        seed: of the directions, which are uniform on the sphere.
        directions: how many.

    Returns:
        The mean absolute difference of the sorted projections, in the points' unit.

    Raises:
        ValueError: the shapes differ.

    Reference:
        Rabin et al. 2011, https://doi.org/10.1007/978-3-642-24785-9_37
    """
    if first.shape != second.shape or first.ndim != 2:
        raise ValueError(
            f"`first` and `second` must be points [n, d] of one shape. Received: {first.shape}, {second.shape}"
        )
    axes = np.random.default_rng([seed, _AXES]).normal(size=(directions, first.shape[1]))
    axes = (axes / np.linalg.norm(axes, axis=1, keepdims=True)).astype(np.float32)
    one, other = (np.sort(axes @ points.T, axis=1) for points in (first, second))
    return float(np.abs(one - other).mean(dtype=np.float64))


def sliced_wasserstein(real: np.ndarray, fake: np.ndarray, seed: int = 0) -> tuple[float, ...]:
    """The sliced Wasserstein distance of 7×7 patches, for each level of the Laplacian pyramid.

    6,000 patches are taken from each set, whatever its size: the k-th from the k-th image of a
    random order, which is begun anew where the images come to an end, so that all images give
    equally many to within one. (Of more than 6,000 images a random 6,000 give one each.) The
    k-th patches of both sets have the same place in their images, so two equal arrays are at
    distance 0. Patches are divided by the standard deviation, one number a level, of the real ones.

    Args:
        real: uint8 [n, H, H, 1], n ≥ 16, H ≥ 7.
        fake: uint8 [m, H, H, 1], m ≥ 16.
        seed: not negative; of the images' order, the places and the directions.

    Returns:
        A distance for each size of `level_sizes(H)`, fine to coarse, in standard deviations of the
        real patches. Drawing 6,000 patches alone gives about 0.025: the same scans in another order.

    Raises:
        ValueError: too few images, another type, sizes that differ, not square, or real images
            that are constant at some level.

    Reference:
        Karras et al. 2018, section 5, https://arxiv.org/abs/1710.10196 (with 2×2 means for its
        Gaussian filter and one standard deviation, without the mean, for its normalisation)
    """
    check_pair(real, fake)
    check_square(real, PATCH)
    distances = []
    for size, first, second in zip(level_sizes(real.shape[1]), patches(real, seed), patches(fake, seed)):
        deviation = first.std(dtype=np.float64)
        if not deviation > 0:
            raise ValueError(f"`real` must not be constant. Received: no structure at {size} pixels")
        distances.append(sliced_distance(first / deviation, second / deviation, seed))
    return tuple(distances)


def patches(images: np.ndarray, seed: int) -> list[np.ndarray]:
    """Draws 6,000 patches of each level of the pyramid, as `sliced_wasserstein` says.

    Args:
        images: uint8 [n, H, H, 1], H ≥ 7.
        seed: of the order of the images and of the places.

    Returns:
        float32 [6000, 49] for each level, fine to coarse, in grey levels.

    Raises:
        ValueError: another type or shape, or no image.
    """
    check_images("images", images, least=1)
    check_square(images, PATCH)
    sizes = level_sizes(images.shape[1])
    order = np.random.default_rng([seed, _IMAGES]).permutation(len(images))[:PATCHES]
    source = np.arange(PATCHES) % len(order)
    rng = np.random.default_rng([seed, _PLACES])
    places = [rng.integers(0, size - PATCH + 1, (2, PATCHES)) for size in sizes]
    drawn = [np.empty((PATCHES, PATCH * PATCH), np.float32) for _ in sizes]
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        wanted = np.flatnonzero((source >= start) & (source < start + len(block)))
        for level, (down, right), into in zip(laplacian_pyramid(images[block, ..., 0]), places, drawn):
            windows = np.lib.stride_tricks.sliding_window_view(level, (PATCH, PATCH), axis=(1, 2))
            cut = windows[source[wanted] - start, down[wanted], right[wanted]]
            into[wanted] = cut.reshape(len(wanted), -1)
    return drawn
