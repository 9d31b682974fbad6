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
        self.real_features = extractor(real) if extractor else None

    @property
    def kid_key(self) -> str | None:
        """The key of the kernel distance in `score`; None without an extractor."""
        return f"kid_{self.extractor.key}" if self.extractor else None

    def score(self, fake: np.ndarray) -> dict[str, float]:
        """Pixel measures and, with an extractor, those on features.

        Args:
            fake: uint8 [m, S, S, 1], m ≥ 16.

        Raises:
            ValueError: too few images or another size.
        """
        return self.measure(fake)[0]

    def measure(
        self, fake: np.ndarray, features: np.ndarray | None = None, interval: bool = True
    ) -> tuple[dict[str, float], dict[str, str]]:
        """The same, and why what is missing could not be measured.

        Args:
            fake: uint8 [m, S, S, 1], m ≥ 16.
            features: of these images, where they are at hand.
            interval: whether that of the kernel distance is wanted.

        Returns:
            Numbers by key; reasons by key.

        Raises:
            ValueError: as `score`.
        """
        values, skipped = metrics.pixel_report(self.real, fake, self.seed)
        if self.extractor:
            features = self.extractor(fake) if features is None else features
            found, reasons = metrics.feature_report(
                self.real_features, features, self.extractor.key, self.seed, interval
            )
            values, skipped = values | found, skipped | reasons
        return values, skipped
