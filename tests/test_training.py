"""The loop: what a run leaves behind, resuming bit for bit, stopping in order."""

import json
import os
import signal

import pytest
import tensorflow as tf
from run_states import assert_same_state, continue_run, curves, state_of

from covid_gan import gans
from covid_gan.config import Config
from covid_gan.errors import ArgumentError, DivergenceError, Interrupted, RunError
from covid_gan.runs import Run
from covid_gan.training import loop


def test_a_run_folder_explains_itself(trained_run):
    config = json.loads((trained_run.path / "config.json").read_text())
    assert config["data"]["dataset"] == "tiny_scans"
    assert config["data"]["classes"] == ["covid"]
    assert config["training"]["steps"] == 6
    assert json.loads((trained_run.path / "data.json").read_text())["count"] == 20
    session = json.loads((trained_run.path / "sessions.jsonl").read_text())
    assert session["start_step"] == 0 and "tensorflow" in session["versions"]
    assert (trained_run.samples / "step-00000006.png").is_file()
    assert "tiny_scans" in trained_run.path.name and "16px" in trained_run.path.name


def test_tensorboard_has_curves_grids_histograms_and_hyperparameters(trained_run):
    points = curves(trained_run)
    for tag in ("train/d_loss", "train/g_loss", "train/d_accuracy_real", "train/d_accuracy_fake"):
        assert [step for step, _ in points[tag]] == [2, 4, 6]
    for tag in ("samples/ema", "samples/raw", "pixels/ema", "speed/images_per_second"):
        assert points[tag]
    for tag in ("real", "config", "_hparams_/session_start_info", "pixels/real"):
        assert [step for step, _ in points[tag]] == [0]


@pytest.mark.parametrize("cache", ["memory", "none"])
def test_resumed_run_equals_an_uninterrupted_one(tiny_config, tmp_path, cache):
    config = tiny_config.replace(dropout=0.3, activation="swish", cache=cache)
    whole = loop.train(config.replace(steps=10), runs_dir=tmp_path / "a")
    parts = loop.train(config.replace(steps=3), runs_dir=tmp_path / "b")
    parts = continue_run(parts, steps=5)
    parts = continue_run(parts, steps=10)
    assert_same_state(whole, parts)


def test_no_curve_runs_backwards_and_none_differs_after_a_crash(tiny_config, tmp_path):
    whole = loop.train(tiny_config.replace(steps=12), runs_dir=tmp_path / "a")
    crashed = loop.train(tiny_config.replace(steps=10), runs_dir=tmp_path / "b")
    # As if the process had died after step 10 with the checkpoint of step 4 as its last.
    for path in crashed.checkpoints.iterdir():
        if path.name != "step-00000004":
            path.rename(path.with_name(".draft-" + path.name))
    resumed = continue_run(crashed, steps=12)
    for tag, points in curves(resumed).items():
        steps = [step for step, _ in points]
        assert steps == sorted(set(steps)), tag
    tag = "train/d_loss"
    expected = [(s, tf.make_ndarray(v.tensor)) for s, v in curves(whole)[tag]]
    assert [(s, tf.make_ndarray(v.tensor)) for s, v in curves(resumed)[tag]] == expected


def test_another_seed_gives_another_run(tiny_config, trained_run, tmp_path):
    other = loop.train(tiny_config.replace(seed=1), runs_dir=tmp_path)
    one, two = state_of(other), state_of(trained_run)
    assert any((one[name] != two[name]).any() for name in one)


def test_epochs_are_passes_over_the_data(tiny_config, tmp_path):
    config = tiny_config.replace(steps=None, epochs=2)
    run = loop.train(config, runs_dir=tmp_path)
    assert run.config.training.steps == 10  # 2 epochs of 20 images in batches of 4


def test_finished_run_is_left_alone(trained_run):
    before = sorted(p.name for p in trained_run.path.rglob("*"))
    continue_run(trained_run)
    assert sorted(p.name for p in trained_run.path.rglob("*")) == before


def test_steps_are_a_total(trained_run):
    with pytest.raises(ArgumentError, match="has 6 already"):
        continue_run(trained_run, steps=5)


def test_a_contradiction_is_refused(trained_run):
    with pytest.raises(ArgumentError, match="batch_size"):
        trained_run.continued({"batch_size": 5})
    assert trained_run.continued({"batch_size": 4}) == trained_run.config


def test_batch_larger_than_the_data_creates_nothing(tiny_config, tmp_path):
    with pytest.raises(ArgumentError, match="batch_size"):
        loop.train(tiny_config.replace(batch_size=21), runs_dir=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_divergence_names_the_step_and_keeps_the_last_good_checkpoint(tiny_config, tmp_path, monkeypatch):
    dcgan = gans.get("dcgan")
    healthy = dcgan.train_step

    def diverging(self, images):
        values = healthy(self, images)
        return {**values, "g_loss": tf.where(self.step == 6, float("nan"), values["g_loss"])}

    monkeypatch.setattr(dcgan, "train_step", diverging)
    with pytest.raises(DivergenceError, match="step 6: g_loss is nan.*step-00000004"):
        loop.train(tiny_config.replace(steps=9), runs_dir=tmp_path)
    run = Run(next(tmp_path.glob("00000-*")))
    assert [p.name for p in run.checkpoints.iterdir()] == ["step-00000004"]


def test_weights_that_are_no_numbers_are_never_saved(tiny_config, tmp_path, monkeypatch):
    dcgan = gans.get("dcgan")
    healthy = dcgan.train_step

    def poisoned(self, images):
        values = healthy(self, images)
        weight = self.generator.trainable_weights[0]
        weight.assign(weight * tf.where(self.step == 8, float("nan"), 1.0))
        return values  # of before the update, and finite

    monkeypatch.setattr(dcgan, "train_step", poisoned)
    with pytest.raises(DivergenceError, match="step 8: .*kernel is not finite.*step-00000004"):
        loop.train(tiny_config.replace(steps=9), runs_dir=tmp_path)


def test_milestones_are_saved_between_other_checkpoints(tiny_config, tmp_path):
    run = loop.train(
        tiny_config.replace(steps=9, milestone_every=3, checkpoints_to_keep=1), runs_dir=tmp_path
    )
    names = sorted(p.name for p in run.checkpoints.iterdir())
    assert names == [f"milestone-0000000{step}" for step in (3, 6, 9)]


def test_relative_folders_are_recorded_as_absolute(tiny_config, tmp_path, monkeypatch):
    monkeypatch.chdir(tiny_config.data.data_dir)
    run = loop.train(tiny_config.replace(steps=1, data_dir="."), runs_dir=tmp_path)
    assert run.config.data.data_dir == tiny_config.data.data_dir


def test_a_damaged_event_file_is_kept_whole(tiny_config, tmp_path):
    run = loop.train(tiny_config.replace(steps=4), runs_dir=tmp_path)
    file = next(run.path.glob("events.out.*"))
    content = bytearray(file.read_bytes())
    content[300] ^= 0xFF
    file.write_bytes(content)
    continue_run(run, steps=6)
    assert (run.path / f"damaged-{file.name}").read_bytes() == content


def test_a_signal_stops_in_order_and_the_run_goes_on(tiny_config, tmp_path, monkeypatch):
    config = tiny_config.replace(steps=9, dropout=0.3)
    whole = loop.train(config, runs_dir=tmp_path / "a")
    check = loop.guards.check_finite

    def interrupting(step, values, last_good):
        if step == 5:
            os.kill(os.getpid(), signal.SIGINT)
        check(step, values, last_good)

    monkeypatch.setattr(loop.guards, "check_finite", interrupting)
    with pytest.raises(Interrupted, match="Stopped at step 5.*--run=") as stopped:
        loop.train(config, runs_dir=tmp_path / "b")
    assert stopped.value.signum == signal.SIGINT
    monkeypatch.undo()
    run = Run(next((tmp_path / "b").glob("00000-*")))
    assert_same_state(whole, continue_run(run))


def test_two_writers_are_refused(trained_run):
    with trained_run.lock():
        with pytest.raises(RunError, match="another process"):
            continue_run(trained_run, steps=8)


def test_changed_data_are_refused(tiny_config, tmp_path):
    run = loop.train(tiny_config.replace(steps=2), runs_dir=tmp_path)
    fingerprint = json.loads((run.path / "data.json").read_text())
    (run.path / "data.json").write_text(json.dumps({**fingerprint, "sha256": "0"}))
    with pytest.raises(RunError, match="sha256 changed"):
        continue_run(Run(run.path), steps=4)


def test_default_config_is_valid_and_names_its_run():
    assert Config().describe() == "dcgan-auto-64px-leaky_relu"
