"""Scores images against real scans, the same way during training and in a report."""

from collections.abc import Callable

import numpy as np

from covid_gan import metrics


class Judge:
    """Measures generated images against a set of real scans.

    Args:
        real: uint8 [n, S, S, 1], the scans to compare with.
        extractor: images → features [n, d], with a `key` that names it; None for pixel measures alone.
        seed: of what the measures draw.
    """

    def __init__(self, real: np.ndarray, extractor: Callable | None = None, seed: int = 0):
        self.real, self.extractor, self.seed = real, extractor, seed
        self._real_features = extractor(real) if extractor else None

    @property
    def kid_key(self) -> str | None:
        """The key of the kernel distance in `score`; None without an extractor."""
        return f"kid_{self.extractor.key}" if self.extractor else None

    def score(self, fake: np.ndarray) -> dict[str, float]:
        """Pixel measures and, with an extractor, those on features.

        Args:
            fake: uint8 [m, S, S, 1], m ≥ 64.

        Raises:
            ValueError: too few images or another size.
        """
        values = metrics.pixel_report(self.real, fake, self.seed)
        if self.extractor:
            measured, _ = metrics.feature_report(
                self._real_features, self.extractor(fake), self.extractor.key, self.seed
            )
            values |= measured
        return values
