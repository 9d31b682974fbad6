"""The compiled training step of a GAN, on one device or on several that share each batch."""

import logging
from collections.abc import Iterator

import keras
import tensorflow as tf

from covid_gan import images
from covid_gan.compute import strategies
from covid_gan.compute.config import AUTO
from covid_gan.config import Config
from covid_gan.data.scans import Scans
from covid_gan.errors import ArgumentError
from covid_gan.gans import replicas
from covid_gan.gans.base import Gan

log = logging.getLogger(__name__)

# Steps in one call where the host would be the limit.
_ACCELERATED_STEPS = 16
# Changes of images that XLA has no kernel for.
_NOT_FOR_XLA = {"rotation", "zoom"}
# Penalties that look at a batch as a whole; a replica has only its part.
_OF_A_WHOLE_BATCH = {"consensus", "dragan"}


class Steps:
    """Takes training steps of a GAN that was made in the scope of a strategy.

    Args:
        gan: a compiled `Gan`.
        config: of the run, resolved.
        strategy: whose replicas share each batch.

    Attributes:
        strategy: the same.
        xla: whether the steps are compiled with XLA.
        most: the most steps that one call takes.

    Raises:
        ArgumentError: as `check`.
    """

    def __init__(self, gan: Gan, config: Config, strategy: tf.distribute.Strategy):
        self._gan, self.strategy = gan, strategy
        self._training, self._compute = config.training, config.compute
        count = strategy.num_replicas_in_sync
        obstacle = check(config, strategy, gan.generator, gan.discriminator)
        on_tpu = _is_tpu(strategy)
        accelerated = on_tpu or _on_gpu()
        self.xla = on_tpu or _xla(config.compute.xla, obstacle, accelerated)
        self.most = config.compute.steps_per_loop or (_ACCELERATED_STEPS if accelerated else 1)

        def step(batch):
            return gan.train_step(images.normalise(batch))

        gan.compile_gradients = self.xla and count > 1 and not on_tpu
        self._step = tf.function(step, jit_compile=True) if self.xla and count == 1 and not on_tpu else step
        self._one = tf.function(self._of_all_replicas)
        self._several = tf.function(self._in_a_loop)

    def facts(self) -> dict:
        """What a run records of where and how it computes."""
        return {
            "strategy": strategies.described(self.strategy),
            "replicas": self.strategy.num_replicas_in_sync,
            "precision": self._compute.precision,
            "xla": self.xla,
            "steps_per_loop": self.most,
        }

    def described(self) -> str:
        """The same for a person."""
        facts = self.facts()
        return f"{facts['strategy']}, in {facts['precision']}, {'with' if self.xla else 'without'} XLA"

    def until_due(self, step: int, *intervals: int) -> int:
        """How many steps to take at once after `step`, before something is due between two.

        Args:
            step: how many are done.
            *intervals: beside the config's: steps between two times that something is due; 0: never.
        """
        training = self._training
        due = [training.log_every, training.sample_every, training.checkpoint_every, training.evaluate_every]
        to_go = [every - step % every for every in (*due, *intervals) if every]
        profiled = self._compute.profiled_steps
        to_go += [edge - step for edge in (profiled.start - 1, profiled.stop - 1) if edge > step]
        return min(self.most, training.steps - step, *to_go)

    def batches(self, scans: Scans, start: int) -> Iterator:
        """The batches from step `start` on, each in parts for the replicas of this process."""
        training, strategy = self._training, self.strategy
        total = training.batch_size * training.discriminator_steps

        def of_worker(context):
            whole = scans.batches(total, training.seed, start)
            return _parts(whole, training.discriminator_steps, context)

        if strategy.num_replicas_in_sync == 1:
            return iter(scans.batches(total, training.seed, start))
        return iter(strategy.distribute_datasets_from_function(of_worker))

    def take(self, batches: Iterator, count: int) -> dict[str, float]:
        """Takes `count` steps, at most `most`; returns the means of their values by name."""
        if self.most == 1:
            values = self._one(next(batches))
        else:
            values = self._several(batches, tf.constant(count))
        return {name: float(value) for name, value in values.items()}

    def _of_all_replicas(self, batch):
        values = self.strategy.run(self._step, args=(batch,))
        return {name: self.strategy.experimental_local_results(value)[0] for name, value in values.items()}

    def _in_a_loop(self, batches, count):
        values = {name: tf.constant(0.0) for name in self._gan.trackers}
        for _ in tf.range(count):
            values = self._of_all_replicas(next(batches))
        return values


def _parts(whole: tf.data.Dataset, updates: int, context: tf.distribute.InputContext) -> tf.data.Dataset:
    """The parts of each batch for the replicas of one worker, one after the other.

    A step's images are `updates` batches, of which every replica gets the same share.
    """
    everywhere = context.num_replicas_in_sync
    here = everywhere // context.num_input_pipelines
    first = context.input_pipeline_id * here

    def split(batch):
        shape = batch.shape[1:]
        by_replica = tf.reshape(batch, [updates, everywhere, -1, *shape])[:, first : first + here]
        return tf.reshape(tf.transpose(by_replica, [1, 0, 2, 3, 4, 5]), [here, -1, *shape])

    return whole.map(split).unbatch().prefetch(2 * here)


def check(config: Config, strategy: tf.distribute.Strategy, *networks: keras.Model) -> str | None:
    """Says whether steps can be taken on these replicas, before anything is loaded or drawn.

    Args:
        config: of the run, resolved.
        strategy: whose replicas share each batch.
        *networks: the generator and the discriminator; they need not be built.

    Returns:
        What of a step XLA cannot compile, which is then left off; None where it can.

    Raises:
        ArgumentError: what the config asks for cannot be done.
    """
    count = strategy.num_replicas_in_sync
    _check_replicas(config, count)
    unknown = ",".join(sorted(_NOT_FOR_XLA & set(config.training.augment or ())))
    if _is_tpu(strategy):
        # A TPU runs nothing that XLA has not compiled, and compiles what its replicas do together.
        if unknown:
            raise ArgumentError("augment", f"{unknown} has no kernel for XLA, which a TPU needs.", unknown)
        return None
    obstacle = f"--augment={unknown}" if unknown else _shared_norms(config, count, networks)
    if obstacle and config.compute.xla == "on":
        raise ArgumentError("xla", f"cannot compile {obstacle}.", config.compute.xla)
    return obstacle


def _on_gpu() -> bool:
    return bool(tf.config.get_visible_devices("GPU"))


def _is_tpu(strategy) -> bool:
    return isinstance(strategy, tf.distribute.TPUStrategy)


def _check_replicas(config: Config, count: int) -> None:
    training, precision = config.training, config.compute.precision
    if count == 1:
        return
    if training.batch_size % count:
        message = f"must be a multiple of the {count} replicas, which share each batch."
        raise ArgumentError("batch_size", message, training.batch_size)
    if training.penalty in _OF_A_WHOLE_BATCH:
        message = f"looks at a batch as a whole, and each of the {count} replicas has a part of it."
        raise ArgumentError("penalty", message, training.penalty)
    if precision == "float16":
        message = "scales its losses on each replica by itself; on several take bfloat16 or float32."
        raise ArgumentError("precision", message, precision)


def _shared_norms(config: Config, count: int, networks) -> str | None:
    if count > 1 and config.compute.sync_batch_norm and any(map(replicas.batch_norms, networks)):
        return f"batch norms that {count} replicas share; --nosync_batch_norm keeps them apart"
    return None


def _xla(wanted: str, obstacle: str | None, accelerated: bool) -> bool:
    if obstacle and wanted == AUTO and accelerated:
        log.warning("--xla=%s is off: it cannot compile %s.", AUTO, obstacle)
    return not obstacle and (wanted == "on" or (wanted == AUTO and accelerated))
