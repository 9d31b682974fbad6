"""Trains a GAN on CT scans, in a new run folder or in an existing one.

python -m covid_gan.train --model=dcgan --activation=swish
python -m covid_gan.train --run=runs/00000-dcgan-covid_ct-64px-swish --steps=8000
"""

import sys

from absl import flags

from covid_gan import cli, runs
from covid_gan.config import Config


def main(argv=None) -> int:
    return cli.run("covid_gan.train", __doc__, _define, _train, argv)


def _define(values):
    flags.DEFINE_string("run", None, "an existing run folder to continue", flag_values=values)
    flags.DEFINE_string("runs_dir", "runs", "where new run folders are made", flag_values=values)
    flags.DEFINE_bool("dry_run", False, "print the resolved config and stop", flag_values=values)
    flags.DEFINE_string("preset", None, "a published recipe's flags", flag_values=values)
    cli.define_settings(values)


def _train(values):
    from covid_gan.training import loop

    given = cli.given_settings(values)
    run = runs.Run(values.run) if values.run else None
    config = run.continued(given) if run else Config().replace(**given)
    if values.dry_run:
        print(loop.resolve(config).to_json(), end="")
    else:
        loop.train(config, run=run, runs_dir=values.runs_dir)


if __name__ == "__main__":
    sys.exit(main())
