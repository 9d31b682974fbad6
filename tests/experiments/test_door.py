"""A study from its command line to its report, with real trainings, and what it refuses."""

import json
import subprocess
import sys

import pytest

from covid_gan.runs import Run
from experiments import activations
from experiments.sections import slides
from experiments.study import Arm, Study, main

# A toy: enough learning for images that can be judged.
STUDY = Study(
    name="toy",
    question="Which activation?",
    arms={name: Arm(activation=name) for name in ("relu", "swish")},
    common=dict(image_size=16, base_channels=4, batch_size=4, learning_rate=0.02, evaluate_every=0),
    measures=("spectrum",),
)


@pytest.fixture
def start(tiny_data_dir, tmp_path):
    """Starts the toy study in an empty folder; gives the exit code."""

    def call(*flags, study=STUDY):
        given = ["--dataset=tiny_scans", f"--data_dir={tiny_data_dir}", f"--out={tmp_path / 'out'}"]
        return main(
            study, [*given, "--features=none", "--count=64", "--halvings=2", "--curve=0", "--seeds=1", *flags]
        )

    return call


@pytest.mark.slow
def test_minutes_to_report_and_not_again(start, tmp_path, capsys):
    out = tmp_path / "out"
    assert start("--budget_minutes=0.002", "--arms=swish") == 0, capsys.readouterr().err
    shown = capsys.readouterr().out
    assert "swish: " in shown and "ms a step" in shown and (out / "report.md").read_text() in shown
    steps = json.loads((out / "study.json").read_text())["arms"]["swish"]["steps"]
    (path,) = (out / "runs" / "swish-seed0").glob("0*")
    run = Run(path)
    assert (run.config.training.steps, run.config.model.activation) == (steps, "swish")
    assert f"| `swish-seed0` | {steps} of {steps} |" in shown and "are judged; the rest" not in shown
    log = out / "runs" / "swish-seed0" / "log.txt"
    before, text = log.stat().st_mtime_ns, (out / "report.md").read_text()
    assert start("--arms=swish") == 0
    assert log.stat().st_mtime_ns == before and (out / "report.md").read_text() == text
    assert "ms a step" not in capsys.readouterr().out
    assert start("--arms=swish", "--image_size=32") == 2
    assert "--image_size=32:" in capsys.readouterr().err


@pytest.mark.parametrize("flags, message", [
    (["--steps=5", "--budget_minutes=1"], "--steps=5: cannot be given together with --budget_minutes"),
    (["--budget_minutes=0"], "--budget_minutes=0.0: must be above 0"),
    (["--arms=relu,tanh"], "--arms=relu,tanh: 'tanh' is none; there are relu, swish"),
    (["--steps=relu:3"], "says nothing of the arm swish"),
    (["--seeds=none"], "--seeds=none: must be how many"),
    (["--activation=gelu"], "--activation=gelu: is what this study varies"),
    (["--epochs=3"], "--epochs: there is no such flag"),
    (["--jobs=0"], "--jobs=0"),
    (["--report_only"], "there is no study in"),
    (["--split=nowhere", "--steps=3"], "--split=nowhere: is no split"),
    (["--classes=measles", "--steps=3"], "--classes=measles:"),
])  # fmt: skip
def test_mistakes_are_one_line(start, flags, message, tmp_path, capsys):
    assert start(*flags) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "out" / "runs").exists()


def test_a_network_that_cannot_be_is_refused_before_anything_is_trained(start, tmp_path, capsys):
    study = Study("toy", "?", {"odd": Arm(model="wgan_gp", discriminator_normalization="batch")})
    assert start("--steps=3", study=study) == 2
    assert "--discriminator_normalization=batch:" in capsys.readouterr().err
    assert not (tmp_path / "out" / "runs").exists()


def test_another_machine_is_said(start, tmp_path, plan, capsys, monkeypatch):
    from experiments.study import running

    monkeypatch.setattr(running.Runner, "run", lambda self: None)
    assert start("--steps=3") == 0
    path = tmp_path / "out" / "study.json"
    found = json.loads(path.read_text())
    found["machine"]["cores"] += 60
    path.write_text(json.dumps(found))
    capsys.readouterr()
    assert start() == 0
    assert "was planned on another machine" in capsys.readouterr().err


def test_help_shows_arms_and_settings_of_the_study():
    command = [sys.executable, "-m", "experiments.activations", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (
        "swish_30" in shown.stdout and "--budget_minutes" in shown.stdout and "data settings:" in shown.stdout
    )
    assert "--epochs" not in shown.stdout and not shown.stderr
    assert set(slides.SLIDES) <= set(activations.STUDY.arms)
