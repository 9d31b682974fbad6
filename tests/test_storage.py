"""Runs in a bucket; ram://, TensorFlow's files in memory, stands for gs://: both go through tf.io.gfile."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from etils import epath
from etils.epath import backend, gpath
from run_states import assert_same_state, continue_run, curves
from tensorflow.python.platform import gfile

from covid_gan import evaluation, gallery, images, serving, storage, train
from covid_gan.errors import ArgumentError, RunError
from covid_gan.evaluation.config import EvaluationConfig
from covid_gan.outputs import contents, draft_in, replace_all
from covid_gan.runs import Run
from covid_gan.training import loop

_NUMBERS = itertools.count()


@pytest.fixture
def bucket(monkeypatch):
    """A new one. etils knows the schemes of the clouds alone, and is told of this one."""
    if not {"_URI_PREFIXES", "_URI_SCHEMES", "_URI_MAP_ROOT", "_PREFIX_TO_BACKEND"} <= set(vars(gpath)):
        pytest.skip("this version of etils keeps its schemes elsewhere")
    monkeypatch.setattr(gpath, "_URI_PREFIXES", (*gpath._URI_PREFIXES, "ram://"))
    monkeypatch.setattr(gpath, "_URI_SCHEMES", gpath._URI_SCHEMES | {"ram"})
    monkeypatch.setitem(gpath._URI_MAP_ROOT, "ram://", "/ram/")
    monkeypatch.setitem(gpath._PREFIX_TO_BACKEND, "ram", backend.tf_backend)
    epath.register_path_cls("ram://")(gpath.PosixGPath)
    # A bucket without a name is refused by a cloud.
    there = backend.tf_backend.exists

    def exists(name):
        assert name.rstrip("/") not in ("ram:", "gs:"), "a cloud would refuse this"
        return there(name)

    monkeypatch.setattr(backend.tf_backend, "exists", exists, raising=True)
    # To ram:// "checkpoint" is a folder where "checkpoint.index" is; to a bucket it is not.
    is_folder = gfile.IsDirectory
    monkeypatch.setattr(gfile, "IsDirectory", lambda p: is_folder(p) and not gfile.Exists(f"{p}.index"))
    return f"ram://bucket{next(_NUMBERS)}"


def put(folder, bucket):
    """Copies a folder of this machine to a bucket."""
    for file in folder.rglob("*"):
        if file.is_file():
            to = f"{bucket}/{file.relative_to(folder)}"
            tf.io.gfile.makedirs(to.rpartition("/")[0])
            tf.io.gfile.copy(str(file), to)
    return bucket


def test_a_local_path_is_pathlibs_and_follows_the_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert storage.path("~/runs") == tmp_path / "runs"
    assert str(storage.path("gs://bucket/runs")) == "gs://bucket/runs"


def test_a_run_in_a_bucket_equals_one_on_this_machine(tiny_config, bucket, tmp_path):
    config = tiny_config.replace(steps=10, evaluate_every=5, best_by="spectrum", milestone_every=4)
    here = loop.train(config, runs_dir=tmp_path)
    there = loop.train(config.replace(steps=5), runs_dir=f"{bucket}/runs")
    there = continue_run(Run(str(there.path)), steps=10)
    assert str(there.path).startswith(f"{bucket}/runs/00000-dcgan-tiny_scans")
    names = [sorted(p.name for p in run.checkpoints.iterdir()) for run in (here, there)]
    assert names[0] == names[1]
    assert_same_state(here, there)
    steps = [{tag: [step for step, _ in points] for tag, points in curves(r).items()} for r in (here, there)]
    assert steps[0].pop("samples/ema") == [4, 8, 10] and steps[1].pop("samples/ema") == [4, 5, 8, 10]
    assert steps[0]["metrics/spectrum"] == steps[1]["metrics/spectrum"] == [5, 10]
    assert (there.samples / "step-00000010.png").exists()
    assert len((there.path / "sessions.jsonl").read_text().splitlines()) == 2


def test_prepared_data_are_read_from_a_bucket(tiny_config, tiny_data_dir, bucket, tmp_path):
    config = tiny_config.replace(steps=2)
    there = loop.train(config.replace(data_dir=put(tiny_data_dir, bucket)), runs_dir=tmp_path / "there")
    assert_same_state(loop.train(config, runs_dir=tmp_path / "here"), there)


def test_a_checkpoint_that_has_not_all_come_is_none(trained_run, bucket):
    there = Run(put(trained_run.path, f"{bucket}/run"))
    (last, before) = (there.checkpoints / name for name in ("step-00000006", "step-00000004"))
    (last / "checkpoint.index").unlink()
    assert continue_run(there, steps=7, checkpoint_every=2).path == there.path
    assert (last / "checkpoint.index").exists()
    assert "step-00000007" in {p.name for p in there.checkpoints.iterdir()}
    session = (there.path / "sessions.jsonl").read_text().splitlines()[-1]
    assert '"start_step": 4' in session and before.exists()


def test_samples_and_exports_go_to_a_bucket(run, bucket, tmp_path):
    there = Run(put(run.path, f"{bucket}/run"))
    folders = [gallery.sample(r, 3, 7, out) for r, out in ((run, tmp_path / "s"), (there, f"{bucket}/s"))]
    assert all(
        {p.name for p in folder.iterdir()} >= {"00000.png", "00002.png", "grid.png"} for folder in folders
    )
    assert len({(folder / "grid.png").read_bytes() for folder in folders}) == 1
    for version in "12":
        exported = serving.export(there, f"{bucket}/exported")
        assert str(exported) == f"{bucket}/exported/{version}"
    assert {p.name for p in exported.iterdir()} >= {"saved_model.pb", "variables", "MODEL_CARD.md"}
    served = tf.saved_model.load(str(exported))
    made = served.sample(2, 7, 0.0)["images"]
    assert made.shape == (2, 16, 16, 1) and images.grid(np.asarray(made)).std() > 0


def test_a_run_is_judged_in_its_bucket(run, bucket):
    there = Run(put(run.path, f"{bucket}/run"))
    config = EvaluationConfig(count=64, features="none", curve=0, halvings=2)
    out = evaluation.evaluate(config, run=str(there.path))
    assert str(out).startswith(f"{bucket}/run/evaluation/step-") and (out / "report.md").exists()
    assert "SWD" in evaluation.compare([str(there.path)], f"{bucket}/compared")
    strip = gallery.interpolate(there, 3, 9, 4, f"{bucket}/progression") / "strip.png"
    assert strip.read_bytes().startswith(b"\x89PNG")


def test_two_may_try_whether_a_bucket_can_be_written(bucket, monkeypatch):
    folder = storage.path(f"{bucket}/runs")
    write, others = type(folder).write_text, []

    def interrupted(self, text):
        write(self, text)
        if not others:
            others.append("the other one")
            storage.check_writable(folder)

    monkeypatch.setattr(type(folder), "write_text", interrupted)
    storage.check_writable(folder)
    assert not folder.exists() or not list(folder.iterdir())


def test_a_report_in_a_bucket_is_replaced_as_a_whole(bucket):
    out = storage.path(f"{bucket}/report")
    for text in ("first", "second"):
        with draft_in(str(out)) as draft:
            new, old = draft / "new", draft / "old"
            (new / "figures").mkdir(parents=True)
            old.mkdir()
            (new / "report.md").write_text(text)
            (new / "figures" / f"{text}.png").write_text(text)
            replace_all(new, old, out, ("report.md", "figures"))
        assert (out / "report.md").read_text() == text
        assert [p.name for p in (out / "figures").iterdir()] == [f"{text}.png"]
        assert contents(out) == {"report.md", "figures"}


@pytest.mark.parametrize(
    "line",
    ["--runs_dir=nowhere://x", "--data_dir=nowhere://x", "--manual_dir=gs://x/y", "--run=nowhere://x",
     "--runs_dir=~nobody-of-that-name/x"],
)
def test_a_place_that_is_none_is_one_line(line, tiny_data_dir, capsys):
    given = ["--dataset=tiny_scans", f"--data_dir={tiny_data_dir}", "--image_size=16", "--batch_size=4"]
    assert train.main([*given, line]) != 0
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and line.partition("=")[2] in error


@pytest.mark.parametrize(
    "error, expected, says",
    [
        (tf.errors.ResourceExhaustedError(None, None, "OOM when allocating"), RunError, "^OOM"),
        (tf.errors.ResourceExhaustedError(None, None, "No space left"), ArgumentError, "cannot be written"),
        (tf.errors.PermissionDeniedError(None, None, "not yours"), ArgumentError, "cannot be written"),
        (OSError(28, "No space left on device"), ArgumentError, "cannot be written"),
    ],
)
def test_only_what_is_about_files_is_blamed_on_the_folder(tmp_path, error, expected, says):
    with pytest.raises(expected, match=says), draft_in(tmp_path / "new" / "out"):
        raise error
    assert not (tmp_path / "new").exists()
