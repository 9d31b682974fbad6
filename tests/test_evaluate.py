"""python -m covid_gan.evaluate: what it is given, what it writes, and what it refuses."""

import json
import re
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from covid_gan import evaluate, features, runs, serving
from covid_gan.evaluation import events, keys
from covid_gan.training import summaries

FILES = {"report.md", "metrics.json", "figures"}
QUICK = ["--count=64", "--halvings=2", "--curve=0", "--features=none"]


@pytest.fixture
def own_run(run, tmp_path):
    """A copy of the tiny run, to write into."""
    return runs.Run(shutil.copytree(run.path, tmp_path / "runs" / run.name))


@pytest.fixture
def data_flags(tiny_data_dir):
    return ["--dataset=tiny_scans", f"--data_dir={tiny_data_dir}", "--classes=covid"]


@pytest.fixture
def pictures(tmp_path):
    """Writes images, uint8 [n, S, S], as PNG files; returns their folder."""

    def write(images, mode=None):
        folder = tmp_path / "pictures"
        folder.mkdir()
        for n, image in enumerate(images):
            Image.fromarray(image, mode).save(folder / f"{n:03d}.png")
        return folder

    return write


def noise(count=64, size=16, high=256):
    return np.random.default_rng(0).integers(0, high, (count, size, size)).astype(np.uint8)


def found_in(folder):
    return json.loads((folder / "metrics.json").read_text())


def test_a_run_is_judged_into_its_folder_and_its_events(own_run, capsys):
    assert evaluate.main([f"--run={own_run.path}", *QUICK]) == 0, capsys.readouterr().err
    out = own_run.path / "evaluation" / "step-00000006-none"
    assert {path.name for path in out.iterdir()} == FILES
    assert str(out / "report.md") in capsys.readouterr().out
    found = found_in(out)
    assert found[keys.STEP] == 6 and found[keys.SETTINGS]["count"] == 64 and found[keys.EXTRACTOR] is None
    assert found[keys.DATA]["sha256"] == own_run.fingerprint["sha256"] and found[keys.HELD_OUT] == {"test": 4}
    spectrum = found[keys.MEASURES]["spectrum"]
    assert spectrum[keys.VALUE] > 0 and spectrum[keys.FLOOR] is None
    scalars = {
        value.tag: (event.step, float(tf.make_ndarray(value.tensor)))
        for path in own_run.path.glob(summaries.EVENT_FILES)
        for event in summaries.events(path)
        for value in event.summary.value
        if value.tag.startswith(events.GROUP)
    }
    assert scalars[f"{events.GROUP}spectrum"] == (6, pytest.approx(spectrum[keys.VALUE]))


def test_the_report_says_what_is_missing_and_shows_only_pictures_that_are_there(own_run, capsys):
    assert evaluate.main([f"--run={own_run.path}", *QUICK]) == 0, capsys.readouterr().err
    out = own_run.path / "evaluation" / "step-00000006-none"
    text = (out / "report.md").read_text()
    shown = re.findall(r"!\[.*?\]\((.*?)\)", text)
    assert len(shown) >= 4 and all((out / path).is_file() for path in shown)
    assert "### Not measured\n" in text and "floor between halves" in text and "Privacy" in text
    assert "nan" not in text.lower().replace("finan", "") and "None" not in text


def test_with_features_every_number_has_the_extractors_key(own_run, monkeypatch, capsys):
    def extractor(name, config):
        weights = np.random.default_rng(0).normal(size=(256, 4)).astype(np.float32)

        def compute(block):
            return block.reshape(len(block), -1).astype(np.float32) / 255 @ weights

        return features.Extractor(name, f"{name}-0a1b2c", "0a1b2c" * 10, 4, 16, compute)

    monkeypatch.setattr(features, "get", extractor)
    assert evaluate.main([f"--run={own_run.path}", *QUICK[:-1]]) == 0, capsys.readouterr().err
    out = own_run.path / "evaluation" / "step-00000006"
    found = found_in(out)
    assert found[keys.EXTRACTOR]["key"] == "ct-0a1b2c" and "kid_ct-0a1b2c" in found[keys.MEASURES]
    assert (out / "figures" / "embedding.png").is_file()
    wrong = [f"--run={own_run.path}", *QUICK[:-1], "--features_key=ct-ffffff"]
    before = (out / "metrics.json").read_bytes()
    assert evaluate.main(wrong) == 2
    error = capsys.readouterr().err
    assert (
        error.startswith("--features_key=ct-ffffff: the extractor here is ct-0a1b2c")
        and error.count("\n") == 1
    )
    assert (out / "metrics.json").read_bytes() == before


def test_a_report_is_replaced_and_nothing_else_is(own_run, tmp_path, capsys):
    out = tmp_path / "report"
    line = [f"--run={own_run.path}", *QUICK, f"--out={out}"]
    assert evaluate.main(line) == 0
    first = found_in(out)
    assert evaluate.main([*line, "--seed=1"]) == 0
    second = found_in(out)
    assert first[keys.MEASURES] != second[keys.MEASURES] and {path.name for path in out.iterdir()} == FILES
    (out / "notes.txt").write_text("mine")
    capsys.readouterr()
    assert evaluate.main(line) == 2
    assert capsys.readouterr().err.startswith(f"--out={out}: holds files that are no report")
    assert found_in(out) == second


def test_an_export_is_judged_as_its_run_is(own_run, tmp_path, capsys):
    exported = serving.export(own_run, tmp_path / "exported")
    assert evaluate.main([f"--run={own_run.path}", *QUICK, f"--out={tmp_path / 'a'}"]) == 0
    assert evaluate.main([f"--run={exported.parent}", *QUICK, f"--out={tmp_path / 'b'}"]) == 0
    a, b = found_in(tmp_path / "a"), found_in(tmp_path / "b")
    assert a[keys.MEASURES] == b[keys.MEASURES] and b[keys.STEP] == 6 and b[keys.NAME] == "exported/1"
    assert a[keys.DATA] == b[keys.DATA] and "curves" in b[keys.SKIPPED]
    assert evaluate.main([f"--run={exported}", *QUICK, f"--out={tmp_path / 'c'}", "--checkpoint=best"]) == 2
    assert capsys.readouterr().err.startswith("--checkpoint=best: is for a run folder alone")


def test_a_folder_of_images_needs_the_data_flags(
    own_run, pictures, data_flags, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    folder = pictures(noise(70))
    shutil.copy(folder / "000.png", folder / "grid.png")
    assert evaluate.main([f"--images={folder}", *data_flags, *QUICK]) == 0, capsys.readouterr().err
    found = found_in(tmp_path / "evaluations" / "pictures-none")
    assert found[keys.SETTINGS]["count"] == 64 and found[keys.STEP] is None and found[keys.NAME] == "pictures"


MISTAKES = [
    ("", "--run=: give either this or --images"),
    ("--run={run} --images={run}", "--run={run}: give either this or --images"),
    ("--run=/nonexistent", "--run=/nonexistent: there is no such folder"),
    ("--run={here}", "--run={here}: is no run folder"),
    ("--run={run} --checkpoint=7", "--checkpoint=7: "),
    ("--run={run} --checkpoint=best", "--checkpoint=best: "),
    ("--run={run} --checkpoint=x", "--checkpoint=x: must be newest, best or a step"),
    ("--run={run} --count=63", "--count=63: must be from 64"),
    ("--run={run} --classes=non_covid", "--classes=non_covid: contradicts the run"),
    ("--run={run} --utility=/nonexistent", "--utility=/nonexistent: there is no such folder"),
    ("--run={run} --utility={run}", "--utility={run}: are both of covid"),
    ("--run={run} --out=/etc/passwd", "--out=/etc/passwd: is a file"),
    ("--run={run} --out=/proc/x", "--out=/proc/x: cannot be written"),
    ("--images=/nonexistent", "--images=/nonexistent: there is no such folder"),
    ("--images={here}", "--images={here}: needs at least 64 images"),
    ("--features=dino", "--features=dino: value should be one of"),
]


@pytest.mark.parametrize("line, message", MISTAKES, ids=[line or "nothing" for line, _ in MISTAKES])
def test_a_mistake_is_one_line_and_writes_nothing(line, message, own_run, tmp_path, monkeypatch, capsys):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    before = sorted(own_run.path.rglob("*"))
    places = {"run": own_run.path, "here": here}
    given = [flag for flag in QUICK if flag.partition("=")[0] not in line]
    assert evaluate.main([*line.format(**places).split(), *given]) in (1, 2)
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 1 and error[0].startswith(message.format(**places)), error
    assert not list(here.iterdir()) and sorted(own_run.path.rglob("*")) == before


BAD_PICTURES = {
    "an odd size": (noise(size=17), None, "are of 17 × 17 pixels, and must be base·2\\^n"),
    "constant": (np.full((64, 16, 16), 7, np.uint8), None, "all 64 images are constant"),
    "another range": (noise(high=2), None, "holds grey levels up to 1 alone"),
    "coloured": (np.stack([noise(), noise() // 2, noise()], -1), None, "000.png is coloured"),
    "16 bits": (noise().astype(np.uint16) * 256, None, "000.png is of the kind I;16"),
    "not square": (noise()[:, :12], None, "000.png is 16 × 12 pixels, and must be square"),
    "too few": (noise(63), None, "needs at least 64 images .*; it has 63"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_PICTURES)
def test_bad_pictures_are_named(case, pictures, data_flags, tmp_path, capsys):
    images, mode, message = BAD_PICTURES[case]
    folder = pictures(images, mode)
    assert evaluate.main([f"--images={folder}", *data_flags, *QUICK, f"--out={tmp_path / 'out'}"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"--images={folder}: ") and re.search(message, error) and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_pictures_of_two_sizes_and_torn_ones_are_named(pictures, data_flags, capsys):
    folder = pictures(noise())
    Image.fromarray(noise(1, size=18)[0]).save(folder / "040.png")
    assert evaluate.main([f"--images={folder}", *data_flags, *QUICK]) == 2
    assert "040.png is 18 × 18 pixels, and must be 16 × 16 as the first" in capsys.readouterr().err
    (folder / "020.png").write_bytes((folder / "020.png").read_bytes()[:60])
    assert evaluate.main([f"--images={folder}", *data_flags, *QUICK]) == 2
    assert "020.png cannot be read" in capsys.readouterr().err


def broken(run, tmp_path, change):
    """A run like another, the weights of whose generators are changed."""
    from covid_gan import build
    from covid_gan.training.checkpoints import Checkpoints

    new = runs.create(tmp_path / "broken", run.config, run.fingerprint)
    gan = build.gan_from(run.config)
    gan.step.assign(6)
    for network in (gan.generator, gan.ema_generator):
        network.set_weights([change(weight) for weight in network.get_weights()])
    Checkpoints(new.checkpoints, gan).save()
    return new


@pytest.mark.parametrize(
    "change, code, message",
    [(lambda w: w * np.nan, 1, "weights at step 6 hold NaN"), (lambda w: w * 0, 2, "images are constant")],
)
def test_a_generator_that_makes_nothing_is_refused(change, code, message, run, tmp_path, capsys):
    spoilt = broken(run, tmp_path, change)
    assert evaluate.main([f"--run={spoilt.path}", *QUICK]) == code
    error = capsys.readouterr().err
    assert error.startswith(f"--run={spoilt.path}: ") and message in error and error.count("\n") == 1
    assert not (spoilt.path / "evaluation").exists()


def test_a_run_without_a_checkpoint_is_refused(own_run, capsys):
    shutil.rmtree(own_run.checkpoints)
    assert evaluate.main([f"--run={own_run.path}", *QUICK]) == 2
    assert capsys.readouterr().err.startswith(f"--run={own_run.path}: has no checkpoint yet")


def test_other_scans_than_those_of_the_training_are_refused(own_run, capsys):
    path = own_run.path / runs.DATA
    path.write_text(path.read_text().replace(own_run.fingerprint["sha256"], "0" * 64))
    assert evaluate.main([f"--run={own_run.path}", *QUICK]) == 1
    assert "the scans are not those it was trained on; sha256 changed" in capsys.readouterr().err


def test_a_failure_while_writing_leaves_the_old_report(own_run, tmp_path, monkeypatch, capsys):
    out = tmp_path / "report"
    line = [f"--run={own_run.path}", *QUICK, f"--out={out}"]
    assert evaluate.main(line) == 0
    before = (out / "report.md").read_bytes()

    def fail(*args):
        raise OSError("no room")

    monkeypatch.setattr("covid_gan.evaluation.writing.report", fail)
    capsys.readouterr()
    assert evaluate.main([*line, "--seed=2"]) == 2
    assert capsys.readouterr().err == f"--out={out}: cannot be written: no room.\n"
    assert (out / "report.md").read_bytes() == before and {path.name for path in out.iterdir()} == FILES
