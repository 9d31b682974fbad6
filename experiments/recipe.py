"""From the plain recipe of 2020 to today's default, one addition at a time.

python -m experiments.recipe --manual_dir=COVID-CT
"""

import sys

from experiments.study import Arm, Study, main

AVERAGE = dict(ema_decay=None, ema_half_life=10_000.0)
AUGMENT = dict(augment=("translation", "cutout"))
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
