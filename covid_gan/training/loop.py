"""The training loop: one compiled step, again and again, and what happens between two of them."""

import logging
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

import covid_gan
from covid_gan import build, data, images, randomness, runs, sampling
from covid_gan.config import DEFAULT_STEPS, PHANTOM, Config
from covid_gan.data.scans import Scans
from covid_gan.errors import ArgumentError, Interrupted, RunError, reason
from covid_gan.runs import Run
from covid_gan.training import checkpoints as checkpoints_lib
from covid_gan.training import guards
from covid_gan.training.checkpoints import Checkpoints
from covid_gan.training.progress import Progress
from covid_gan.training.summaries import Summaries

log = logging.getLogger(__name__)

PREVIEWS = 36


def resolve(config: Config) -> Config:
    """Returns the config as `train` would record it; the number of steps where the data are prepared.

    Raises:
        ArgumentError: a setting does not fit the networks or, where they are prepared, the data.
    """
    config = data.resolve(build.resolve(config))
    if data.is_prepared(config):
        return _load(config)[0]
    return config if config.training.epochs else _with_steps(config, count=0)


def train(
    config: Config,
    run: Run | None = None,
    runs_dir: str | Path = "runs",
    on_step: Callable[[int], None] | None = None,
) -> Run:
    """Trains a GAN to its number of steps, in a new run folder or in an existing one.

    Args:
        config: what to train; for an existing run, `run.continued(…)`.
        run: an existing run to go on with.
        runs_dir: where a new run's folder is made.
        on_step: called after each step with its number.

    Returns:
        The run.

    Raises:
        ArgumentError: a setting does not fit the data, the networks or the run.
        RunError: the run diverged, could not be saved, or was interrupted.
    """
    if run is None:
        runs.check_writable(runs_dir)
    config, scans = _load(build.resolve(config))
    if run:
        _check_same_data(run, scans)
    gan = build.gan_from(config)
    _check_room(run.checkpoints if run else Path(runs_dir), gan, config.training)
    with guards.StopSignals().watch() as signals:
        run = run or runs.create(runs_dir, config, scans.fingerprint)
        with run.lock():
            session = _Session(run, config, gan, scans, on_step)
            try:
                session.train(signals)
            except (OSError, tf.errors.OpError) as error:
                last_good = session.checkpoints.last_good()
                raise RunError(f"--run={run.path}: stopped: {reason(error)}. {last_good}") from error
    return run


class _Session:
    """One start of a run: from its newest checkpoint to its last step."""

    def __init__(self, run, config, gan, scans, on_step):
        self.run, self.config, self.gan, self.scans = run, config, gan, scans
        self.settings, self.on_step = config.training, on_step
        self.checkpoints = Checkpoints(
            run.checkpoints, gan, self.settings.checkpoints_to_keep, self.settings.milestone_every
        )
        self.start = self.checkpoints.restore_newest()
        latents = randomness.sample_latents(PREVIEWS, config.model.latent_dim, self.settings.seed)
        self.preview_latents = latents
        self.samplers = [sampling.Sampler(g) for g in (gan.ema_generator, gan.generator)]

    def train(self, signals):
        """Trains to the last step; saves at the end, on a signal, and on the way."""
        if not self._begin():
            return
        self.summaries = Summaries(self.run.path, self.start)
        images = _images_per_step(self.settings)
        self.progress = Progress(self.start, self.settings.steps, images, self.scans.count)
        if self.start == 0:
            self.summaries.describe(self.config, self.scans.first(PREVIEWS))
        try:
            self._steps(signals)
        finally:
            self.progress.end()
            self.summaries.close()
        log.info("Trained to step %d. %s", self.settings.steps, self.checkpoints.last_good())
        log.info("Look at it: tensorboard --logdir %s", self.run.path.parent)

    def _begin(self) -> bool:
        """Says what will be done, and records it; False where nothing is left to do."""
        if self.start > self.settings.steps:
            raise ArgumentError(
                "steps", f"is the total, and the run has {self.start} already.", self.settings.steps
            )
        if self.start == self.settings.steps:
            log.info("%s has its %d steps already; a larger --steps goes on.", self.run.path, self.start)
            return False
        if self.start == 0 and self.run.was_started():
            log.warning("%s has no checkpoint yet, and starts again from step 0.", self.run.path)
        self.run.update_config(self.config)
        self.run.record_session(start_step=self.start, **_environment())
        what = _described(self.scans.fingerprint)
        size = guards.size_text(checkpoints_lib.nbytes(self.gan))
        log.info("%s: %s, from step %d to %d.", self.run.path, what, self.start, self.settings.steps)
        log.info("A checkpoint is %s, every %d steps.", size, self.settings.checkpoint_every)
        return True

    def _steps(self, signals):
        gan, settings = self.gan, self.settings

        @tf.function
        def train_step(batch):
            return gan.train_step(images.normalise(batch))

        batches = self.scans.batches(_images_per_step(settings), settings.seed, self.start)
        for step, batch in enumerate(batches, self.start + 1):
            values = {name: float(value) for name, value in train_step(batch).items()}
            guards.check_finite(step, values, self.checkpoints.last_good)
            last = step == settings.steps or signals.received
            self._between(step, values, last)
            if self.on_step:
                self.on_step(step)
            if last:
                break
        if signals.received and step < settings.steps:
            raise Interrupted(
                f"Stopped at step {step}, and saved. Go on: python -m covid_gan.train --run={self.run.path}",
                signals.received,
            )

    def _between(self, step, values, last):
        """Curves, samples and a checkpoint, where one is due."""
        settings = self.settings
        self.progress.update(step, values)
        began = time.monotonic()
        if step % settings.log_every == 0:
            self.summaries.scalars(step, values, self.progress.images_per_second(step))
            self.gan.reset_metrics()
        if step % settings.sample_every == 0 or last:
            self._sample(step)
        if step % settings.checkpoint_every == 0 or self.checkpoints.is_milestone(step) or last:
            guards.check_weights(step, self.gan, self.checkpoints.last_good)
            self.summaries.flush()
            self.checkpoints.save()
        self.progress.pause(time.monotonic() - began)

    def _sample(self, step):
        """Grids of the preview latents, to TensorBoard and as PNG."""
        ema, raw = (sampler(self.preview_latents) for sampler in self.samplers)
        self.summaries.samples(step, ema, raw)
        self.run.samples.mkdir(exist_ok=True)
        images.save_png(self.run.samples / f"step-{step:08d}.png", images.grid(ema))


def _described(fingerprint: dict) -> str:
    """How many images of what, and of a mixture how many of each."""
    name, count = fingerprint["name"], fingerprint["count"]
    if name == PHANTOM:
        return f"{count} drawn phantoms"
    parts = fingerprint["counts"]
    if len(parts) == 1:
        return f"{count} images of {name}"
    each = (
        f"{part}: " + ", ".join(f"{n} {label}" for label, n in own.items()) for part, own in parts.items()
    )
    return f"{count} images of {name} ({'; '.join(each)})"


def _load(config: Config) -> tuple[Config, Scans]:
    config, scans = data.load(config)
    config = _with_steps(config, scans.count)
    if config.training.batch_size > scans.count:
        raise ArgumentError(
            "batch_size", f"is more than the {scans.count} images.", config.training.batch_size
        )
    return config, scans


def _images_per_step(training) -> int:
    """Real images that a step takes: a batch for each update of the discriminator."""
    return training.batch_size * training.discriminator_steps


def _with_steps(config: Config, count: int) -> Config:
    """The config with its total of steps, which epochs may stand for."""
    training = config.training
    if training.epochs is not None:
        steps = -(-training.epochs * count // _images_per_step(training))
    else:
        steps = training.steps or DEFAULT_STEPS
    return config.replace(steps=steps, epochs=None)


def _check_same_data(run: Run, scans: Scans) -> None:
    changed = [k for k, v in run.fingerprint.items() if scans.fingerprint.get(k) != v]
    if changed:
        raise RunError(
            f"--run={run.path}: its images are not those it was trained on; {', '.join(changed)} changed."
        )


def _check_room(folder: Path, gan, training) -> None:
    """Refuses a run whose checkpoints would not fit, those that it has already aside."""
    milestones = training.steps // training.milestone_every if training.milestone_every else 0
    kept = min(training.checkpoints_to_keep, training.steps // training.checkpoint_every + 1)
    # While one more is written, none of the others is gone.
    to_come = kept + milestones + 1 - len(checkpoints_lib.paths_in(folder))
    guards.check_disk(folder, checkpoints_lib.nbytes(gan), max(to_come, 1))


def _environment() -> dict:
    """What a run's numbers may depend on beside its config."""
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "command": sys.argv,
        "versions": {
            "covid_gan": covid_gan.__version__,
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "devices": [device.device_type for device in tf.config.list_logical_devices()],
        "cpus": os.cpu_count(),
    }
