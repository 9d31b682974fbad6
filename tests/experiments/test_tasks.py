"""What is done and what is next, from what lies on the disk."""

import dataclasses
import json

from covid_gan.evaluation import keys
from experiments.study.tasks import JUDGING, TRAINING


def test_a_new_run_gets_all_its_settings(task):
    stage, command = task(seed=3).next_command()
    assert stage == TRAINING and command[1:3] == ["-m", "covid_gan.train"]
    assert command[3:] == ["--activation=relu", "--steps=10", "--seed=3", f"--runs_dir={task(seed=3).folder}"]


def test_an_unfinished_run_is_continued(task, pretend):
    pretend(task(), step=4)
    stage, command = task().next_command()
    assert stage == TRAINING and command[3:] == [f"--run={task().folder}/00000-run", "--steps=10"]


def test_a_folder_that_was_killed_while_it_was_made_is_passed_over(task, pretend):
    (task().folder / "00000-half").mkdir(parents=True)
    assert task().run() is None and "--runs_dir" in task().next_command()[1][-1]
    pretend(task())
    assert task().run().name == "00000-run" and task().trained_steps() == 10


def test_a_finished_run_is_judged_once(task, pretend):
    pretend(task())
    stage, command = task().next_command()
    assert stage == JUDGING and {"--features=none", "--count=64", "--curve=0"} <= set(command)
    pretend(task(), spectrum=0.1)
    assert task().next_command() is None
    assert task().report().found[keys.MEASURES]["spectrum"][keys.VALUE] == 0.1


def test_an_evaluation_with_other_settings_or_of_another_step_does_not_count(task, pretend):
    pretend(task(), spectrum=0.1)
    other = dataclasses.replace(task(), evaluation=dataclasses.replace(task().evaluation, count=100))
    assert other.report() is None and other.next_command()[0] == JUDGING
    pretend(task(steps=20))  # went on
    assert task(steps=20).report() is None and task(steps=20).next_command()[0] == JUDGING


def test_a_damaged_evaluation_is_made_again(task, pretend):
    pretend(task(), spectrum=0.1)
    path = next(task().folder.rglob("metrics.json"))
    path.write_text(path.read_text()[:-9])
    assert task().next_command()[0] == JUDGING


def test_seconds_add_up_over_starts(task):
    task().folder.mkdir(parents=True)
    task().record(TRAINING, 2.0, "training: stopped")
    task().record(TRAINING, 3.0, None)
    assert task().state() == {TRAINING: 5.0, JUDGING: 0.0, "failed": None}
    assert json.loads((task().folder / "state.json").read_text())[TRAINING] == 5.0
