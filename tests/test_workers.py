"""Two workers on loopback: they take the steps of one process, and when one dies the other says so."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from run_states import state_of

from covid_gan.config import Config
from covid_gan.errors import ArgumentError
from covid_gan.runs import Run
from covid_gan.training import loop, workers

pytestmark = pytest.mark.slow

SETTINGS = dict(
    dataset="lung_phantom", image_size=16, latent_dim=8, base_channels=4, batch_size=8, evaluate_every=0,
    checkpoint_every=5, log_every=5, sample_every=50, precision="float32",
)  # fmt: skip


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """With the phantom prepared: the workers start at once."""
    from covid_gan import data

    folder = tmp_path_factory.mktemp("tfds")
    data.load(Config().replace(dataset="lung_phantom", image_size=16, data_dir=str(folder)))
    return folder


@contextlib.contextmanager
def started(folder, data_dir, **settings):
    """Two workers of one training; their logs are worker-0.log and worker-1.log in `folder`."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    settings = {**SETTINGS, **settings, "data_dir": data_dir, "devices": "cpu"}
    if "run" in settings:
        settings = {name: settings[name] for name in ("run", "steps", "data_dir", "devices")}
    else:
        settings["runs_dir"] = folder / "runs"
    command = [sys.executable, "-m", "covid_gan.train", *(f"--{k}={v}" for k, v in settings.items())]
    processes = []
    with contextlib.ExitStack() as stack:
        for index in range(2):
            task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            log = stack.enter_context(open(folder / f"worker-{index}.log", "w"))
            environment = {**os.environ, "TF_CONFIG": json.dumps(task)}
            processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT))
        try:
            yield processes
        finally:
            for process in processes:
                process.kill()
                process.wait()


def said(folder, index):
    return (folder / f"worker-{index}.log").read_text()


def test_two_workers_of_which_one_is_killed_end_where_one_process_does(tmp_path, data_dir):
    with started(tmp_path, data_dir, steps=4000) as processes:
        while not list(tmp_path.glob("runs/*/checkpoints/step-*")):
            assert processes[0].poll() is None, said(tmp_path, 0)
            time.sleep(0.1)
        processes[1].send_signal(signal.SIGKILL)
        assert processes[0].wait(200) == 1
    text = said(tmp_path, 0)
    assert "another worker has stopped or cannot be reached" in text and "Traceback" not in text
    assert "start all workers again with --run=" in text
    (path,) = tmp_path.glob("runs/*")  # the other worker made no folder
    steps = max(int(each.name[-8:]) for each in (path / "checkpoints").iterdir()) + 5
    with started(tmp_path, data_dir, run=path, steps=steps) as processes:
        assert [process.wait(200) for process in processes] == [0, 0], said(tmp_path, 0) + said(tmp_path, 1)
    assert f"from step {steps - 5} to {steps}" in said(tmp_path, 1)
    config = Config().replace(**SETTINGS, steps=steps, data_dir=str(data_dir))
    alone, together = state_of(loop.train(config, runs_dir=tmp_path / "alone")), state_of(Run(path))
    for name in alone:
        if name.startswith(("generator/", "discriminator/", "ema_generator/")):
            gap = np.linalg.norm(alone[name] - together[name])
            assert gap <= 1e-3 * np.linalg.norm(alone[name]), (name, steps)


def test_what_workers_cannot_do_is_refused(monkeypatch):
    monkeypatch.setattr(workers.strategies, "is_cluster", lambda strategy: True)
    with pytest.raises(ArgumentError, match="cannot take several workers back at once"):
        workers.check(Config().replace(on_collapse="rollback"), strategy=None)
    workers.check(Config(), strategy=None)
