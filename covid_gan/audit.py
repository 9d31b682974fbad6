"""Looks through a data set before anyone trains on it: copies, leakage, marks, and shortcuts to the class.

python -m covid_gan.audit --dataset=covid_ct --manual_dir=COVID-CT
python -m covid_gan.train --dataset=covid_ct --exclude=audits/covid_ct/exclude.txt
"""

import sys

from absl import flags

from covid_gan import cli
from covid_gan.config import Config

# An audit that saw one split and one class would find neither leakage nor shortcuts.
_WHOLE = {"split": "all", "classes": ()}
# Settings of what becomes of an image on its way to a network.
_OF_TRAINING = ("flip", "resize", "cache")


def main(argv=None) -> int:
    return cli.run("covid_gan.audit", __doc__, _define, _audit, argv)


def _define(values):
    flags.DEFINE_string(
        "out",
        None,
        "a new folder for the report (default: audits/ and the data set's name)",
        flag_values=values,
    )
    cli.define_settings(values, "data", without=_OF_TRAINING, defaults=_WHOLE)
    values["classes"].help = "label names to keep, separated by commas (default: all labels)"


def _audit(values):
    from covid_gan import inspection

    out = inspection.audit(Config().replace(**{**_WHOLE, **cli.given_settings(values)}), values.out)
    print(f"The report is {out / 'report.md'}")


if __name__ == "__main__":
    sys.exit(main())
