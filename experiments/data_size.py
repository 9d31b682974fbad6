"""How many scans are enough: quality, diversity and memorisation by the size of the training set.

python -m experiments.data_size --manual_dir=COVID-CT
python -m experiments.data_size --manual_dir=COVID-CT --scanner_dir=SARS-COV-2-CT
"""

import dataclasses
import sys

from absl import flags

from experiments.study import STEPS, Arm, Study, main

MIXED = "with_sars_cov2_ct"

STUDY = Study(
    name="data_size",
    question=(
        "How do quality, diversity and memorisation depend on the number of scans? Is it doable with 300?"
    ),
    # Of COVID-CT's training split 26 % and 52 % hold 54 and 95 scans of the class, all of it 191.
    arms={
        "50": Arm(split="train[:26%]"),
        "100": Arm(split="train[:52%]"),
        "200": Arm(split="train"),
        "349": Arm(split="all"),
        "746": Arm(split="all", classes=()),
    },
    common=dict(dataset="covid_ct"),
    minutes=3,
    equal=STEPS,
    sections="sizes",
)


def define(values):
    text = "a copy of SARS-COV-2 CT-scan, for an arm with its scans of COVID-19 beside COVID-CT's"
    flags.DEFINE_string("scanner_dir", None, text, flag_values=values)


def adapt(study: Study, values) -> Study:
    """The study, with an arm more where there is a second data set."""
    if not values.scanner_dir:
        return study
    folders = f"{values.manual_dir or ''}+{values.scanner_dir}"
    mixed = Arm(dataset="covid_ct+sars_cov2_ct", split="all", manual_dir=folders)
    return dataclasses.replace(study, arms={**study.arms, MIXED: mixed}, free=("dataset", "manual_dir"))


if __name__ == "__main__":
    sys.exit(main(STUDY, define=define, adapt=adapt))
