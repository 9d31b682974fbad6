"""Images in, features out: what all extractors have in common."""

import dataclasses
from collections.abc import Callable

import numpy as np

from covid_gan.metrics.checks import check_images

BLOCK = 64


@dataclasses.dataclass(frozen=True)
class Extractor:
    """A network that describes images by numbers.

    Attributes:
        name: of its kind, as in `covid_gan.features.EXTRACTORS`.
        key: what its numbers are named with, such as "ct-1a2b3c"; no two extractors share it.
        fingerprint: a SHA-256 that it has alone.
        dim: numbers for each image.
        size: height and width of its images in pixels; None: any.
        compute: uint8 [block, H, W, 1] → float32 [block, dim].
        block: images that are computed together. There are always this many, so that neither an
            image's neighbours nor their number change its features, not even in the last bit.
    """

    name: str
    key: str
    fingerprint: str
    dim: int
    size: int | None
    compute: Callable[[np.ndarray], np.ndarray]
    block: int = BLOCK

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """The features of images, each a function of that image alone.

        Args:
            images: uint8 [n, H, W, 1], n ≥ 1.

        Returns:
            float32 [n, dim].

        Raises:
            ValueError: another type, shape or size, or no image.
        """
        check_images("images", images, least=1)
        if self.size and images.shape[1:3] != (self.size, self.size):
            raise ValueError(
                f"`images` must have the size of the extractor {self.key}, {self.size} × {self.size} pixels. "
                f"Received: {images.shape[1]} × {images.shape[2]}"
            )
        features = np.empty((len(images), self.dim), np.float32)
        for start in range(0, len(images), self.block):
            block = images[start : start + self.block]
            filled = np.resize(block, (self.block, *block.shape[1:]))
            features[start : start + self.block] = self.compute(filled)[: len(block)]
        return features
