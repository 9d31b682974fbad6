"""What `tensorboard --logdir runs` serves of a run, asked over its HTTP API."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest


@pytest.fixture(scope="module")
def server(trained_run):
    """A TensorBoard on a free port of this machine; its address."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(trained_run.path.parent),
               "--port=0", "--host=127.0.0.1", "--load_fast=false"]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        for line in process.stderr:
            if "http://" in line:
                yield "http://" + line.partition("http://")[2].split()[0].rstrip("/")
                break
    finally:
        process.kill()
        process.communicate()


def ask(address, body=None):
    """The answer of the API, as JSON; tried again while TensorBoard still loads."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    for _ in range(60):
        try:
            answer = json.loads(urllib.request.urlopen(request, timeout=10).read())
            if answer:
                return answer
        except urllib.error.HTTPError:
            pass
        time.sleep(0.5)
    raise TimeoutError(address)


@pytest.mark.slow
def test_curves_grids_and_hyperparameters_are_served(server, trained_run):
    run = trained_run.path.name
    scalars = ask(f"{server}/data/plugin/scalars/tags")[run]
    assert {"train/d_loss", "train/g_loss", "train/d_accuracy_real", "train/d_accuracy_fake",
            "speed/images_per_second"} <= set(scalars)  # fmt: skip
    points = ask(f"{server}/data/plugin/scalars/scalars?run={run}&tag=train/d_loss")
    assert [step for _, step, _ in points] == [2, 4, 6]
    assert {"samples/ema", "samples/raw", "real"} <= set(ask(f"{server}/data/plugin/images/tags")[run])
    assert {"pixels/ema", "pixels/real"} <= set(ask(f"{server}/data/plugin/histograms/tags")[run])
    assert "config" in str(ask(f"{server}/data/plugin/text/tags"))

    experiment = ask(f"{server}/data/plugin/hparams/experiment", {"experimentName": ""})
    names = {info["name"] for info in experiment["hparamInfos"]}
    metrics = {info["name"]["tag"] for info in experiment["metricInfos"]}
    assert {"activation", "dropout", "learning_rate"} <= names
    assert {"train/d_loss", "train/g_loss"} <= metrics
