"""The 28-pixel experiment of Kiel 2020: ReLU against LeakyReLU at a learning rate of 1e-4.

python -m experiments.tiny --manual_dir=COVID-CT
"""

import sys

from experiments.study import Arm, Study, main

STUDY = Study(
    name="tiny",
    question="At 28 × 28 pixels and a learning rate of 1e-4, is LeakyReLU better than ReLU, as in Kiel 2020?",
    arms={name: Arm(preset="kiel28", activation=name) for name in ("relu", "leaky_relu")},
    minutes=2,
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
