"""Judges generated images against real scans: how far, how diverse, whether a patient is repeated.

python -m covid_gan.evaluate --run=runs/00000-dcgan-covid_ct-64px-swish
python -m covid_gan.evaluate --run=exported --out=report
python -m covid_gan.evaluate --images=samples --dataset=covid_ct --classes=covid --manual_dir=COVID-CT
python -m covid_gan.evaluate --run=runs/00000-… --utility=runs/00001-…
"""

import sys

from absl import flags

from covid_gan import cli
from covid_gan.config import DataConfig
from covid_gan.evaluation.config import EvaluationConfig

# Settings of how images are fed to a network.
_OF_TRAINING = ("flip", "cache")


def main(argv=None) -> int:
    return cli.run("covid_gan.evaluate", __doc__, _define, _evaluate, argv)


def _define(values):
    flags.DEFINE_string(
        "run", None, "a run folder, or an exported SavedModel; this or --images", flag_values=values
    )
    flags.DEFINE_string(
        "images",
        None,
        "a folder of image files of one size: PNG, JPEG, TIFF, BMP or WebP, grey, 8 bits",
        flag_values=values,
    )
    flags.DEFINE_string(
        "out",
        None,
        "a new or an empty folder, or a report's, which is replaced (default: evaluation/step-… in the run "
        "folder, evaluations/… for what is no run)",
        flag_values=values,
    )
    cli.define_fields(values, "evaluation", EvaluationConfig)
    cli.define_settings(values, "data", without=_OF_TRAINING)


def _evaluate(values):
    from covid_gan import evaluation

    config = EvaluationConfig(**cli.given_settings(values, EvaluationConfig))
    data = cli.given_settings(values, DataConfig)
    out = evaluation.evaluate(config, values.run, values.images, data, values.out)
    print(f"The report is {out / 'report.md'}")


if __name__ == "__main__":
    sys.exit(main())
