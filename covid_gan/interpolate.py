"""Writes the progression between two generated images: frames, a strip and an animation.

python -m covid_gan.interpolate --run=runs/00000-dcgan-covid_ct-64px-swish --from_seed=3 --to_seed=9
"""

import sys

from absl import flags

from covid_gan import cli, runs


def main(argv=None) -> int:
    return cli.run("covid_gan.interpolate", __doc__, _define, _interpolate, argv)


def _define(values):
    flags.DEFINE_string("run", None, "the run folder", flag_values=values)
    flags.DEFINE_string("out", "progression", "the folder to write to", flag_values=values)
    flags.DEFINE_integer("from_seed", 0, "whose first image is the start", flag_values=values)
    flags.DEFINE_integer("to_seed", 1, "whose first image is the end", flag_values=values)
    flags.DEFINE_integer("frames", 10, "number of images, both ends included", flag_values=values)
    flags.DEFINE_enum(
        "method",
        "linear",
        ["linear", "spherical"],
        "the path between the latents; spherical keeps their length",
        flag_values=values,
    )
    flags.DEFINE_bool("raw", False, "use the last weights, not their moving average", flag_values=values)
    flags.DEFINE_string("checkpoint", "newest", "newest, best or a step that was kept", flag_values=values)


def _interpolate(values):
    from covid_gan import gallery

    cli.require(values, "run")
    run = runs.Run(values.run)
    out = gallery.interpolate(
        run,
        values.from_seed,
        values.to_seed,
        values.frames,
        values.out,
        values.method,
        values.raw,
        values.checkpoint,
    )
    print(f"{values.frames} frames in {out}, side by side in {out / 'strip.png'}")


if __name__ == "__main__":
    sys.exit(main())
