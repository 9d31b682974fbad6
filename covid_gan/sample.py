"""Writes images of a trained run: PNG files and a sheet of them.

python -m covid_gan.sample --run=runs/00000-dcgan-covid_ct-64px-swish --count=64 --seed=7 --out=samples
"""

import sys

from absl import flags

from covid_gan import cli, runs


def main(argv=None) -> int:
    return cli.run("covid_gan.sample", __doc__, _define, _sample, argv)


def _define(values):
    flags.DEFINE_string("run", None, "the run folder", flag_values=values)
    flags.DEFINE_string("out", "samples", "the folder to write to", flag_values=values)
    flags.DEFINE_integer("count", 64, "number of images", flag_values=values)
    flags.DEFINE_integer("seed", 0, "of the latents; the same seed, the same images", flag_values=values)
    flags.DEFINE_float(
        "truncation", 0.0, "cut the latents' normal distribution at ± this; 0: nowhere", flag_values=values
    )
    flags.DEFINE_bool("raw", False, "use the last weights, not their moving average", flag_values=values)
    flags.DEFINE_string("checkpoint", "newest", "newest, best or a step that was kept", flag_values=values)


def _sample(values):
    from covid_gan import gallery

    cli.require(values, "run")
    run = runs.Run(values.run)
    out = gallery.sample(
        run, values.count, values.seed, values.out, values.truncation, values.raw, values.checkpoint
    )
    print(f"{values.count} images in {out}, all of them in {out / 'grid.png'}")


if __name__ == "__main__":
    sys.exit(main())
