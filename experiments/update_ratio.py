"""Discriminator and generator updates, 1:1 against 1:2, as UCLA 2020 tried.

python -m experiments.update_ratio --manual_dir=COVID-CT
"""

import sys

from experiments.study import Arm, Study, main

STUDY = Study(
    name="update_ratio",
    question=(
        "Does a second generator update for each of the discriminator help? Gubbi, Mody and Ng 2020 trained "
        "both ways; here with the default networks, in equal time."
    ),
    arms={f"1_to_{count}": Arm(discriminator_steps=1, generator_steps=count) for count in (1, 2)},
    minutes=4,
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
