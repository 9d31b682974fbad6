"""A planted shortcut is found, none is not, and what is known of a patient tells nothing."""

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from covid_gan.inspection import measuring, shortcuts
from covid_gan.inspection.families import FAMILIES
from tfds_covidct.reading.facts import FileFacts

PATIENTS, PER_PATIENT = 60, 4


@pytest.fixture(scope="module")
def template(chests, scan_of):
    """One measured image, to be changed."""
    return measuring.measure([scan_of(chests[0])]).images[0]


@pytest.fixture
def images(template):
    """4 images each of 60 patients; the class is the patient's, drawn without regard to anything."""
    rng = np.random.default_rng(3)
    labels = rng.permutation(["covid", "non_covid"] * (PATIENTS // 2))
    return [
        dataclasses.replace(
            template,
            name=f"{patient}-{n}",
            label=str(labels[patient]),
            patient_id=str(patient),
            facts=FileFacts("PNG", "L", 8, *(int(v) for v in rng.integers(100, 900, 2))),
            mean=float(rng.normal(120, 20)),
            ends=(float(rng.integers(0, 9)), float(rng.integers(240, 256))),
            border=tuple(rng.random(4)),
            letters=int(rng.integers(0, 3)),
        )
        for patient in range(PATIENTS)
        for n in range(PER_PATIENT)
    ]


@pytest.fixture
def groups():
    return np.repeat(np.arange(PATIENTS), PER_PATIENT)


def found(images, groups, family):
    return shortcuts.find(images, groups, families=[family])[0]


def test_where_nothing_tells_the_interval_holds_a_half(images, groups):
    for shortcut in shortcuts.find(images, groups):
        assert shortcut.low <= 0.5 <= shortcut.high, shortcut
        assert "tells nothing" in shortcut.verdict


PLANTED = {
    "format": lambda image, yes: {"facts": dataclasses.replace(image.facts, mode="RGBA" if yes else "L")},
    "size": lambda image, yes: {"facts": dataclasses.replace(image.facts, width=500 + 20 * yes)},
    "grey": lambda image, yes: {"mean": 120.0 + 30 * yes},
    "window": lambda image, yes: {"ends": (67.0 * yes, 255.0)},
    "border": lambda image, yes: {"border": (200.0 * yes, 1.0, 0.0, 0.0)},
    "marks": lambda image, yes: {"letters": int(yes)},
    "dataset": lambda image, yes: {"dataset": "one" if yes else "two"},
}


@pytest.mark.parametrize("family", PLANTED)
def test_a_planted_shortcut_is_found(family, images, groups):
    planted = [
        dataclasses.replace(image, **PLANTED[family](image, image.label == "covid")) for image in images
    ]
    shortcut = found(planted, groups, family)
    assert shortcut.auc > 0.99 and shortcut.low > 0.95
    assert "gives the class away" in shortcut.verdict


def test_every_family_is_tested_and_says_what_to_do():
    assert set(FAMILIES) == set(PLANTED)
    for family in FAMILIES.values():
        assert family.meaning and family.advice.endswith(".")


def test_knowing_the_patient_does_not_help(images, groups):
    """Each patient has a size of their own: it tells the class of images whose patient is known."""
    sizes = np.random.default_rng(1).permutation(PATIENTS) * 10 + 100
    own = [
        dataclasses.replace(image, facts=FileFacts("PNG", "L", 8, int(sizes[g]), int(sizes[g])))
        for image, g in zip(images, groups)
    ]
    by_patient = found(own, groups, "size")
    assert by_patient.low < 0.5
    by_image = found(own, np.arange(len(own)), "size")
    assert by_image.low > 0.8


def test_the_same_seed_gives_the_same(images, groups):
    assert found(images, groups, "size") == found(images, groups, "size")


def test_one_class_has_nothing_to_give_away(images, groups):
    assert shortcuts.find([dataclasses.replace(image, label="covid") for image in images], groups) == []


def test_three_classes_are_each_told_from_the_others(images, groups):
    classes = ("a", "b", "c")
    three = [
        dataclasses.replace(image, label=classes[g % 3], mean=100.0 + 50 * (g % 3 == 0))
        for image, g in zip(images, groups)
    ]
    aucs = {s.label: s.auc for s in shortcuts.find(three, groups, families=["grey"])}
    assert tuple(aucs) == classes
    assert aucs["a"] > 0.99 and max(aucs["b"], aucs["c"]) < 0.9


def test_a_class_of_one_patient_cannot_be_judged(images, groups):
    few = [image for image, g in zip(images, groups) if image.label == "covid" or g == groups[-1]]
    few = [dataclasses.replace(image, label="covid" if i else "non_covid") for i, image in enumerate(few)]
    for shortcut in shortcuts.find(few, np.arange(len(few))):
        assert (shortcut.auc, shortcut.low, shortcut.high) == (None, None, None)
        assert "non_covid has images of one patient" in shortcut.verdict


def test_without_files_format_is_not_measured(images, groups):
    bare = [dataclasses.replace(image, facts=None) for image in images]
    judged = {s.family: s for s in shortcuts.find(bare, groups, families=["format", "size"])}
    assert judged["format"].auc is None and "not at hand" in judged["format"].verdict
    assert judged["size"].auc is not None


def test_patients_of_the_smaller_class_are_counted(images, groups):
    assert found(images, groups, "size").patients == PATIENTS // 2
    fewer = [i for i, image in enumerate(images) if image.label == "covid" or groups[i] >= PATIENTS - 8]
    expected = len({groups[i] for i in fewer if images[i].label == "non_covid"})
    assert found([images[i] for i in fewer], groups[fewer], "size").patients == expected


@pytest.mark.parametrize(
    ("auc", "low", "words"),
    [(0.9, 0.8, "gives the class away"), (0.7, 0.6, "much"), (0.6, 0.55, "a little"), (0.9, 0.4, "nothing")],
)
def test_verdicts(auc, low, words):
    assert words in shortcuts.verdict("size", auc, low)


class TestAucWithInterval:
    rng = np.random.default_rng(0)
    truth = rng.random(300) < 0.4
    scores = np.round(rng.normal(size=300) + truth, 1)  # with ties
    groups = np.arange(300) // 3
    one_fold = np.zeros(300, int)

    def test_it_is_the_area_under_the_curve(self):
        auc, low, high = shortcuts.auc_with_interval(self.scores, self.truth, self.groups, self.one_fold)
        assert auc == pytest.approx(roc_auc_score(self.truth, self.scores), abs=1e-6)
        assert low < auc < high

    def test_scores_of_different_folds_are_not_compared(self):
        folds = np.arange(300) % 3
        moved = self.scores + 100.0 * folds
        plain = shortcuts.auc_with_interval(self.scores, self.truth, self.groups, folds)
        assert shortcuts.auc_with_interval(moved, self.truth, self.groups, folds) == pytest.approx(plain)

    def test_images_of_a_patient_count_once(self):
        """Ten copies of every image do not narrow the interval if they are of one patient."""
        tenfold = [np.repeat(v, 10) for v in (self.scores, self.truth, self.groups, self.one_fold)]
        once = shortcuts.auc_with_interval(self.scores, self.truth, self.groups, self.one_fold)
        assert shortcuts.auc_with_interval(*tenfold) == pytest.approx(once, abs=1e-5)
        apart = shortcuts.auc_with_interval(*tenfold[:2], np.arange(3000), tenfold[3])
        assert apart[2] - apart[1] < 0.6 * (once[2] - once[1])

    def test_no_pair_to_compare(self):
        nothing = np.ones(300, bool)
        assert shortcuts.auc_with_interval(self.scores, nothing, self.groups, self.one_fold) == (0.5, 0, 1)
