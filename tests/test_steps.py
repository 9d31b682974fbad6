"""Steps taken at once, their parts for replicas, and when something is due."""

import numpy as np
import pytest
import tensorflow as tf
from run_states import assert_same_state, curves

from covid_gan import build
from covid_gan.errors import ArgumentError
from covid_gan.runs import Run
from covid_gan.training import loop
from covid_gan.training.steps import Steps, _parts


def steps_of(config) -> Steps:
    config = build.resolve(config)
    return Steps(build.gan_from(config), config, tf.distribute.get_strategy())


def test_steps_go_on_until_something_is_due(tiny_config):
    settings = dict(steps=100, log_every=10, sample_every=25, checkpoint_every=40, evaluate_every=0)
    steps = steps_of(tiny_config.replace(**settings, steps_per_loop=16))
    assert [steps.until_due(step, 50) for step in (0, 10, 20, 25, 39, 49, 96)] == [10, 10, 5, 5, 1, 1, 4]
    assert steps_of(tiny_config.replace(**settings, steps_per_loop=3)).until_due(20) == 3
    assert steps_of(tiny_config.replace(**settings)).until_due(20) == 1
    profiled = steps_of(tiny_config.replace(**settings, steps_per_loop=16, profile="4,6"))
    assert [profiled.until_due(step) for step in (0, 3, 6)] == [3, 3, 4]


@pytest.mark.parametrize("workers, per_worker", [(1, 2), (2, 1), (2, 2)])
def test_replicas_share_each_update_of_a_step(workers, per_worker):
    updates, replicas = 3, workers * per_worker
    images = np.arange(2 * updates * 8).reshape(2, updates * 8, 1, 1, 1)  # two steps of 3 updates on 8 images
    whole = tf.data.Dataset.from_tensor_slices(images)
    parts = []
    for worker in range(workers):
        context = tf.distribute.InputContext(workers, worker, replicas)
        parts.append(list(_parts(whole, updates, context).as_numpy_iterator()))
    for step in range(2):
        found = [parts[w][step * per_worker + r] for w in range(workers) for r in range(per_worker)]
        shares = [part.reshape(updates, -1) for part in found]
        np.testing.assert_array_equal(np.concatenate(shares, axis=1), images[step].reshape(updates, -1))


def test_several_steps_in_a_call_are_those_of_one_after_the_other(tiny_config, tmp_path):
    one = loop.train(tiny_config, runs_dir=tmp_path / "one")
    several = loop.train(tiny_config.replace(steps_per_loop=4), runs_dir=tmp_path / "several")
    assert_same_state(one, several)
    steps = [[step for step, _ in curves(run)["train/d_loss"]] for run in (one, several)]
    assert steps[0] == steps[1]


@pytest.mark.parametrize("model", ["dcgan", pytest.param("wgan_gp", marks=pytest.mark.slow)])
def test_a_run_on_two_devices_works_and_goes_on_on_one(tiny_config, tmp_path, model):
    settings = dict(model=model, discriminator_steps=1, evaluate_every=2)
    config = tiny_config.replace(**settings, devices="cpu:2", strategy="mirrored")
    run = loop.train(config, runs_dir=tmp_path)
    assert run.checkpoints.is_dir() and len(list(run.samples.glob("*.png"))) == 2
    assert '"replicas": 2' in (run.path / "sessions.jsonl").read_text()
    alone = loop.train(run.continued(dict(steps=8, devices="cpu", strategy="single")), run=Run(run.path))
    assert '"replicas": 1' in (alone.path / "sessions.jsonl").read_text()


def test_a_profile_of_some_steps_is_written(tiny_config, tmp_path, caplog):
    run = loop.train(tiny_config.replace(profile="3,4"), runs_dir=tmp_path)
    assert list(run.path.glob("plugins/profile/*/*.xplane.pb"))


def test_a_run_goes_on_in_another_precision_but_not_in_float16(trained_run):
    assert trained_run.continued({"precision": "bfloat16"}).compute.precision == "bfloat16"
    with pytest.raises(ArgumentError, match="float16, whose loss scales stand in the checkpoints"):
        trained_run.continued({"precision": "float16"})
