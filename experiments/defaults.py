"""The search for the defaults: the models as they are, the plain recipe of 2020, and candidates.

python -m experiments.defaults --manual_dir=COVID-CT
"""

import sys

from experiments.study import Arm, Study, main

GENTLE = dict(augment=("translation", "cutout"))
UNNORMALISED = dict(discriminator_normalization="none", dropout=0.0, **GENTLE)
CRITIC = dict(model="wgan_gp", discriminator_steps=2, learning_rate=3e-4, **GENTLE)


STUDY = Study(
    name="defaults",
    question="Do the defaults of dcgan and wgan_gp reach their targets, and beat the plain recipe of 2020?",
    arms={
        "dcgan": Arm(model="dcgan"),
        "wgan_gp": Arm(model="wgan_gp"),
        "plain": Arm(preset="plain"),
        "base": Arm(dropout=0.3, **GENTLE),
        "base_flat": Arm(dropout=0.0, **GENTLE),
        "base_resize": Arm(dropout=0.0, upsample="resize", **GENTLE),
        "r1": Arm(penalty="r1", penalty_weight=0.2, **UNNORMALISED),
        "relativistic": Arm(loss="relativistic", penalty="r1_r2", penalty_weight=0.2, **UNNORMALISED),
        "wgan_gp_2": Arm(**CRITIC),
        "wgan_gp_2_transpose": Arm(upsample="transpose", **CRITIC),
    },
    common=dict(split="all"),
    minutes=15,
    chosen=("dcgan", "wgan_gp", "plain"),
    sections="targets",
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
