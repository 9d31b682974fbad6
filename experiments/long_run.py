"""A long training with and without guards, moving average and augmentation: how the measures move.

python -m experiments.long_run --manual_dir=COVID-CT --seeds=1
"""

import sys

from experiments.recipe import AUGMENT, AVERAGE, GUARDS
from experiments.study import STEPS, Arm, Study, main

STUDY = Study(
    name="long_run",
    question=(
        "How do the measures move over a long training, and where does it collapse, if it does? "
        'Kiel 2020 trained for "14,720 epochs, with lots of instability".'
    ),
    arms={
        "plain": Arm(preset="plain"),
        "guards": Arm(preset="plain", **GUARDS),
        "average": Arm(preset="plain", **AVERAGE),
        "augment": Arm(preset="plain", **AUGMENT),
        "all": Arm(preset="plain", **GUARDS, **AVERAGE, **AUGMENT),
    },
    minutes=20,
    equal=STEPS,
    sections="over_training",
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
