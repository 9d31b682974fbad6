"""Evaluations during training, and the checkpoint that they call the best."""

import json
import logging

import numpy as np
import pytest
import tensorflow as tf
from run_states import assert_same_state, continue_run, curves

from covid_gan import data, gallery, serving
from covid_gan.errors import ArgumentError
from covid_gan.metrics import SPECTRUM
from covid_gan.training import evaluations, loop


@pytest.fixture
def config(tiny_config):
    """One whose images are soon not constant, which nothing could be scored against."""
    return tiny_config.replace(
        steps=12, checkpoint_every=4, evaluate_every=3, best_by=SPECTRUM, learning_rate=0.01, ema_decay=0.5
    )


def lines(run):
    return [json.loads(line) for line in (run.path / evaluations.FILE).read_text().splitlines()]


def best_of(run):
    """The steps of the checkpoints that are called best."""
    return [int(path.name.partition("-")[2]) for path in run.checkpoints.glob("best-*")]


def best_line(run):
    return min((line[SPECTRUM], line["step"]) for line in lines(run) if SPECTRUM in line)[1]


@pytest.fixture(scope="module")
def scored_run(trained_run, tmp_path_factory):
    settings = dict(steps=12, checkpoint_every=4, evaluate_every=3, best_by="auto", learning_rate=0.01)
    config = trained_run.config.replace(**settings, ema_half_life=None, ema_decay=0.5)
    return loop.train(config, runs_dir=tmp_path_factory.mktemp("runs"))


def test_each_evaluation_is_a_line_and_a_point_of_a_curve(scored_run):
    found = lines(scored_run)
    assert [line["step"] for line in found] == [3, 6, 9, 12]
    assert all(line["count"] == 20 and line["against"] == "train" for line in found)  # the test split has 5
    points = curves(scored_run)[f"metrics/{SPECTRUM}"]
    expected = [(line["step"], line[SPECTRUM]) for line in found if SPECTRUM in line]
    assert [step for step, _ in points] == [step for step, _ in expected] and len(expected) >= 2
    np.testing.assert_allclose(
        [tf.make_ndarray(v.tensor) for _, v in points], [v for _, v in expected], rtol=1e-6
    )


def test_the_best_checkpoint_is_that_of_the_lowest_score(scored_run):
    assert scored_run.config.training.best_by == SPECTRUM  # there is no encoder of this data set
    assert best_of(scored_run) == [best_line(scored_run)]


def test_doors_take_the_newest_the_best_or_a_step(scored_run, tmp_path):
    best = best_line(scored_run)
    assert gallery.generator_of(scored_run)[1] == 12
    assert gallery.generator_of(scored_run, checkpoint="best")[1] == best
    assert gallery.generator_of(scored_run, checkpoint="12")[1] == 12
    card = serving.export(scored_run, tmp_path / "e", checkpoint="best") / "MODEL_CARD.md"
    assert f"| Steps | {best} |" in card.read_text()
    gallery.sample(scored_run, 1, 0, tmp_path / "s", checkpoint="best")
    gallery.interpolate(scored_run, 0, 1, 2, tmp_path / "i", checkpoint=str(best))


@pytest.mark.parametrize("checkpoint", ["7", "worst", "", "-3", "best"])
def test_a_checkpoint_that_is_not_there_is_an_error_that_names_it(trained_run, checkpoint):
    with pytest.raises(ArgumentError) as error:
        gallery.generator_of(trained_run, checkpoint=checkpoint)
    assert error.value.argument == "checkpoint"


def test_evaluations_change_nothing_else_and_a_resumed_run_has_the_same_best(config, tmp_path):
    whole = loop.train(config, runs_dir=tmp_path / "whole")
    plain = loop.train(config.replace(evaluate_every=0), runs_dir=tmp_path / "plain")
    assert_same_state(whole, plain)
    assert not (plain.path / evaluations.FILE).exists()
    parts = loop.train(config.replace(steps=5), runs_dir=tmp_path / "parts")
    for steps in (7, 12):
        parts = continue_run(parts, steps=steps)
    assert_same_state(whole, parts)
    assert lines(parts) == lines(whole) and best_of(parts) == best_of(whole)


def test_what_was_scored_after_the_last_checkpoint_is_scored_again(config, tmp_path):
    whole = loop.train(config, runs_dir=tmp_path / "a")
    crashed = loop.train(config.replace(steps=11), runs_dir=tmp_path / "b")
    # As if it had died after the evaluation of step 9, while its checkpoint was written.
    for path in crashed.checkpoints.iterdir():
        if int(path.name[-2:]) > 8:
            path.rename(path.with_name(".draft-" + path.name))
    with open(crashed.path / evaluations.FILE, "a") as file:
        file.write('{"step": 12, "spec')
    resumed = continue_run(crashed, steps=12)
    assert lines(resumed) == lines(whole) and best_of(resumed) == best_of(whole)


def judged(config, tmp_path, found, scores):
    """An `Evaluations` that is given its scores."""
    made = evaluations.Evaluations(tmp_path, config, None, None)
    made._lines = [{"step": step, **score} for step, score in zip(found, scores, strict=True)]
    return made


def test_the_best_is_the_first_of_the_lowest_that_still_has_a_checkpoint(config, tmp_path):
    scores = [{SPECTRUM: s} for s in (0.5, 0.2, 0.2, float("nan"), 0.1)] + [{"failed": "constant"}]
    made = judged(config, tmp_path, range(6), scores)
    assert made.best_step({0, 1, 2, 3, 4, 5}) == 4
    assert made.best_step({0, 1, 2, 3, 5}) == 1
    assert made.best_step({3, 5}) is None
    assert made.best_step(set()) is None


def test_the_kernel_distance_of_the_newest_encoder_decides(config, tmp_path):
    scores = [
        {"kid_ct-a": 0.1, SPECTRUM: 0.1, "encoder": "ct-a"},
        {"kid_ct-b": 0.4, SPECTRUM: 0.2, "encoder": "ct-b"},
        {"kid_ct-b": 0.3, SPECTRUM: 0.3, "encoder": "ct-b"},
    ]
    made = judged(config.replace(best_by="kid"), tmp_path, range(3), scores)
    assert made.best_step({0, 1, 2}) == 2


class Extractor:
    """Block means as features."""

    key, fingerprint = "ct-abc123", "abc123"

    def __call__(self, images):
        return images.reshape(len(images), 4, 4, 4, 4).mean(axis=(2, 4)).reshape(len(images), -1) / 255.0


def test_with_an_encoder_the_best_is_chosen_by_its_kernel_distance(config, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluations, "_encoder", lambda config: Extractor())
    run = loop.train(config.replace(best_by="auto", steps=9), runs_dir=tmp_path)
    assert run.config.training.best_by == "kid"
    scored = [line for line in lines(run) if "kid_ct-abc123" in line]
    assert scored and all(line["encoder_fingerprint"] == "abc123" for line in scored)
    best = min((line["kid_ct-abc123"], line["step"]) for line in scored)[1]
    assert best_of(run) == [best]


def test_kid_without_an_encoder_is_refused(config):
    with pytest.raises(ArgumentError) as error:
        evaluations.resolve(config.replace(best_by="kid"))
    assert error.value.argument == "best_by"


def test_too_few_scans_are_skipped_and_said(config, tmp_path, caplog):
    logging.getLogger("covid_gan").propagate = True
    caplog.set_level(logging.INFO)
    run = loop.train(config.replace(split="train[:20]", steps=3), runs_dir=tmp_path)
    assert "too few to score" in caplog.text
    assert not (run.path / evaluations.FILE).exists() and best_of(run) == []


def test_images_that_cannot_be_scored_stop_nothing(config, tmp_path, caplog, monkeypatch):
    def refuse(self, fake):
        raise ValueError("`fake` must not be constant.")

    monkeypatch.setattr(evaluations.Judge, "score", refuse)
    logging.getLogger("covid_gan").propagate = True
    run = loop.train(config.replace(steps=3), runs_dir=tmp_path)
    assert "could not be scored" in caplog.text
    assert lines(run)[0]["failed"] == "`fake` must not be constant." and best_of(run) == []


def test_a_best_that_is_beaten_becomes_an_ordinary_checkpoint(scored_run):
    """However the scores went, there is one best, and of the others the three newest are kept."""
    kept = sorted(int(path.name[-2:]) for path in scored_run.checkpoints.iterdir())
    assert kept == sorted({8, 9, 12} | {best_line(scored_run)})


@pytest.mark.slow
def test_covid_ct_is_scored_against_its_validation_split(covid_ct_files, tmp_path):
    from covid_gan.config import Config

    config = Config().replace(
        dataset="covid_ct", image_size=16, base_channels=4, batch_size=4, steps=1, evaluate_every=1,
        data_dir=str(tmp_path / "tfds"), manual_dir=str(covid_ct_files),
    )  # fmt: skip
    config, scans = data.load(config)
    against, real = evaluations.Evaluations(tmp_path, config, scans, None)._real()
    assert against == "validation" and len(real) >= 50
