"""Training by several processes: the chief keeps the run, and the others follow it step by step."""

import logging

import tensorflow as tf

from covid_gan import errors
from covid_gan.compute import strategies
from covid_gan.config import Config
from covid_gan.data.scans import Scans
from covid_gan.errors import ArgumentError, Interrupted, RunError
from covid_gan.gans.base import Gan
from covid_gan.runs import Run
from covid_gan.training import guards, watch
from covid_gan.training.checkpoints import Checkpoints
from covid_gan.training.steps import Steps

log = logging.getLogger(__name__)

_GO_ON = "start all workers again with --run=RUN_FOLDER"


def check(config: Config, strategy: tf.distribute.Strategy) -> None:
    """Refuses what several workers cannot do.

    Raises:
        ArgumentError: (`on_collapse`) rollback.
    """
    if strategies.is_cluster(strategy) and config.training.on_collapse == "rollback":
        message = (
            "cannot take several workers back at once; take stop, and go on with --run and other settings."
        )
        raise ArgumentError("on_collapse", message, "rollback")


def follow(run: Run | None, config: Config, gan: Gan, steps: Steps, scans: Scans, signals) -> None:
    """Takes part in each step of a run that another process keeps; writes nothing.

    Raises:
        RunError: it was interrupted, or lost another worker.
    """
    memory = watch.Watch(gan, scans.first(watch.SCANS))  # stands in the chief's checkpoints
    step = Checkpoints(run.checkpoints, gan, watch=memory).restore_newest(set_aside=False) if run else 0
    total = config.training.steps
    log.info("A worker of %s, from step %d to %d; the chief writes the run.", steps.described(), step, total)
    batches = steps.batches(scans, step)
    while step < total and not signals.received:
        count = steps.until_due(step, watch.LOOK_EVERY, config.training.milestone_every)
        try:
            values = steps.take(batches, count)
        except tf.errors.OpError as error:
            raise RunError(f"--strategy: stopped at step {step}: {reason(error, steps.strategy)}.") from error
        step += count
        guards.check_finite(step, values, lambda: "The chief names the last good checkpoint.")
        if step % config.training.log_every == 0:
            gan.reset_metrics()
    if signals.received:
        raise Interrupted(f"Stopped at step {step}. To go on, {_GO_ON}.", signals.received)
    log.info("Trained to step %d.", total)


def reason(error: Exception, strategy: tf.distribute.Strategy) -> str:
    """What went wrong, as part of a sentence."""
    if strategies.is_cluster(strategy) and isinstance(error, tf.errors.OpError):
        return f"another worker has stopped or cannot be reached ({errors.reason(error)}); {_GO_ON}"
    return errors.reason(error)
