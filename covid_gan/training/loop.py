"""The training loop: one compiled step, again and again, and what happens between two of them."""

import logging
import math
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
from covid_gan.errors import ArgumentError, Interrupted, RunError, reason
from covid_gan.runs import Run
from covid_gan.training import guards
from covid_gan.training.checkpoints import Checkpoints
from covid_gan.training.progress import Progress
from covid_gan.training.summaries import Summaries

log = logging.getLogger(__name__)

PREVIEWS = 36


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
    gan = build.gan_from(config)
    config, scans = data.load(config)
    config = _with_steps(config, scans.count)
    _check(config, scans, run)
    checkpoints = Checkpoints(
        run.checkpoints if run else Path(runs_dir) / "checkpoints",
        gan,
        config.training.checkpoints_to_keep,
        config.training.milestone_every,
    )
    _check_room(checkpoints, config.training)
    if run is None:
        run = runs.create(runs_dir, config, scans.fingerprint)
        checkpoints.folder = run.checkpoints
    with run.lock():
        try:
            _Session(run, config, gan, scans, checkpoints, on_step).train()
        except (OSError, tf.errors.OpError) as error:
            raise RunError(
                f"--run={run.path}: stopped: {reason(error)}. {checkpoints.last_good()}"
            ) from error
    return run


class _Session:
    """One start of a run: from its newest checkpoint to its last step."""

    def __init__(self, run, config, gan, scans, checkpoints, on_step):
        self.run, self.config, self.gan, self.scans = run, config, gan, scans
        self.checkpoints, self.on_step = checkpoints, on_step
        self.settings = config.training
        self.start = checkpoints.restore_newest()
        latents = randomness.sample_latents(PREVIEWS, config.model.latent_dim, self.settings.seed)
        self.preview_latents = latents

    def train(self):
        """Trains to the last step; saves at the end, on a signal, and on the way."""
        if not self._begin():
            return
        self.summaries = Summaries(self.run.path, self.start)
        self.progress = Progress(
            self.start, self.settings.steps, self.settings.batch_size, self.scans.count
        )
        if self.start == 0:
            self.summaries.describe(self.config, self.scans.first(PREVIEWS))
        try:
            with guards.StopSignals().watch() as signals:
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
        self.run.update_config(self.config)
        self.run.record_session(
            time=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            start_step=self.start,
            command=sys.argv,
            versions={
                "covid_gan": covid_gan.__version__,
                "python": platform.python_version(),
                "tensorflow": tf.__version__,
                "keras": keras.__version__,
            },
            devices=[d.device_type for d in tf.config.list_logical_devices()],
            threads=_threads(),
        )
        name, count = self.scans.fingerprint["name"], self.scans.count
        what = f"{count} drawn phantoms" if name == PHANTOM else f"{count} images of {name}"
        log.info("%s: %s, from step %d to %d.", self.run.path, what, self.start, self.settings.steps)
        return True

    def _steps(self, signals):
        gan, settings = self.gan, self.settings

        @tf.function
        def train_step(batch):
            return gan.train_step(images.normalise(batch))

        batches = self.scans.batches(settings.batch_size, settings.seed, self.start)
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
        if step == self.start + 1 or step % settings.log_every == 0 or last:
            speed = self.progress.update(step, values)
        began = time.monotonic()
        if step % settings.log_every == 0:
            self.summaries.scalars(step, values, speed)
            self.gan.reset_metrics()
        if step % settings.sample_every == 0 or last:
            self._sample(step)
        if step % settings.checkpoint_every == 0 or last:
            self.summaries.flush()
            self.checkpoints.save()
        self.progress.pause(time.monotonic() - began)

    def _sample(self, step):
        """Grids of the preview latents, to TensorBoard and as PNG."""
        ema = sampling.generate(self.gan.ema_generator, self.preview_latents)
        raw = sampling.generate(self.gan.generator, self.preview_latents)
        self.summaries.samples(step, ema, raw)
        self.run.samples.mkdir(exist_ok=True)
        images.save_png(self.run.samples / f"step-{step:08d}.png", images.grid(ema))


def _with_steps(config: Config, count: int) -> Config:
    """The config with its total of steps, which epochs may stand for."""
    training = config.training
    if training.epochs is not None:
        steps = math.ceil(training.epochs * count / training.batch_size)
    else:
        steps = training.steps or DEFAULT_STEPS
    return config.replace(steps=steps, epochs=None)


def _check(config, scans, run):
    if config.training.batch_size > scans.count:
        raise ArgumentError(
            "batch_size", f"is more than the {scans.count} images.", config.training.batch_size
        )
    if run and run.fingerprint != scans.fingerprint:
        changed = [k for k, v in run.fingerprint.items() if scans.fingerprint.get(k) != v]
        raise RunError(
            f"--run={run.path}: its images are not those it was trained on; {', '.join(changed)} changed."
        )


def _check_room(checkpoints: Checkpoints, training) -> None:
    size = checkpoints.nbytes()
    milestones = training.steps // training.milestone_every if training.milestone_every else 0
    kept = min(training.checkpoints_to_keep, training.steps // training.checkpoint_every + 1)
    log.info("A checkpoint is %s; at most %d are kept.", guards.size_text(size), kept + milestones)
    # While one more is written, none of the others is gone.
    still_to_come = kept + milestones + 1 - len(checkpoints.paths())
    guards.check_disk(checkpoints.folder.parent, size, max(still_to_come, 1))


def _threads() -> dict:
    return {"cpus": os.cpu_count(), "intra_op": tf.config.threading.get_intra_op_parallelism_threads()}
