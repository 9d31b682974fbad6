"""DCGAN against the Wasserstein GANs, in equal time or with equally many generator updates.

python -m experiments.dcgan_vs_wgan_gp --manual_dir=COVID-CT
python -m experiments.dcgan_vs_wgan_gp --manual_dir=COVID-CT --equal=steps
"""

import sys

from experiments.study import Arm, Study, main

# As near to Gulrajani et al. 2017 as it makes lungs in this time; today's default is another.
WGAN_GP = dict(model="wgan_gp", learning_rate=3e-4, beta_2=0.9, dropout=0.0)

STUDY = Study(
    name="dcgan_vs_wgan_gp",
    question=(
        "Do Wasserstein GANs work better just because they are Wasserstein GANs? The slides of Kiel 2021 "
        "doubt it, and add that batch normalization could be a problem."
    ),
    arms={
        "dcgan": Arm(model="dcgan"),
        "wgan": Arm(model="wgan"),
        "wgan_gp": Arm(**WGAN_GP, discriminator_normalization="layer"),
        # What every other run refuses.
        "wgan_gp_batch": Arm(**WGAN_GP, discriminator_normalization="batch", allow_batch_norm=True),
    },
    minutes=5,
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
