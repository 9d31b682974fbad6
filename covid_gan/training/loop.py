"""The training loop: one compiled step, again and again, and what happens between two of them."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from covid_gan import build, data, images, randomness, runs, sampling, storage
from covid_gan.compute import precision, strategies
from covid_gan.compute.config import AUTO
from covid_gan.config import Config
from covid_gan.errors import ArgumentError, DivergenceError, Interrupted, RunError
from covid_gan.progress import Progress
from covid_gan.runs import Run
from covid_gan.training import checkpoints as checkpoints_lib
from covid_gan.training import guards, preparing, watch, workers
from covid_gan.training import steps as steps_lib
from covid_gan.training.checkpoints import Checkpoints
from covid_gan.training.evaluations import Evaluations
from covid_gan.training.profile import Profile
from covid_gan.training.recovery import Recovery
from covid_gan.training.steps import Steps
from covid_gan.training.summaries import Summaries
from covid_gan.training.watch import CollapseError, Watch

log = logging.getLogger(__name__)

PREVIEWS = 36


def resolve(config: Config) -> Config:
    """Returns the config as `train` would record it; the number of steps where the data are prepared.

    Raises:
        ArgumentError: a setting does not fit the networks or, where they are prepared, the data.
    """
    config = data.resolve(build.resolve(config))
    if data.is_prepared(config):
        return preparing.load(config)[0]
    return config if config.training.epochs else preparing.with_steps(config, count=0)


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
        on_step: called after each call of the compiled steps, most often one, with the last one's number.

    Returns:
        The run; None where another worker of the cluster keeps it, and there was none to go on with.

    Raises:
        ArgumentError: a setting does not fit the data, the networks, the devices or the run.
        RunError: the run diverged, could not be saved, was interrupted, or lost a worker.
    """
    strategy = strategies.make(config.compute)
    workers.check(config, strategy)
    if config.compute.precision == AUTO:
        log.info("--precision=auto is %s: %s.", *precision.suitable())
    if run is None:
        runs.check_writable(runs_dir)
    config = build.resolve(config)
    steps_lib.check(config, strategy, *build.networks_from(config.model))
    config, scans = preparing.load(config)
    if run:
        run.check_same_data(scans.fingerprint)
    with strategy.scope():
        gan = build.gan_from(config)
    steps = Steps(gan, config, strategy)
    with guards.StopSignals().watch() as signals:
        if not strategies.is_chief(strategy):
            workers.follow(run, config, gan, steps, scans, signals)
            return run
        preparing.check_room(run.checkpoints if run else storage.path(runs_dir), gan, config.training)
        run = run or runs.create(runs_dir, config, scans.fingerprint)
        with run.lock():
            session = None
            try:
                session = _Session(run, config, gan, steps, scans, on_step)
                session.train(signals)
            except storage.errors() as error:
                last_good = f" {session.checkpoints.last_good()}" if session else ""
                what = workers.reason(error, strategy)
                raise RunError(f"--run={run.path}: stopped: {what}.{last_good}") from error
    return run


class _Session:
    """One start of a run: from its newest checkpoint to its last step."""

    def __init__(self, run, config, gan, steps, scans, on_step):
        self.run, self.config, self.gan, self.steps, self.scans = run, config, gan, steps, scans
        self.settings, self.on_step = config.training, on_step
        self.watch = Watch(gan, scans.first(watch.SCANS))
        self.checkpoints = Checkpoints(
            run.checkpoints, gan, self.settings.checkpoints_to_keep, self.settings.milestone_every, self.watch
        )
        self.recovery = Recovery(gan, self.checkpoints)  # before the learning rates are restored
        self.start = self.checkpoints.restore_newest()
        latents = randomness.sample_latents(PREVIEWS, config.model.latent_dim, self.settings.seed)
        self.preview_latents = latents
        self.average, self.last = (sampling.Sampler(g) for g in (gan.ema_generator, gan.generator))
        self.evaluations = Evaluations(run.path, config, scans, self.average)

    def train(self, signals):
        """Trains to the last step; saves at the end, on a signal, and on the way."""
        if not self._begin():
            return
        self.summaries = Summaries(self.run.path, self.start)
        self.profile = Profile(self.run.path, self.config.compute.profiled_steps)
        self.evaluations.cut(self.start)
        self.checkpoints.mark_best(self.evaluations.best_step(self.checkpoints.healthy_steps()))
        if self.start == 0:
            self.summaries.describe(self.config, self.scans.first(PREVIEWS))
        try:
            while not self._reaches_its_end(signals):
                pass
        finally:
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
        computing = self.steps.facts()
        self.run.record_session(start_step=self.start, **preparing.environment(), **computing)
        what = preparing.described(self.scans.fingerprint)
        size = guards.size_text(checkpoints_lib.nbytes(self.gan))
        log.info("%s: %s, from step %d to %d.", self.run.path, what, self.start, self.settings.steps)
        log.info("A checkpoint is %s, every %d steps.", size, self.settings.checkpoint_every)
        log.info("Computes on %s.", self.steps.described())
        return True

    def _reaches_its_end(self, signals) -> bool:
        """Trains on from `start`; False where it was taken back to an earlier one."""
        per_step = preparing.images_per_step(self.settings)
        self.progress = Progress(self.start, self.settings.steps, per_step, self.scans.count)
        try:
            self._steps(signals)
            return True
        except (CollapseError, DivergenceError) as error:
            if self.settings.on_collapse != "rollback":
                raise
            self._go_back(error)
            return False
        finally:
            self.progress.end()
            self.profile.end()

    def _steps(self, signals):
        settings, step, last = self.settings, self.start, False
        batches = self.steps.batches(self.scans, step)
        while not last:
            count = self.steps.until_due(step, watch.LOOK_EVERY, self.checkpoints.milestone_every)
            self.profile.before(step + 1)
            values = self.steps.take(batches, count)
            step += count
            self.profile.after(step)
            guards.check_finite(step, values, self.checkpoints.last_good)
            self.watch.count(values, count)
            last = step == settings.steps or signals.received
            self._between(step, values, last)
            if self.on_step:
                self.on_step(step)
        if signals.received and step < self.settings.steps:
            raise Interrupted(
                f"Stopped at step {step}, and saved. Go on: python -m covid_gan.train --run={self.run.path}",
                signals.received,
            )

    def _between(self, step, values, last):
        """Guards, curves, samples, scores and a checkpoint, where one is due."""
        settings = self.settings
        self.progress.update(step, values)
        began = time.monotonic()
        if step % watch.LOOK_EVERY == 0:
            self._look(step, values)
        if step % settings.log_every == 0:
            self.summaries.scalars(step, values, self.progress.images_per_second(step))
            self.gan.reset_metrics()
        sampled = step % settings.sample_every == 0 or last
        scored = self.evaluations.due(step)
        saved = step % settings.checkpoint_every == 0 or self.checkpoints.is_milestone(step) or last or scored
        if sampled or saved:
            guards.check_weights(step, self.gan, self.checkpoints.last_good)
            self.gan.fit_average()
        if sampled:
            self._sample(step)
        if scored:
            self.summaries.scores(step, self.evaluations.evaluate(step))
        if saved:
            if step % watch.LOOK_EVERY:
                self.watch.glance(step, values, self.last(self.preview_latents))
            self.summaries.flush()
            self.checkpoints.save()
        if scored:
            self.checkpoints.mark_best(self.evaluations.best_step(self.checkpoints.healthy_steps()))
        self.progress.pause(time.monotonic() - began)

    def _look(self, step, values):
        """Looks for a collapse; a lasting one is said once, or ends the steps."""
        signs, lasting, new = self.watch.look(step, values, self.last(self.preview_latents))
        self.summaries.signs(step, signs)
        if new:
            self.summaries.note(step, "; ".join(new))
        if lasting and self.settings.on_collapse != "warn":
            raise CollapseError(
                f"--on_collapse: training collapsed by step {step}: {'; '.join(lasting)}. "
                f"{self.checkpoints.last_healthy()} --on_collapse=rollback goes back there by itself, warn goes on."
            )
        if new:
            log.warning("Step %d: %s. --on_collapse=rollback would go back.", step, "; ".join(new))
            self.run.record_session(collapsed_at=step, reasons=new)

    def _go_back(self, error):
        """To the last healthy checkpoint; what was written of later steps goes."""
        self.start, done = self.recovery.go_back(error)
        log.warning("%s %s", error, done)
        self.run.record_session(
            rolled_back_to=self.start, restarts=int(self.gan.restarts.numpy()), reason=str(error)
        )
        self.summaries.cut(self.start)
        self.summaries.note(self.start, f"{error} {done}")
        self.evaluations.cut(self.start)
        self.checkpoints.mark_best(self.evaluations.best_step(self.checkpoints.healthy_steps()))

    def _sample(self, step):
        """Grids of the preview latents, to TensorBoard and as PNG."""
        ema, raw = (sampler(self.preview_latents) for sampler in (self.average, self.last))
        self.summaries.samples(step, ema, raw)
        self.run.samples.mkdir(exist_ok=True)
        images.save_png(self.run.samples / f"step-{step:08d}.png", images.grid(ema))
