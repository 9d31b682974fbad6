"""Looks at a GAN between steps, and says when it has collapsed."""

import numpy as np
import tensorflow as tf

from covid_gan.checkpoint_files import SUSPECT, SUSPICIONS
from covid_gan.errors import RunError
from covid_gan.gans import base
from covid_gan.training import collapse
from covid_gan.training.collapse import RULES

# Steps between two looks of the `Watch`; its rules count looks.
LOOK_EVERY = 50
# From here on images count, whether they have ever been healthy or not.
GRACE_STEPS = 2000
# Real scans that generated images are compared with.
SCANS = 512


class CollapseError(RunError):
    """A run has collapsed."""


class Watch:
    """Looks at a GAN now and then, and says when it has collapsed.

    Images are judged from the first healthy look on, or after `GRACE_STEPS`: at first they are all alike.

    Args:
        gan: a compiled `Gan` with its first weights.
        real: real scans, uint8 [n, H, W, 1].

    Attributes:
        memory: int64 variables by name, for checkpoints: for each rule how many looks in a row were bad
            (all zero: healthy), whether the last look or glance was bad, whether images have ever been
            healthy, and for how many steps the discriminator has made no mistake.
    """

    def __init__(self, gan, real: np.ndarray):
        self._weights = gan.generator.trainable_weights + gan.discriminator.trainable_weights
        self._normal = collapse.normal(real, self._norm())
        self._suspicions = tf.Variable(tf.zeros([len(RULES)], tf.int64), trainable=False)
        self._suspect = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._seen_healthy = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._sure_steps = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.memory = {
            SUSPICIONS: [self._suspicions],
            SUSPECT: [self._suspect],
            "seen_healthy": [self._seen_healthy],
            "sure_steps": [self._sure_steps],
        }

    def count(self, values: dict[str, float], steps: int = 1) -> None:
        """Notes the losses of the last `steps`, as means since the curves' last point.

        So a mistake of the discriminator counts until the next point: with a `log_every` of thousands of
        steps a discriminator that has won is noticed late.
        """
        sure = [values.get(key) == 1.0 for key in (base.REAL_ACCURACY, base.FAKE_ACCURACY)]
        self._sure_steps.assign(self._sure_steps + steps if all(sure) else 0)

    def look(
        self, step: int, values: dict[str, float], images: np.ndarray
    ) -> tuple[dict[str, float], list[str], list[str]]:
        """Measures the signs of a collapse.

        Args:
            step: the number of the step.
            values: its losses by name.
            images: of the generator's last weights, uint8 [n, H, W, 1], n ≥ 2.

        Returns:
            The signs by name; what is wrong since long enough, as sentences; and what of it is new.
        """
        signs = self._signs(values, images)
        if not any(rule.is_bad(signs) for rule in RULES.values() if rule.of_images):
            self._seen_healthy.assign(1)
        bad = self._bad(step, signs)
        counts = [(count + 1) * now for count, now in zip(self._suspicions.numpy(), bad, strict=True)]
        self._suspicions.assign(counts)
        self._suspect.assign(int(any(bad)))
        lasting = [
            (rule, count) for count, rule in zip(counts, RULES.values(), strict=True) if count >= rule.looks
        ]
        return signs, [rule.says for rule, _ in lasting], [r.says for r, count in lasting if count == r.looks]

    def glance(self, step: int, values: dict[str, float], images: np.ndarray) -> None:
        """Notes for a checkpoint between two looks whether it is suspect; the looks do not count it."""
        self._suspect.assign(int(any(self._bad(step, self._signs(values, images)))))

    def _signs(self, values, images):
        return collapse.signs(images, self._norm(), values, int(self._sure_steps), self._normal)

    def _bad(self, step, signs) -> list[bool]:
        """Which rules are broken; those about images count only when they ought to show something."""
        judged = step >= GRACE_STEPS or bool(self._seen_healthy)
        return [rule.is_bad(signs) and (judged or not rule.of_images) for rule in RULES.values()]

    def _norm(self):
        return float(tf.linalg.global_norm([weight.value for weight in self._weights]))
