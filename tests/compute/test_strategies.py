"""Which devices share a run, and what is said where they are not there."""

import json
import types

import pytest
import tensorflow as tf

from covid_gan.compute import strategies
from covid_gan.compute.config import ComputeConfig
from covid_gan.errors import ArgumentError


def make(**settings):
    return strategies.make(ComputeConfig(**settings))


def test_one_cpu_needs_no_strategy():
    assert make() is tf.distribute.get_strategy()
    assert strategies.described(make()) == "single, 1 × CPU"
    assert strategies.is_chief(make())


@pytest.mark.parametrize("strategy", ["auto", "mirrored"])
def test_two_devices_are_mirrored(strategy):
    made = make(strategy=strategy, devices="cpu:2")
    assert made.num_replicas_in_sync == 2
    assert strategies.described(made) == "mirrored, 2 × CPU"
    assert strategies.is_chief(made) and not strategies.is_cluster(made)


def test_one_device_of_several_is_used_with_a_warning(caplog):
    assert make(strategy="single", devices="cpu:2").num_replicas_in_sync == 1
    assert "of 2 devices only CPU:0 is used" in caplog.text


@pytest.mark.parametrize(
    "settings, argument, says",
    [
        (dict(devices="gpu"), "devices", "no GPU that TensorFlow can use"),
        (dict(devices="gpu:1"), "devices", "no GPU"),
        (dict(devices="cpu:9"), "devices", "comes too late"),
        (dict(tpu="mine", strategy="single"), "tpu", "does not go with --strategy=single"),
        (dict(strategy="multi_worker"), "strategy", "needs TF_CONFIG"),
    ],
)
def test_what_is_not_there_is_refused(settings, argument, says):
    tf.zeros(1)  # from now on devices cannot be changed
    with pytest.raises(ArgumentError, match=says) as error:
        make(**settings)
    assert error.value.argument == argument


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"cluster": {"worker": []}, "task": {"type": "worker", "index": 0}}', "[]"]
)
def test_a_broken_cluster_is_refused_before_anything_waits_for_it(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ArgumentError, match="needs TF_CONFIG in the environment of each worker"):
        make()


def test_a_cluster_is_not_silently_ignored(monkeypatch):
    cluster = {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
    with pytest.raises(ArgumentError, match="unset it"):
        make(strategy="single")


def test_other_replicas_in_the_same_process_are_refused():
    make(devices="cpu:2")
    with pytest.raises(ArgumentError, match="comes too late: replicas of this process share CPU:0, CPU:1"):
        make(devices="cpu:4")


@pytest.fixture
def busy_gpu(monkeypatch):
    """A GPU of a process in which TensorFlow has computed already."""

    def too_late(gpu, growth):
        raise RuntimeError("Physical devices cannot be modified after being initialized")

    gpu = types.SimpleNamespace(name="a card", device_type="GPU")
    listed = tf.config.list_physical_devices
    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda kind=None: [gpu] if kind == "GPU" else listed(kind)
    )
    monkeypatch.setattr(tf.config, "set_visible_devices", lambda devices, kind: None)
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", too_late)


def test_a_gpu_that_computes_already_is_taken_as_it_is(busy_gpu, caplog):
    """As in a notebook, or in a benchmark that asked for the devices before."""
    with caplog.at_level("INFO"):
        assert strategies._choose_devices(None) == ["GPU:0"]
    assert "computes already" in caplog.text


def test_asked_for_by_name_it_is_too_late(busy_gpu):
    with pytest.raises(ArgumentError, match="comes too late"):
        strategies._choose_devices("gpu:0")
