"""Exports a trained generator as a SavedModel, as TensorFlow Serving expects it.

python -m covid_gan.export --run=runs/00000-dcgan-covid_ct-64px-swish --out=exported
"""

import sys

from absl import flags

from covid_gan import cli, runs


def main(argv=None) -> int:
    return cli.run("covid_gan.export", __doc__, _define, _export, argv)


def _define(values):
    flags.DEFINE_string("run", None, "the run folder", flag_values=values)
    flags.DEFINE_string("out", "exported", "the model's folder; versions are 1, 2, …", flag_values=values)
    flags.DEFINE_bool("raw", False, "use the last weights, not their moving average", flag_values=values)
    flags.DEFINE_string("checkpoint", "newest", "newest, best or a step that was kept", flag_values=values)


def _export(values):
    from covid_gan import serving

    cli.require(values, "run")
    print(f"Exported to {serving.export(runs.Run(values.run), values.out, values.raw, values.checkpoint)}")


if __name__ == "__main__":
    sys.exit(main())
