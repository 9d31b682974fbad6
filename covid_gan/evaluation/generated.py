"""Generated images: of a run folder, of an exported SavedModel, or of a folder of image files."""

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from covid_gan import randomness, storage
from covid_gan.config import Config
from covid_gan.errors import ArgumentError, RunError, reason
from covid_gan.evaluation import pictures
from covid_gan.evaluation.config import EvaluationConfig
from covid_gan.runs import CONFIG, NEWEST, Run

_MODEL, _CARD = "saved_model.pb", "MODEL_CARD.md"


@dataclasses.dataclass(frozen=True)
class Generated:
    """Images to be judged, and what is known of the scans behind them.

    Attributes:
        argument: the flag that they were given by: run or images.
        path: what was given.
        name: for a title.
        step: of the checkpoint; None where it is not known.
        size: height and width in pixels.
        settings: of the data, as far as they are on record; those of a new run where nothing is.
        fingerprint: what the images it was trained on have to agree with; {} where nothing is on record.
        draw: makes the images, uint8 [n, size, size, 1].
        run: the run folder, if it is one.
    """

    argument: str
    path: str
    name: str
    step: int | None
    size: int
    settings: Config
    fingerprint: dict
    draw: Callable[[], np.ndarray]
    run: Run | None = None


def open_generated(run: str | None, images: str | None, config: EvaluationConfig) -> Generated:
    """Opens what a command line names; draws nothing yet, but reads a folder of images.

    Args:
        run: a run folder or an exported SavedModel; or None.
        images: a folder of images; or None.
        config: how many images, of which checkpoint.

    Raises:
        ArgumentError: neither or both are given, or there is nothing to judge.
        RunError: a checkpoint or a model cannot be read.
    """
    if bool(run) == bool(images):
        raise ArgumentError("run", "give either this or --images.", run or "")
    if not images and not _saved_model(run):
        return _of_run(Run(run), run, config)
    for name, default in (("checkpoint", NEWEST), ("raw", False)):
        if getattr(config, name) != default:
            raise ArgumentError(name, "is for a run folder alone; leave it out.", getattr(config, name))
    return _of_images(images, config) if images else _of_export(run, _saved_model(run), config)


def generator_at(run: Run, checkpoint: str, raw: bool = False):
    """The generator of a run's checkpoint, and its step.

    Raises:
        ArgumentError: (`run`, `checkpoint`) it is not there.
        RunError: it cannot be read, or its weights are not finite.
    """
    from covid_gan import gallery

    generator, step = gallery.generator_of(run, raw=raw, checkpoint=checkpoint)
    if not all(np.isfinite(weight).all() for weight in generator.get_weights()):
        raise RunError(f"--run={run.path}: the generator's weights at step {step} hold NaN or infinity.")
    return generator, step


def drawn(sampler, count: int, seed: int) -> np.ndarray:
    """The first images of a seed, as `covid_gan.sample` writes them: uint8 [count, S, S, 1]."""
    return np.concatenate(list(sampler.chunks(randomness.sample_latents(count, sampler.latent_dim, seed))))


def _of_run(run, path, config):
    from covid_gan.sampling import Sampler

    generator, step = generator_at(run, config.checkpoint, config.raw)
    return Generated(
        argument="run",
        path=path,
        name=run.name,
        step=step,
        size=run.config.model.image_size,
        settings=run.config,
        fingerprint=run.fingerprint,
        draw=lambda: drawn(Sampler(generator), config.count, config.seed),
        run=run,
    )


def _of_images(folder, config):
    found = pictures.read(folder, config.count)
    return Generated(
        argument="images",
        path=folder,
        name=storage.resolved(folder).name,
        step=None,
        size=found.shape[1],
        settings=Config(),
        fingerprint={},
        draw=lambda: found,
    )


def _saved_model(path: str) -> Path | None:
    """The folder of a SavedModel: `path` itself, or the newest of the versions in it; None if it is none."""
    folder = storage.path(path)
    if not folder.is_dir() or (folder / CONFIG).exists():
        return None
    if (folder / _MODEL).is_file():
        return folder
    versions = [f for f in folder.iterdir() if f.name.isdigit() and (f / _MODEL).is_file()]
    return max(versions, key=lambda f: int(f.name), default=None)


def _of_export(path, folder, config):
    serve, latent_dim, size = _signature(path, folder)
    settings, step, fingerprint = _card(folder)
    return Generated(
        argument="run",
        path=path,
        name="/".join(folder.resolve().parts[-2:]),
        step=step,
        size=size,
        settings=settings,
        fingerprint=fingerprint,
        draw=lambda: _served(serve, latent_dim, config),
    )


def _signature(path, folder):
    """A SavedModel's function from latents to images, the length of a latent, and the images' size."""
    import tensorflow as tf

    try:
        serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
        (latent,) = serve.structured_input_signature[1].values()
        shape = serve.structured_outputs["images"].shape
        if not (latent.shape.rank == 2 and shape.rank == 4 and shape[1] == shape[2] and shape[3] == 1):
            raise ValueError(f"it turns {latent.shape} into {shape}")
        return serve, int(latent.shape[1]), int(shape[1])
    except (OSError, LookupError, TypeError, ValueError, tf.errors.OpError) as error:
        message = f"is no SavedModel of covid_gan.export: {reason(error)}."
        raise ArgumentError("run", message, path) from error


def _served(serve, latent_dim, config):
    from covid_gan.sampling import CHUNK

    latents = randomness.sample_latents(config.count, latent_dim, config.seed)
    chunks = (latents[start : start + CHUNK] for start in range(0, config.count, CHUNK))
    return np.concatenate([serve(latent=chunk)["images"].numpy() for chunk in chunks])


def _card(folder):
    """The settings, the step and the fingerprint in a model card; defaults where it is not there."""
    try:
        text = (folder / _CARD).read_text(encoding="utf-8")
        settings = Config.from_json(re.search(r"```json\n(.*?)```", text, re.DOTALL)[1])
        step = int(re.search(r"^\| Steps \| (\d+) \|$", text, re.MULTILINE)[1])
        digest = re.search(r"^\| SHA-256 of .*`([0-9a-f]{64})` \|$", text, re.MULTILINE)[1]
        return settings, step, {"sha256": digest}
    except (OSError, TypeError, ValueError, json.JSONDecodeError):
        return Config(), None, {}
