"""From the plain recipe of 2020 to today's default, one addition at a time; the default then adds resizing and dropout.

python -m experiments.recipe --manual_dir=COVID-CT
"""

import sys

from covid_gan import gans
from experiments.study import Arm, Study, main

# The parts of today's default that can be added to the plain recipe.
_TODAY = gans.DEFAULTS["dcgan"]
AVERAGE = dict(ema_decay=None, ema_half_life=_TODAY["ema_half_life"])
AUGMENT = dict(augment=_TODAY["augment"])
GUARDS = dict(on_collapse="rollback")

STUDY = Study(
    name="recipe",
    question="What does each part of today's recipe add to the plain DCGAN of 2020?",
    arms={
        "plain": Arm(preset="plain"),
        "+average": Arm(preset="plain", **AVERAGE),
        "+augment": Arm(preset="plain", **AVERAGE, **AUGMENT),
        "+guards": Arm(preset="plain", **AVERAGE, **AUGMENT, **GUARDS),
        "default": Arm(model="dcgan"),
    },
    minutes=4,
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
