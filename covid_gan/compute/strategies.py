"""The `tf.distribute` strategy of a run: which devices share its steps."""

import json
import logging
import os

import tensorflow as tf

from covid_gan.compute.config import AUTO, ComputeConfig
from covid_gan.errors import ArgumentError

log = logging.getLogger(__name__)

_CLUSTER = "TF_CONFIG"

# The replicas of this process, by their devices: at most one entry, see `_mirrored`.
_made: dict[tuple[str, ...], tf.distribute.Strategy] = {}


def make(config: ComputeConfig) -> tf.distribute.Strategy:
    """Makes the devices and the strategy; call it before TensorFlow computes anything.

    A process has one set of devices: a second call may ask for the same, not for others.

    Raises:
        ArgumentError: what is asked for is not there, or comes too late.
    """
    name = config.strategy if config.strategy != AUTO else _suitable(config)
    if name != "multi_worker" and os.environ.get(_CLUSTER):
        message = f"does not go with the {_CLUSTER} of this process, which is for multi_worker; unset it."
        raise ArgumentError("strategy", message, name)
    if name == "multi_worker":
        # Before anything else: its constructor starts this worker's server.
        devices = _choose_devices(config.devices)
        if len(devices) > 1 and devices[0].startswith("CPU"):
            raise ArgumentError(
                "devices", "a worker has one CPU; start more workers instead.", config.devices
            )
        return _multi_worker()
    if name == "tpu":
        return _tpu(config.tpu)
    if config.tpu is not None:
        raise ArgumentError("tpu", f"does not go with --strategy={name}.", config.tpu)
    devices = _choose_devices(config.devices)
    if name == "mirrored":
        return _mirrored(tuple(devices))
    if len(devices) > 1:
        log.warning("--strategy=single: of %d devices only %s is used.", len(devices), devices[0])
    return tf.distribute.get_strategy()


def is_cluster(strategy: tf.distribute.Strategy) -> bool:
    """Whether several processes train together."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes the run: the only one, or the first of several workers."""
    if not is_cluster(strategy):
        return True
    resolver = strategy.cluster_resolver
    has_chief = "chief" in resolver.cluster_spec().jobs
    return resolver.task_type == "chief" or (resolver.task_id == 0 and not has_chief)


def described(strategy: tf.distribute.Strategy) -> str:
    """Name and devices, for a person."""
    where = "GPU" if tf.config.get_visible_devices("GPU") else "CPU"
    if isinstance(strategy, tf.distribute.TPUStrategy):
        name, where = "tpu", "TPU"
    elif is_cluster(strategy):
        name = "multi_worker"
    else:
        name = "mirrored" if isinstance(strategy, tf.distribute.MirroredStrategy) else "single"
    return f"{name}, {strategy.num_replicas_in_sync} × {where}"


def _suitable(config: ComputeConfig) -> str:
    if os.environ.get(_CLUSTER):
        return "multi_worker"
    if config.tpu is not None or os.environ.get("TPU_NAME"):
        return "tpu"
    return "mirrored" if len(_choose_devices(config.devices)) > 1 else "single"


def _mirrored(devices: tuple[str, ...]) -> tf.distribute.Strategy:
    """One for a process: two would number what their replicas do together alike, and mix it up."""
    if not _made:
        _made[devices] = tf.distribute.MirroredStrategy(devices)
    if devices not in _made:
        message = f"comes too late: replicas of this process share {', '.join(*_made)} already."
        raise ArgumentError("devices", message, ", ".join(devices))
    return _made[devices]


def _choose_devices(wanted: str | None) -> list[str]:
    """Makes only the wanted devices visible, and gives their names: ["CPU:0", …] or ["GPU:0", …]."""
    kind, _, which = (wanted or "").partition(":")
    gpus = tf.config.list_physical_devices("GPU")
    try:
        if kind == "cpu":
            tf.config.set_visible_devices([], "GPU")
            return _logical_cpus(int(which or 1))
        if kind == "gpu":
            gpus = _selected(gpus, which, wanted)
        tf.config.set_visible_devices(gpus, "GPU")
        _share_memory(gpus, insist=wanted is not None)
    except RuntimeError as error:
        message = "comes too late: TensorFlow has begun to compute on other devices in this process."
        raise ArgumentError("devices", message, wanted) from error
    return [f"GPU:{i}" for i in range(len(gpus))] or ["CPU:0"]


def _share_memory(gpus, insist):
    """All of a GPU's memory at once would leave none for others who share it."""
    try:
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:
        if insist:
            raise
        log.info("TensorFlow computes already in this process; its GPUs' memory is taken as it was set up.")


def _selected(gpus, which, wanted):
    numbers = [int(n) for n in which.split(",")] if which else list(range(len(gpus)))
    if not gpus or max(numbers) >= len(gpus) or len(set(numbers)) < len(numbers):
        found = ", ".join(f"gpu:{i}" for i in range(len(gpus))) or "no GPU that TensorFlow can use"
        raise ArgumentError("devices", f"must name each GPU once; there is {found}.", wanted)
    return [gpus[n] for n in numbers]


def _logical_cpus(count: int) -> list[str]:
    cpu = tf.config.list_physical_devices("CPU")[0]
    if len(tf.config.get_logical_device_configuration(cpu) or [None]) < count:
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
    return [f"CPU:{i}" for i in range(count)]


def _multi_worker() -> tf.distribute.Strategy:
    try:
        cluster = json.loads(os.environ.get(_CLUSTER) or "{}")
        workers = sum(len(cluster["cluster"].get(job, [])) for job in ("chief", "worker"))
        known = {"type", "index"} <= set(cluster["task"]) and workers > 0
    except (ValueError, LookupError, TypeError, AttributeError):
        known = False
    if not known:
        example = (
            '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'
        )
        message = f"needs {_CLUSTER} in the environment of each worker, such as {example}."
        raise ArgumentError("strategy", message, "multi_worker")
    log.info("Waiting for all %d workers.", workers)
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except (RuntimeError, ValueError, tf.errors.OpError) as error:
        raise ArgumentError(
            "strategy", f"could not reach the other workers: {error}", "multi_worker"
        ) from error


def _tpu(name: str | None) -> tf.distribute.Strategy:
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(
            name or os.environ.get("TPU_NAME", "local")
        )
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver)
    except (RuntimeError, ValueError, tf.errors.OpError) as error:
        raise ArgumentError("strategy", f"finds no TPU: {error}", "tpu") from error
