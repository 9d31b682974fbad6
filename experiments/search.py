"""What the defaults of dcgan and wgan_gp were chosen among: rates, norms, critic steps and penalties.

python -m experiments.search --manual_dir=COVID-CT --image_size=32 --steps=1500 --seeds=1
"""

import sys

from experiments.study import Arm, Study, main
from experiments.study.design import STEPS

# The default of wgan_gp before this search, and the Adam of Gulrajani et al. 2017 for dcgan beside a penalty.
BEFORE = dict(model="wgan_gp", learning_rate=3e-4, beta_2=0.9, dropout=0.0)
PENALISED = dict(discriminator_normalization="layer", learning_rate=6e-4, beta_1=0.0, beta_2=0.9, dropout=0.0)

STUDY = Study(
    name="search",
    question="What do learning rate, norm, critic steps and penalty change, with as many generator updates?",
    arms={
        "wgan_gp": Arm(**BEFORE),
        "rate_1e-4": Arm(**BEFORE | dict(learning_rate=1e-4)),
        "rate_6e-4": Arm(**BEFORE | dict(learning_rate=6e-4)),
        "rate_1e-3": Arm(**BEFORE | dict(learning_rate=1e-3)),
        "rate_2e-3": Arm(**BEFORE | dict(learning_rate=2e-3)),
        "critic_rate_1e-3": Arm(**BEFORE, discriminator_learning_rate=1e-3),
        "beta_2_0.99": Arm(**BEFORE | dict(beta_2=0.99)),
        "rate_1e-3_beta_2_0.99": Arm(**BEFORE | dict(learning_rate=1e-3, beta_2=0.99)),
        "1_critic_step": Arm(**BEFORE, discriminator_steps=1),
        "3_critic_steps": Arm(**BEFORE, discriminator_steps=3),
        "transpose": Arm(**BEFORE, upsample="transpose"),
        "group": Arm(**BEFORE, discriminator_normalization="group"),
        "instance": Arm(**BEFORE, discriminator_normalization="instance"),
        "no_norm": Arm(**BEFORE, discriminator_normalization="none"),
        "spectral": Arm(**BEFORE, discriminator_normalization="spectral"),
        "rate_6e-4_group": Arm(**BEFORE | dict(learning_rate=6e-4), discriminator_normalization="group"),
        "rate_6e-4_instance": Arm(
            **BEFORE | dict(learning_rate=6e-4), discriminator_normalization="instance"
        ),
        "rate_1e-3_instance": Arm(
            **BEFORE | dict(learning_rate=1e-3), discriminator_normalization="instance"
        ),
        "rate_1e-3_1_critic_step": Arm(**BEFORE | dict(learning_rate=1e-3), discriminator_steps=1),
        "rate_1e-3_group_1_critic_step": Arm(
            **BEFORE | dict(learning_rate=1e-3), discriminator_normalization="group", discriminator_steps=1
        ),
        "dcgan": Arm(model="dcgan"),
        "dcgan_rate_6e-4": Arm(model="dcgan", learning_rate=6e-4),
        "dcgan_penalty": Arm(penalty="gradient_penalty", penalty_weight=10.0, **PENALISED),
        "dcgan_r1": Arm(penalty="r1", penalty_weight=0.2, **PENALISED),
        "dcgan_relativistic": Arm(
            loss="relativistic", penalty="gradient_penalty", penalty_weight=10.0, **PENALISED
        ),
    },
    common=dict(split="all"),
    equal=STEPS,
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
