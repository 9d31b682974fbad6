"""What is left out: enough that no picture stands twice, no more, and by ids that --exclude reads again."""

import itertools

import numpy as np
import pytest

from covid_gan import cli
from covid_gan.inspection.exclusion import Exclusion, choose
from covid_gan.inspection.results import inspect


@pytest.fixture
def chosen(audited):
    """Scans -> their Exclusion."""
    return lambda *scans: choose(inspect(audited(scans)))


@pytest.fixture
def copies(scan_of, chests):
    """(id, split, label="covid", near=False) -> one picture, or nearly."""

    def make(image_id, split, label="covid", near=False):
        image = np.clip(chests[0].astype(int) + 3, 0, 255).astype(np.uint8) if near else chests[0]
        return scan_of(image, image_id=image_id, split=split, label=label)

    return make


SPLITS = ("test", "validation", "other", "train")


@pytest.mark.parametrize("splits", list(itertools.permutations(SPLITS)))
def test_of_equal_images_in_many_splits_the_one_needed_most_stays(splits, chosen, copies):
    found = chosen(*(copies(f"of {split}", split) for split in splits))
    assert set(found.sure) == {"of validation", "of other", "of train"}
    assert found.sure["of train"] == "train: the same pixels as of test in test"


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(SPLITS, 2)))
@pytest.mark.parametrize("near", [False, True])
def test_of_two_splits_the_less_needed_gives_its_image(first, second, near, chosen, copies):
    assert list(chosen(copies("1", first), copies("2", second, near=near)).sure) == ["2"]
    assert list(chosen(copies("2", second, near=near), copies("1", first)).sure) == ["2"]


def test_a_near_copy_is_tied_to_every_twin(chosen, copies):
    """It stands beside the first in its split; the second is a test image."""
    found = chosen(copies("a", "train"), copies("b", "test"), copies("near", "train", near=True))
    assert set(found.sure) == {"a", "near"}
    assert found.sure["near"] == "train: the same slice as, or the next to, b in test"


def test_equal_images_of_the_split_that_stays_are_one(chosen, copies):
    found = chosen(*(copies(name, split) for name, split in zip("abcd", ("train", "test", "test", "train"))))
    assert set(found.sure) == {"a", "c", "d"}
    assert found.sure["c"] == "the same pixels as b"


def test_neighbours_in_the_split_that_stays_are_all_kept(chosen, copies):
    found = chosen(copies("a", "test"), copies("next", "test", near=True), copies("b", "train"))
    assert set(found.sure) == {"b"}


def test_neighbours_in_one_split_and_class_are_no_copies(chosen, copies):
    assert chosen(copies("a", "train"), copies("b", "train", near=True)).sure == {}


def test_all_goes_where_labels_differ(chosen, copies):
    found = chosen(
        copies("a", "train"),
        copies("b", "test"),
        copies("c", "test", label="non_covid", near=True),
    )
    assert set(found.sure) == {"a", "b", "c"}
    assert found.sure["a"].startswith("covid: the same slice as, or the next to, c of non_covid")


def test_other_images_stay(chosen, copies, scans):
    assert set(chosen(*scans, copies("again", "train", label="non_covid")).sure) == {"again"}


ODD_IDS = ["plain", "#first", "a #b", "a,b", "a b/c.png", "ends.txt", "## x", "# x", "ä µ"]


def read_again(text, tmp_path):
    (tmp_path / "list.txt").write_text(text, encoding="utf-8")
    return cli._listed("exclude", str(tmp_path / "list.txt"))


def test_odd_ids_survive_the_way_back(tmp_path):
    written = Exclusion({name: "of a\nkind\u2028# x" for name in ODD_IDS}, {}).text()
    assert read_again(written, tmp_path) == tuple(ODD_IDS)


def test_proposed_ids_are_read_once_their_mark_is_taken_away(tmp_path):
    text = Exclusion({}, dict.fromkeys(ODD_IDS, "why")).text()
    assert read_again(text, tmp_path) == ()
    head, _, tail = text.partition("Proposed")
    lines = tail.splitlines()
    lines[2::2] = [line.removeprefix("#") for line in lines[2::2]]
    assert read_again(head + "\n".join(lines), tmp_path) == tuple(ODD_IDS)


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\u2028b", "a\x85b", "a\n", " a", "a ", "#\nx"])
def test_ids_that_cannot_stand_on_a_line_are_told_of(name, tmp_path):
    text = Exclusion({name: "why", "b": "why"}, {name: "why"}).text()
    assert read_again(text, tmp_path) == ("b",)
    assert "cannot stand in a list" in text
