"""The doors: their help, and one line that begins with the flag for each mistake."""

import json
import os
import subprocess
import sys

import pytest

from covid_gan import audit, compare, evaluate, export, interpolate, sample, train
from covid_gan.config import all_fields
from covid_gan.evaluation import EvaluationConfig

DOORS = {
    "audit": audit,
    "train": train,
    "sample": sample,
    "interpolate": interpolate,
    "export": export,
    "evaluate": evaluate,
    "compare": compare,
}

# A command line of `train`, and what its one line of error begins with.
MISTAKES = [
    ("--bogus=3", "--bogus: there is no such flag"),
    ("--step=3", "--step: there is no such flag. Did you mean --steps or --steps_per_loop?"),
    ("--steps=many", "--steps=many: must be a whole number"),
    ("--steps=0", "--steps=0: must be from 1 to 10^9"),
    ("--epochs=" + "9" * 400, "--epochs=999"),
    ("--noflip=x", "--noflip=x: does not take an argument"),
    ("--steps", "--steps: needs a value"),
    ("--epochs=2 --steps=3", "--epochs=2: cannot be given together with --steps"),
    ("--activation=tanh", "--activation=tanh: value should be one of"),
    ("--model=stylegan", "--model=stylegan: value should be one of"),
    ("--flip=maybe", "--flip=maybe: must be true or false"),
    ("--image_size=65", "--image_size=65: must be base·2^n"),
    ("--dropout=1", "--dropout=1.0: must be at least 0 and below 1"),
    ("--learning_rate=nan", "--learning_rate=nan: must be above 0"),
    ("--network=polanco64 --kernel_size=3", "--kernel_size=3: does not apply to --network=polanco64"),
    ("--network=ucla128", "--network=ucla128: does not fit the other settings: `image_size` must be 128"),
    ("--dataset=nonesuch", "--dataset=nonesuch: is unknown to TFDS"),
    ("--dataset=mnist", "--dataset=mnist: is not prepared in"),
    ("--dataset=tiny_scans --classes=dog", "--classes=dog: 'dog' is no label of tiny_scans"),
    ("--dataset=tiny_scans --split=foo", "--split=foo: is no split of tiny_scans"),
    ("--dataset=tiny_scans --split=train[50%:20%]", "--split=train[50%:20%]: is no split of tiny_scans"),
    ("--dataset=tiny_scans --split=all[:10%]", "--split=all[:10%]: is no split of tiny_scans"),
    ("--dataset=tiny_scans --exclude=scan-99", "--exclude=scan-99: tiny_scans has no image 'scan-99'"),
    ("--dataset=covid_ct:9.9.9", "--dataset=covid_ct:9.9.9: cannot be opened"),
    ("--dataset=", "--dataset: is empty"),
    ("--run=", "--run: is empty"),
    ("--runs_dir=", "--runs_dir: is empty"),
    ("--dataset=tiny_scans --batch_size=21", "--batch_size=21: is more than the 20 images"),
    ("--dataset=covid_ct --manual_dir=/nonexistent", "--manual_dir=/nonexistent: there is no such folder"),
    ("--dataset=covid_ct --manual_dir=.", "--dataset=covid_ct: COVID-CT's files are not in"),
    ("--run=/nonexistent", "--run=/nonexistent: there is no such folder"),
    ("--run=.", "--run=.: is no run folder of covid_gan"),
    ("--flagfile=/nonexistent", "--flagfile: "),
    (f"--flagfile={sys.executable}", "--flagfile: is not a text file"),
    ("--preset nonesuch", "--preset=nonesuch: there is no such preset"),
    ("--preset=nonesuch", "--preset=nonesuch: there is no such preset; there are kiel28"),
    ("steps=3", "steps=3: is not a flag"),
    ("--n_critic=0", "--n_critic=0: must be from 1 to 24"),
    ("--loss=wasserstein", "--penalty=none: does not go with --loss=wasserstein: a critic that nothing"),
    (
        "--preset=plain --model=wgan_gp",
        "--generator_steps=1: does not apply to --model=wgan_gp; leave it out, or take --model=dcgan. "
        "It stands in --preset=plain.",
    ),
    # Before the data are loaded, which are not there.
    ("--dataset=mnist --augment=zoom --xla=on", "--xla=on: cannot compile --augment=zoom"),
]


@pytest.mark.parametrize("line, message", MISTAKES, ids=[line for line, _ in MISTAKES])
def test_a_mistake_is_one_line_and_creates_nothing(
    line, message, tiny_data_dir, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tfds_covidct.covid_ct.source.upstream_answers", lambda timeout=0: False)
    before = sorted(tiny_data_dir.rglob("*"))
    code = train.main([f"--data_dir={tiny_data_dir}", *line.split()])
    error = capfd.readouterr().err.splitlines()
    assert code == 2 and len(error) == 1, error
    assert error[0].startswith(message)
    assert not list(tmp_path.iterdir())
    assert sorted(tiny_data_dir.rglob("*")) == before


@pytest.mark.parametrize("place", ["/proc/runs", "/etc/passwd"])
def test_unwritable_output_is_refused_before_any_work(place, tiny_data_dir, trained_run, capfd):
    run = f"--run={trained_run.path}"
    for door, flags, flag in (
        (train, ["--dataset=tiny_scans", f"--data_dir={tiny_data_dir}", f"--runs_dir={place}"], "runs_dir"),
        (sample, [run, f"--out={place}"], "out"),
        (interpolate, [run, f"--out={place}"], "out"),
        (export, [run, f"--out={place}"], "out"),
    ):
        assert door.main(flags) == 2
        assert capfd.readouterr().err.startswith(f"--{flag}={place}: cannot be written")


@pytest.mark.parametrize("door", ["sample", "interpolate", "export"])
def test_a_run_is_needed(door, capfd):
    assert DOORS[door].main([]) == 2
    assert capfd.readouterr().err == "--run: is missing; it is the run folder\n"


@pytest.mark.parametrize("door", DOORS)
def test_help_shows_every_flag(door, capfd):
    assert DOORS[door].main(["--help"]) == 0
    shown = capfd.readouterr().out
    assert f"python -m covid_gan.{door}" in shown
    own = {
        "train": [f.name for f in all_fields()],
        "audit": ["dataset", "manual_dir", "out"],
        "evaluate": ["run", "images", "out", "dataset", *vars(EvaluationConfig())],
        "compare": ["out"],
    }
    names = own.get(door, ["run", "out"])
    for name in names:
        assert f"--{name}=" in shown


def test_dry_run_prints_the_resolved_config_and_creates_nothing(tiny_data_dir, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    code = train.main(["--dry_run", "--dataset=tiny_scans", "--batch_size=4", f"--data_dir={tiny_data_dir}"])
    shown = capfd.readouterr().out
    assert code == 0 and not list(tmp_path.iterdir())
    assert '"classes": [\n      "covid"\n    ]' in shown and '"steps": 6000' in shown


@pytest.mark.parametrize(
    "line, expected",
    [
        ("--preset=plain --ema_half_life=100", dict(ema_half_life=100.0, ema_decay=None)),
        ("--preset=kiel28 --steps=7", dict(steps=7)),
    ],
)
def test_a_flag_wins_over_a_preset_that_says_it_in_other_words(line, expected, tiny_data_dir, capfd):
    data = ["--dataset=tiny_scans", f"--data_dir={tiny_data_dir}", "--batch_size=4"]
    assert train.main([*line.split(), *data, "--dry_run"]) == 0
    training = json.loads(capfd.readouterr().out)["training"]
    assert {name: training[name] for name in expected} == expected


@pytest.mark.parametrize("form", ["--preset=kiel28", "--preset kiel28", "--flagfile=with_preset.flags"])
def test_a_preset_counts_in_every_form_and_given_flags_win(form, tiny_data_dir, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "with_preset.flags").write_text("--preset=kiel28\n")
    flags = ["--dry_run", "--learning_rate=0.5", *form.split(), "--dataset=tiny_scans"]
    assert train.main([*flags, "--batch_size=4", f"--data_dir={tiny_data_dir}"]) == 0
    config = json.loads(capfd.readouterr().out)
    assert config["model"]["image_size"] == 28
    assert config["training"]["learning_rate"] == 0.5
    assert config["training"]["steps"] == 500 * 24 / 4  # --split=all --classes=covid, 500 epochs


def test_dry_run_knows_what_the_networks_do_not_have(tiny_data_dir, capfd):
    flags = ["--dry_run", "--dataset=tiny_scans", f"--data_dir={tiny_data_dir}", "--batch_size=4"]
    assert train.main([*flags, "--network=polanco64"]) == 0
    model = json.loads(capfd.readouterr().out)["model"]
    assert model["dropout"] is model["kernel_size"] is None and model["latent_dim"] == 100


def test_a_closed_stdout_stops_no_run(tiny_data_dir, tmp_path):
    flags = ["--dataset=tiny_scans", f"--data_dir={tiny_data_dir}", "--image_size=16", "--base_channels=4",
             "--batch_size=4", "--steps=5", f"--runs_dir={tmp_path}"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "covid_gan.train", *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.wait(120) == 0, process.stderr.read()
    assert next(tmp_path.glob("0*/checkpoints/step-00000005"))


def test_importing_starts_nothing():
    """The packages that take seconds are imported by the work that needs them."""
    heavy = "{'tensorflow', 'keras', 'tensorflow_datasets'}"
    modules = "covid_gan, " + ", ".join(f"covid_gan.{door}" for door in DOORS)
    code = f"import sys, {modules}; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_another_keras_backend_is_one_clear_error(tmp_path):
    command = [sys.executable, "-m", "covid_gan.train", f"--runs_dir={tmp_path}"]
    done = subprocess.run(command, env={**os.environ, "KERAS_BACKEND": "jax"}, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "KERAS_BACKEND=jax: covid_gan needs the tensorflow backend; unset it.\n"


def test_tensorflow_is_silent(tiny_data_dir, tmp_path):
    env = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    flags = ["--dataset=tiny_scans", f"--data_dir={tiny_data_dir}", "--image_size=16", "--base_channels=4",
             "--batch_size=4", "--steps=2", f"--runs_dir={tmp_path}"]  # fmt: skip
    command = [sys.executable, "-m", "covid_gan.train", *flags]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
