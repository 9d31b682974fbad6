"""The report of a study: numbers over seeds, failures as rows, and no winner without seeds."""

import dataclasses

import pytest

from covid_gan.errors import RunError
from experiments.sections import targets
from experiments.study import report, results, tensorboard, words
from experiments.study.door import make_tasks


@pytest.fixture
def tasks(plan, configs, tmp_path, task):
    configs = {arm: config.replace(steps=10) for arm, config in configs.items()}
    return make_tasks(plan, configs, tmp_path, task().evaluation)


@pytest.fixture
def written(study, plan, tasks, tmp_path):
    """Returns a function that writes the report, and gives its text."""

    def write(**changes):
        found = results.read(
            dataclasses.replace(study, **changes), plan, tasks, tmp_path, ["--image_size=16"]
        )
        return report.write(found).read_text()

    return write


def rows_of(text, name):
    lines = [line for line in text.splitlines() if line.startswith(f"| {name} ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_seeds_come_before_arms(tasks):
    assert [task.name for task in tasks] == ["relu-seed0", "swish-seed0", "relu-seed1", "swish-seed1"]


def test_mean_and_spread_stand_beside_the_floor(tasks, pretend, written, tmp_path):
    for task, value in zip(tasks, (0.1, 0.5, 0.3, 0.7), strict=True):
        pretend(task, spectrum=value)
    text = written()
    assert "Against 99 images of drawn, split train, at 16 pixels:" in text
    assert rows_of(text, "*real halves*")[0][2] == "0.0100 ± 0.0010"
    assert rows_of(text, "`relu`")[0][1:3] == ["2", "0.200 ± 0.14"]
    assert "python -m experiments.toy --arms=relu,swish --steps=10 --seeds=0,1 --image_size=16" in text
    assert "python -m covid_gan.train --image_size=16 --activation=swish --steps=10 --seed=0" in text
    for name in ("comparison.png", "samples.png"):
        assert f"figures/{name}" in text and 1_000 < (tmp_path / "figures" / name).stat().st_size < 100_000


def test_a_failed_a_new_and_an_unfinished_run_are_rows(tasks, pretend, written):
    pretend(tasks[0], spectrum=0.1)
    tasks[1].folder.mkdir(parents=True)
    tasks[1].record("training", 1.0, "training: it diverged.")
    pretend(tasks[2], step=4)
    pretend(tasks[2], step=4)
    (tasks[2].run().path / "sessions.jsonl").write_text(
        '{"start_step": 0}\n{"collapsed_at": 3, "reasons": ["images are black"]}\n{"torn'
    )
    text = written()
    assert "1 of 4 runs are judged" in text
    assert rows_of(text, "`swish-seed0`")[0][-1] == "**failed**, training: it diverged."
    assert rows_of(text, "`relu-seed1`")[0][1:] == [
        "4 of 10", "–", "–", "collapsed at step 3: images are black; is not finished"
    ]  # fmt: skip
    assert rows_of(text, "`swish-seed1`")[0][-1] == "has not begun"


def test_a_report_of_nothing_can_be_written(written):
    assert "0 of 4 runs are judged" in written()


def test_a_part_that_cannot_be_made_does_not_hide_the_rest(tasks, pretend, written, monkeypatch):
    pretend(tasks[0], spectrum=0.1)

    def sections(results, folder):
        raise RunError("the checkpoint is gone.")

    monkeypatch.setattr(targets, "sections", sections)
    text = written(sections="targets")
    assert "**A part is missing here**: the checkpoint is gone." in text and "## Runs" in text


def test_one_seed_names_no_winner():
    assert "One seed names no winner" in words.verdict("spectrum", {"a": [0.1], "b": [0.9]})
    assert "name no winner" in words.verdict("spectrum", {"a": [0.1, 0.1], "b": [0.9, 0.9]})
    assert "nothing to compare" in words.verdict("spectrum", {"a": [0.1], "b": []})


def test_three_seeds_may():
    better = words.verdict("spectrum", {"a": [0.5, 0.6, 0.7], "b": [0.1, 0.2, 0.3]})
    assert (
        better == "Best spectrum: `b`, 0.200 ± 0.10, in each of its seeds better than any seed of the others."
    )
    overlap = words.verdict("spectrum", {"a": [0.3, 0.6, 0.7], "b": [0.1, 0.2, 0.3], "c": [8.0, 9.0, 9.5]})
    assert "`b`" in overlap and "overlap with those of `a` (0.533" in overlap and "`c`" not in overlap


@pytest.mark.parametrize("key, best", [("coverage_ct-1", "a"), ("diversity", "b"), ("kid_ct-1", "b")])
def test_better_is_what_the_measure_says(key, best):
    values = {"a": [1.4, 1.5, 1.6], "b": [0.8, 0.85, 0.9]}
    assert words.verdict(key, values).partition("`")[2].startswith(best)


def test_targets_are_medians_and_the_baseline_is_met_seed_by_seed(study, plan, tasks, pretend, tmp_path):
    good = dict(spectrum=0.05, swd_16=0.04, histogram_w1=2.0, diversity_blurred=1.1, distinct_of_64=60)
    for task in tasks:
        poor = dict(spectrum=0.2, swd_16=0.03, histogram_w1=9.0, diversity_blurred=0.95, distinct_of_64=49)
        pretend(
            task, **(good if task.arm == "relu" else poor), **{"kid_ct-1": 0.1 if task.arm == "relu" else 0.8}
        )
    found = results.read(study, plan, tasks, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(targets, "BASELINE", "swish")
        reached, beaten = targets.sections(found, tmp_path)
    assert rows_of(reached, "`relu`")[0][1:] == ["0.0500 ✓", "0.0400 ✓", "2.00 ✓", "0.100 ✓", "60.0 ✓"]
    assert rows_of(reached, "`swish`")[0][1:] == ["0.200 ✗", "0.0300 ✓", "9.00 ✗", "0.800 ✗", "49.0 ✗"]
    marks = [cell[-1] for cell in rows_of(beaten, "`relu-seed1`")[0][1:]]
    assert marks == ["✓", "✓", "✗", "✓", "✗", "✗"]  # KID, spectrum, SWD, grey levels, diversity, SWD mean


def test_hparams_hold_a_line_for_each_run(study, plan, tasks, pretend, tmp_path):
    from tensorboard.plugins.hparams import plugin_data_pb2

    from covid_gan.training.summaries import events

    for task, value in zip(tasks[:2], (0.1, 0.5), strict=True):
        pretend(task, spectrum=value)
    folder = tensorboard.write(results.read(study, plan, tasks, tmp_path))
    assert sorted(path.name for path in folder.iterdir()) == ["relu-seed0", "swish-seed0"]
    texts, tags = "", set()
    for path in folder.glob("*/events*"):
        for event in events(path):
            for value in event.summary.value:
                tags.add(value.tag)
                texts += str(plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)
                             if value.metadata.plugin_data.plugin_name == "hparams" else "")  # fmt: skip
    assert "spectrum" in tags and "swish" in texts and "image_size" not in texts
