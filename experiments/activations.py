"""Activations and dropout at equal budget, as the slides of Kiel 2020 compare them.

python -m experiments.activations --manual_dir=COVID-CT
"""

import sys

from experiments.study import Arm, Study, main

ACTIVATIONS = ("relu", "leaky_relu", "swish", "gelu")
DROPOUTS = {"": 0.0, "_30": 0.3, "_50": 0.5}

STUDY = Study(
    name="activations",
    question=(
        "Which activation, with how much dropout in the discriminator, makes the best lungs in equal time? "
        "The slides of Kiel 2020 prefer Swish to LeakyReLU, by eye."
    ),
    arms={
        name + ending: Arm(activation=name, dropout=rate)
        for name in ACTIVATIONS
        for ending, rate in DROPOUTS.items()
    },
    minutes=2,
    sections="slides",
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
