"""DCGAN against the Wasserstein GANs, in equal time or with equally many generator updates.

python -m experiments.dcgan_vs_wgan_gp --manual_dir=COVID-CT
python -m experiments.dcgan_vs_wgan_gp --manual_dir=COVID-CT --equal=steps
"""

import sys

from experiments.study import Arm, Study, main

STUDY = Study(
    name="dcgan_vs_wgan_gp",
    question=(
        "Do Wasserstein GANs work better just because they are Wasserstein GANs? The slides of Kiel 2021 "
        "doubt it, and add that batch normalization could be a problem."
    ),
    arms={
        "dcgan": Arm(model="dcgan"),
        "wgan": Arm(model="wgan"),
        "wgan_gp": Arm(model="wgan_gp", discriminator_normalization="layer"),
        # What every other run refuses.
        "wgan_gp_batch": Arm(model="wgan_gp", discriminator_normalization="batch", allow_batch_norm=True),
    },
    minutes=5,
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
