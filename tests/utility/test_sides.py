"""Two runs opened together: what fits, what is refused, and that nothing leaks."""

import dataclasses
import json
import logging
from types import SimpleNamespace

import numpy as np
import pytest

from covid_gan import data
from covid_gan.errors import ArgumentError, RunError
from covid_gan.runs import Run
from covid_gan.utility import sides


@pytest.fixture(scope="module")
def opened(pair):
    return sides.open_sides(*pair)


def refused(first, second, message):
    with pytest.raises(ArgumentError, match=message) as caught:
        sides.open_sides(first, second)
    assert caught.value.argument == "runs"


def test_classifiers_train_on_what_the_generators_saw_and_test_on_the_rest(opened):
    assert opened.train.counts == (20, 20)
    assert opened.held_out["validation"].counts == (20, 20)
    assert (opened.positive.label, opened.negative.label) == ("covid", "non_covid")
    assert (opened.positive.step, opened.negative.step) == (6, 6)
    seen = {image.tobytes() for image in opened.train.joined()[0]}
    for split in opened.held_out.values():
        assert not seen & {image.tobytes() for image in split.joined()[0]}


def test_a_scan_whose_patient_was_trained_on_is_left_out(opened):
    assert opened.dropped == ("test-07",)
    assert opened.held_out["test"].counts == (24, 23)


def test_scans_of_a_patient_have_one_group(opened):
    # Two of each patient, of one class, and one that has lost its second.
    assert sorted(np.bincount(opened.groups)) == [1] + 23 * [2]
    truth = opened.held_out["test"].joined()[1]
    assert not set(opened.groups[truth]) & set(opened.groups[~truth])


def test_patients_are_counted_by_class(opened):
    assert opened.patients == (12, 12)


def test_generated_images_are_of_each_sides_own_generator(opened):
    made = opened.generate((5, 3), seed=2)
    assert made.counts == (5, 3) and made.positive.dtype == np.uint8
    assert not (made.positive[:3] == made.negative).all()
    np.testing.assert_array_equal(opened.generate((2, 0), seed=2).positive, made.positive[:2])
    assert opened.generate((2, 0), seed=2).negative.shape == (0, 16, 16, 1)
    assert not (opened.generate((5, 3), seed=3).positive == made.positive).all()


def test_one_class_each_and_two_in_all(pair, make_run):
    refused(pair[0], pair[0], "both of covid")
    refused(pair[0], make_run(()), "one class each; .* is of all")


@pytest.mark.parametrize(
    ("name", "value"), [("resize", "stretch"), ("image_size", 32), ("split", "train[:90%]")]
)
def test_other_settings_of_the_data_are_refused(pair, make_run, name, value):
    refused(pair[0], make_run(("non_covid",), **{name: value}), f"same data; {name} differ")


def test_another_data_set_is_refused(pair, make_run, tiny_data_dir):
    other = make_run(("non_covid",), dataset="tiny_scans", data_dir=str(tiny_data_dir))
    refused(pair[0], other, "same data; dataset differ")


def test_runs_that_trained_on_the_test_split_are_refused(make_run):
    refused(
        *(make_run((name,), split="train+test") for name in ("covid", "non_covid")), "leave no split test"
    )


def test_an_id_that_was_trained_on_is_refused_whatever_its_picture(pair, monkeypatch):
    held_out_splits = data.held_out_splits

    def with_a_leak(config, scans):
        found = held_out_splits(config, scans)
        test = found["test"]
        # A covid scan of `train`, that the positive generator saw, among the negative test scans.
        leaking = ("train-00", *test.ids[1:]) if config.data.classes == ("non_covid",) else test.ids
        return found | {"test": dataclasses.replace(test, ids=leaking)}

    monkeypatch.setattr(data, "held_out_splits", with_a_leak)
    refused(*pair, "trained on 1 scans of the split test, such as train-00")


def test_scans_of_both_classes_are_refused(opened):
    sides_of_one = [opened.positive, dataclasses.replace(opened.negative, scans=opened.positive.scans)]
    with pytest.raises(ArgumentError, match="stand in both classes"):
        sides._check_unseen(sides_of_one, ("a", "b"))


def test_data_that_changed_are_refused(make_run):
    run = make_run(("covid",))
    fingerprint = json.loads((run.path / "data.json").read_text())
    (run.path / "data.json").write_text(json.dumps(fingerprint | {"sha256": "0"}))
    with pytest.raises(RunError, match="not those it was trained on; sha256 changed"):
        sides.open_sides(Run(run.path), make_run(("non_covid",)))


def test_a_run_without_a_checkpoint_is_refused(pair, make_run):
    with pytest.raises(ArgumentError, match="no checkpoint") as caught:
        sides.open_sides(pair[0], make_run(("non_covid",), checkpoint=False))
    assert caught.value.argument == "run"


def test_images_that_each_class_scales_by_itself_are_refused():
    facts = {"name": "ct", "version": "1", "split": "train"}
    wide = [
        SimpleNamespace(scans=SimpleNamespace(fingerprint=facts | {"grey_range": [0.0, top]}))
        for top in (255.0, 4095.0)
    ]
    with pytest.raises(ArgumentError, match="8-bit"):
        sides._check_same_source(wide, ("a", "b"))


def test_too_few_test_scans_are_refused(pair, monkeypatch):
    monkeypatch.setattr(sides, "LEAST", 24)
    refused(*pair, "fewer than 24 scans of a class in the split test")


def test_too_few_test_patients_are_refused(pair, monkeypatch):
    # All test scans of the second class are of four patients, who have none to train on.
    def few(config, ids):
        of_few = config.data.classes == ("non_covid",)
        return tuple(f"patient {n % 4}" if of_few and i.startswith("test") else i for n, i in enumerate(ids))

    monkeypatch.setattr(sides, "patients_of", few)
    refused(*pair, "fewer than 5 patients of a class in the split test")


def test_scans_whose_patients_nobody_knows_are_taken_one_by_one(pair, monkeypatch):
    monkeypatch.setattr(sides, "patients_of", lambda config, ids: None)
    opened = sides.open_sides(*pair)
    assert opened.dropped == () and opened.patients == (24, 24)


def test_a_missing_validation_split_is_said(pair, monkeypatch, caplog):
    held_out_splits = data.held_out_splits
    without = lambda *a: {k: v for k, v in held_out_splits(*a).items() if k != "validation"}  # noqa: E731
    monkeypatch.setattr(data, "held_out_splits", without)
    with caplog.at_level(logging.WARNING):
        opened = sides.open_sides(*pair)
    assert list(opened.held_out) == ["test"] and "no split validation" in caplog.text
