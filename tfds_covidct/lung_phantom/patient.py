"""Who is on the table: the numbers that make one phantom patient differ from the next."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Patient:
    """One patient and the height of the slice. Lengths are in mm.

    level: height of the slice, 0 at the lung apex and 1 at the lung base.
    cavity: half width and half depth of the rib cage's inside in this slice.
    fat: thickness of the fat under the skin; muscle: thickness of the muscle outside the ribs.
    heart: factor on the heart's size.
    rotation: roll on the table, in radians.
    shift: sideways displacement of the mediastinum.
    girdle: how far outside its place the shoulder girdle begins; infinite below it.
    spine: y of the front of the vertebral body.
    breasts: depth of the breasts, 0 for none.
    """

    level: float
    cavity: tuple[float, float]
    fat: float
    muscle: float
    heart: float
    rotation: float
    shift: float
    girdle: float
    spine: float
    breasts: float

    @property
    def wall(self):
        """Half width and half depth of the body, without the spine's extra depth at the back."""
        extra = 11 + self.muscle + self.fat
        return self.cavity[0] + extra * 1.1, self.cavity[1] + extra


def draw_patient(rng):
    """Draws a `Patient` from a numpy `Generator`."""
    level = float(0.13 + 0.8 * rng.beta(1.7, 1.5))
    scale = float(np.clip(rng.normal(1.0, 0.07), 0.82, 1.2))
    levels = [0, 0.15, 0.4, 0.7, 1]
    half_width = 134 * scale * np.interp(level, levels, [0.55, 0.76, 0.95, 1, 1])
    half_width *= rng.normal(1.0, 0.05)
    half_depth = 88 * scale * np.interp(level, levels, [0.60, 0.80, 0.95, 1, 1])
    half_depth *= rng.normal(1.0, 0.07)
    has_breasts = rng.random() < 0.35 and 0.35 < level < 0.9
    return Patient(
        level=level,
        cavity=(float(half_width), float(half_depth)),
        fat=float(np.clip(rng.lognormal(np.log(8), 0.5), 4, 30)),
        muscle=float(rng.uniform(3, 8) + np.interp(level, [0.1, 0.4], [16, 0])),
        heart=float(np.clip(rng.normal(1.0, 0.1), 0.75, 1.3)),
        rotation=float(np.clip(rng.normal(0, np.radians(4)), -0.25, 0.25)),
        shift=float(rng.normal(0, 4)),
        girdle=0.0 if level < 0.35 else np.inf,
        spine=float(half_depth - rng.uniform(34, 44) * (0.6 + 0.4 * half_depth / 88)),
        breasts=float(rng.uniform(12, 38)) if has_breasts else 0.0,
    )
