"""Transposed convolutions against resize and convolve: which leaves checkerboards?

python -m experiments.upsampling --manual_dir=COVID-CT
"""

import sys

from experiments.study import Arm, Study, main

STUDY = Study(
    name="upsampling",
    question=(
        "Do transposed convolutions leave checkerboards, and does resizing before convolving avoid them? "
        "Odena et al. 2016, https://distill.pub/2016/deconv-checkerboard/"
    ),
    arms={name: Arm(upsample=name) for name in ("transpose", "resize")},
    minutes=4,
    sections="checkerboards",
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
