"""kill -9 at random moments, saves among them: the resumed run equals the uninterrupted one."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from covid_gan.checkpoint_files import step_of
from covid_gan.runs import Run

KILLS = int(os.environ.get("COVID_GAN_KILLS", 1))
# A save after every step, so that many kills fall into one.
STEPS, CHECKPOINT_EVERY = 100 * (KILLS + 1), 1


def start(*flags):
    command = [sys.executable, "-m", "covid_gan.train", *flags]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process):
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return output


def newest_tensors(run):
    path = sorted(run.checkpoints.iterdir())[-1]
    assert path.name == f"step-{STEPS:08d}"
    reader = tf.train.load_checkpoint(str(path / "checkpoint"))
    return {k: reader.get_tensor(k) for k in reader.get_variable_to_shape_map() if "VALUE" in k}


def wait_for_step(process, folder, step):
    """Returns the newest step, once it is `step` or more, or the process has ended."""
    while True:
        newest = max((step_of(p) for p in folder.glob("00000-*/checkpoints/step-*")), default=0)
        if newest >= step or process.poll() is not None:
            return newest
        time.sleep(0.01)


@pytest.mark.slow
def test_killed_and_resumed_equals_uninterrupted(tiny_data_dir, tmp_path):
    flags = [
        "--dataset=tiny_scans", f"--data_dir={tiny_data_dir}", "--image_size=16", "--base_channels=4",
        "--batch_size=4", "--dropout=0.3", "--activation=swish", f"--steps={STEPS}",
        f"--checkpoint_every={CHECKPOINT_EVERY}", "--sample_every=20", "--milestone_every=0",
    ]  # fmt: skip
    finish(start(*flags, f"--checkpoint_every={STEPS}", f"--runs_dir={tmp_path / 'whole'}"))
    whole = Run(next((tmp_path / "whole").glob("0*")))

    moments = random.Random(0)
    process = start(*flags, f"--runs_dir={tmp_path / 'killed'}")
    newest = wait_for_step(process, tmp_path / "killed", 1)
    killed = next((tmp_path / "killed").glob("0*"))
    for _ in range(KILLS):
        # Anything from the first imports on, where it is to wait for no further step: restoring, a save.
        newest = wait_for_step(process, tmp_path / "killed", newest + moments.randrange(0, 80))
        time.sleep(moments.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "it was done before it could be killed"
        process = start(f"--run={killed}")
    finish(process)

    expected, resumed = newest_tensors(whole), newest_tensors(Run(killed))
    assert expected.keys() == resumed.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(resumed[name], value, err_msg=name)
