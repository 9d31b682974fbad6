"""Run folders: numbers that nobody gets twice, a lock, configs that say what they are."""

import concurrent.futures
import json
import threading

import pytest

from covid_gan import runs
from covid_gan.config import Config
from covid_gan.errors import ArgumentError, RunError

FINGERPRINT = {"name": "tiny_scans", "count": 20, "sha256": "0" * 64}


def test_numbers_count_up_and_names_tell_the_settings(tmp_path):
    first = runs.create(tmp_path, Config().replace(dataset="lung_phantom"), FINGERPRINT)
    second = runs.create(tmp_path, Config().replace(dropout=0.5, seed=4), FINGERPRINT)
    assert first.path.name == "00000-dcgan-lung_phantom-64px-leaky_relu"
    assert second.path.name == "00001-dcgan-auto-64px-leaky_relu-dropout0.5-seed4"


def test_many_at_once_get_numbers_of_their_own(tmp_path):
    start = threading.Barrier(16)

    def create(seed):
        start.wait()
        return runs.create(tmp_path, Config().replace(seed=seed), FINGERPRINT).path.name[:5]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        numbers = list(pool.map(create, range(16)))
    assert len(set(numbers)) == 16
    assert not list(tmp_path.glob(".claim*"))


def test_a_run_reads_back_what_was_written(tmp_path):
    config = Config().replace(activation="swish", classes=("covid",))
    run = runs.create(tmp_path, config, FINGERPRINT)
    again = runs.Run(run.path)
    assert again.config == config and again.fingerprint == FINGERPRINT


@pytest.mark.parametrize(
    "file, text, why",
    [
        ("config.json", "{", "not the JSON of a covid_gan config"),
        ("config.json", "{}", "unknown or missing settings"),
        ("config.json", "[1]", "not the JSON of a covid_gan config"),
        ("data.json", "not json", "cannot be read"),
        ("data.json", "{}", "no fingerprint"),
        ("data.json", "[]", "no fingerprint"),
    ],
)
def test_a_foreign_or_damaged_folder_is_refused(tmp_path, file, text, why):
    run = runs.create(tmp_path, Config(), FINGERPRINT)
    (run.path / file).write_text(text)
    with pytest.raises(ArgumentError, match=why) as refused:
        runs.Run(run.path)
    assert refused.value.argument == "run"


def test_an_unknown_setting_in_config_json_is_an_error(tmp_path):
    run = runs.create(tmp_path, Config(), FINGERPRINT)
    config = json.loads((run.path / "config.json").read_text())
    config["training"]["leraning_rate"] = 1
    (run.path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ArgumentError, match="leraning_rate"):
        runs.Run(run.path)


def test_only_given_settings_are_compared(tmp_path):
    run = runs.create(
        tmp_path, Config().replace(dataset="covid_ct", activation="swish", steps=10), FINGERPRINT
    )
    assert run.continued({}) == run.config
    assert run.continued({"dataset": "auto", "activation": "swish"}) == run.config
    assert run.continued({"steps": 20, "manual_dir": "/x"}).training.steps == 20
    assert run.continued({"epochs": 2}).training.steps is None
    with pytest.raises(ArgumentError, match="contradicts the run"):
        run.continued({"activation": "relu"})


def test_other_images_than_those_of_the_training_are_refused(tmp_path):
    run = runs.create(tmp_path, Config(), FINGERPRINT)
    run.check_same_data(FINGERPRINT | {"counts": {}})
    with pytest.raises(RunError, match="trained on; count, sha256 changed") as refused:
        run.check_same_data({"name": "tiny_scans", "count": 21})
    assert str(refused.value).startswith(f"--run={run.path}: ")


def test_the_lock_is_for_one_writer(tmp_path):
    run = runs.create(tmp_path, Config(), FINGERPRINT)
    with run.lock():
        with pytest.raises(RunError, match="another process"), runs.Run(run.path).lock():
            pass
    with runs.Run(run.path).lock():
        pass
