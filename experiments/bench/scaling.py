"""A step shared by two devices of one machine, and by two workers, against one device."""

import contextlib
import json
import socket
import tempfile

from covid_gan.config import Config
from experiments.bench import fresh

ONE, DEVICES, WORKERS = "one device", "2 logical devices (mirrored)", "2 workers on loopback (multi_worker)"


def measure(config: Config, rounds: int) -> dict[str, list[float]]:
    """Seconds of a step by arrangement and round; each is a training in processes of its own, in turn.

    Args:
        config: its batch is that of all devices together.
        rounds: in each of which every arrangement has its turn.

    Raises:
        RunError: a training failed.
    """
    calls = {ONE: _one, DEVICES: _devices, WORKERS: _workers}
    found = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            found[name].append(call(config)[fresh.STEP])
    return found


def _one(config):
    return fresh.measure(config.replace(strategy="single", devices="cpu"))


def _devices(config):
    return fresh.measure(config.replace(strategy="mirrored", devices="cpu:2"))


def _workers(config):
    """The first worker's numbers."""
    config = config.replace(strategy="multi_worker", devices="cpu")
    addresses = [f"127.0.0.1:{port}" for port in _free_ports(2)]
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        workers = []
        for index in range(2):
            task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            workers.append(fresh.started(config, folder, TF_CONFIG=json.dumps(task)))
            stack.callback(_end, workers[-1])
        return fresh.result(workers[0])


def _end(worker):
    worker.kill()
    worker.wait()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
