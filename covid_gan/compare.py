"""Puts the newest reports of several runs side by side: one table, and their images under it.

python -m covid_gan.evaluate --run=runs/00000-dcgan-covid_ct-64px-swish
python -m covid_gan.compare runs/*
"""

import sys

from absl import flags

from covid_gan import cli


def main(argv=None) -> int:
    return cli.run("covid_gan.compare", __doc__, _define, _compare, argv, paths="RUN ...")


def _define(values):
    flags.DEFINE_string(
        "out",
        "comparison",
        "a new or an empty folder, or an earlier comparison's, which is replaced",
        flag_values=values,
    )


def _compare(values, paths):
    from covid_gan import evaluation

    print(evaluation.compare(paths, values.out))
    print(f"Also in {values.out}, with the images: compare.md, compare.csv")


if __name__ == "__main__":
    sys.exit(main())
