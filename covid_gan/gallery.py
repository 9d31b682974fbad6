"""Images of a trained run as files: single ones, sheets, strips and animations."""

import contextlib
from pathlib import Path

import keras
import tensorflow as tf

from covid_gan import build, images, randomness, storage
from covid_gan.checkpoint_files import restore_generator
from covid_gan.errors import ArgumentError
from covid_gan.outputs import draft_in
from covid_gan.runs import NEWEST, Run
from covid_gan.sampling import CHUNK, PATHS, Sampler

MAX_COUNT = 100_000


def generator_of(run: Run, raw: bool = False, checkpoint: str = NEWEST) -> tuple[keras.Model, int]:
    """The generator of a run's checkpoint, and its step.

    Args:
        run: a run folder.
        raw: the weights of that step instead of their moving average.
        checkpoint: "newest" that can be read, "best", or a step.

    Raises:
        ArgumentError: (`run`) there is no checkpoint yet; (`checkpoint`) it is not there.
        RunError: there are checkpoints, and none can be read.
    """
    generator, _ = build.networks_from(run.config.model)
    generator.build((None, generator.latent_dim))
    step = restore_generator(run.checkpoints, generator, raw, checkpoint)
    if step == 0:
        raise ArgumentError("run", "has no checkpoint yet; train it first.", str(run.path))
    return generator, step


def sample(
    run: Run, count: int, seed: int, out: str | Path, truncation=0.0, raw=False, checkpoint=NEWEST
) -> Path:
    """Writes `count` images as PNG, `00000.png` and on, and a sheet of the first 512, `grid.png`.

    The same seed gives the same images, and the first k of a larger count are the same k.

    Args:
        run: a run folder.
        count: of images, from 1 to 100,000.
        seed: of the latents.
        out: the folder to make or fill.
        truncation: latents are drawn from a normal cut at ±truncation; 0 for none.
        raw: use the generator's last weights instead of their moving average.
        checkpoint: as in `generator_of`.

    Raises:
        ArgumentError: an argument is out of its range, or `out` cannot be written.
    """
    if not 1 <= count <= MAX_COUNT:
        raise ArgumentError("count", f"must be from 1 to {MAX_COUNT}.", count)
    _check_seed("seed", seed)
    if not 0 <= truncation < float("inf"):
        raise ArgumentError("truncation", "must be a positive number, or 0 for none.", truncation)
    with _filled(out, "[0-9]" * 5 + ".png") as folder:
        sampler = Sampler(generator_of(run, raw, checkpoint)[0])
        latents = randomness.sample_latents(count, sampler.latent_dim, seed, truncation)
        for n, made in enumerate(sampler.chunks(latents)):
            for i, image in enumerate(made, n * CHUNK):
                images.save_png(folder / f"{i:05d}.png", image)
            if n == 0:
                images.save_png(folder / "grid.png", images.grid(made))
    return storage.path(out)


def interpolate(
    run: Run,
    from_seed: int,
    to_seed: int,
    frames: int,
    out: str | Path,
    method="linear",
    raw=False,
    checkpoint=NEWEST,
) -> Path:
    """Writes the progression between two latents: `frame-00.png` and on, `strip.png`, `progression.gif`.

    Args:
        run: a run folder.
        from_seed: whose first latent is the first frame.
        to_seed: whose first latent is the last frame.
        frames: from 2 to 1,000, both ends included.
        out: the folder to make or fill.
        method: "linear" or "spherical".
        raw: use the generator's last weights instead of their moving average.
        checkpoint: as in `generator_of`.

    Raises:
        ArgumentError: an argument is out of its range, or `out` cannot be written.
    """
    if not 2 <= frames <= 1000:
        raise ArgumentError("frames", "must be from 2 to 1000.", frames)
    _check_seed("from_seed", from_seed)
    _check_seed("to_seed", to_seed)
    if method not in PATHS:
        raise ArgumentError("method", f"must be one of {', '.join(PATHS)}.", method)
    with _filled(out, "frame-*.png") as folder:
        sampler = Sampler(generator_of(run, raw, checkpoint)[0])
        ends = [randomness.sample_latents(1, sampler.latent_dim, s)[0] for s in (from_seed, to_seed)]
        made = sampler(PATHS[method](*ends, tf.linspace(0.0, 1.0, frames)))
        digits = max(2, len(str(frames - 1)))
        for i, image in enumerate(made):
            images.save_png(folder / f"frame-{i:0{digits}d}.png", image)
        images.save_png(folder / "strip.png", images.grid(made, columns=frames))
        images.save_gif(folder / "progression.gif", made)
    return storage.path(out)


def _check_seed(name, seed):
    if not 0 <= seed < 2**31:
        raise ArgumentError(name, "must be from 0 to 2^31 - 1.", seed)


@contextlib.contextmanager
def _filled(out, pattern):
    """A folder whose files are moved into `out` when all are there: a failure leaves nothing.

    Files of an earlier call, by `pattern`, make room for them.
    """
    with draft_in(out) as draft:
        yield draft
        out = storage.path(out)
        for path in out.glob(pattern):
            path.unlink()
        for path in draft.iterdir():
            storage.move(path, out / path.name)
