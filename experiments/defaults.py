"""The search for the defaults: the models as they are, the plain recipe of 2020, and what else was tried.

python -m experiments.defaults --manual_dir=COVID-CT
"""

import sys

from experiments.study import Arm, Study, main

DIFF_AUGMENT = ("translation", "cutout")

STUDY = Study(
    name="defaults",
    question="Do the defaults of dcgan and wgan_gp reach their targets, and beat the plain recipe of 2020?",
    arms={
        "dcgan": Arm(model="dcgan"),
        "wgan_gp": Arm(model="wgan_gp"),
        "plain": Arm(preset="plain"),
        # The default of dcgan with one thing changed.
        "dcgan_translation": Arm(augment=DIFF_AUGMENT),
        "dcgan_unchanged": Arm(augment=()),
        "dcgan_transpose": Arm(upsample="transpose"),
        "dcgan_dropout": Arm(dropout=0.3),
        "dcgan_wide": Arm(base_channels=48),
        # Other losses and penalties.
        "relativistic": Arm(
            loss="relativistic", penalty="r1_r2", penalty_weight=0.2, discriminator_normalization="none"
        ),
        "r1": Arm(penalty="r1", penalty_weight=0.2, discriminator_normalization="none"),
        "hinge": Arm(loss="hinge", discriminator_normalization="spectral"),
        # The default of wgan_gp with one thing changed.
        "wgan_gp_translation": Arm(model="wgan_gp", augment=DIFF_AUGMENT),
        "wgan_gp_transpose": Arm(model="wgan_gp", upsample="transpose"),
        "wgan_gp_paper": Arm(preset="wgan_gp_2017"),
    },
    common=dict(split="all"),
    minutes=15,
    chosen=("dcgan", "wgan_gp", "plain"),
    sections="targets",
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
