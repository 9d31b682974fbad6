"""What is known to be wrong with COVID-CT is found in it, where this machine has it."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from covid_gan.data import Audited, Scan
from covid_gan.inspection import findings
from covid_gan.inspection.results import inspect
from tfds_covidct.covid_ct import SAME_PICTURE_PAIRS
from tfds_covidct.reading.facts import FileFacts

CLASSES = {"covid": ("COVID", "CT_COVID.zip"), "non_covid": ("NonCOVID", "CT_NonCOVID.zip")}
SPLITS = {"train": "train", "validation": "val", "test": "test"}


def read(folder):
    """All images, straight from upstream's files; no patients."""
    for label, (name, archive) in CLASSES.items():
        with zipfile.ZipFile(folder / "Images-processed" / archive) as file:
            entries = {entry.rpartition("/")[2]: entry for entry in file.namelist()}
            for split, prefix in SPLITS.items():
                listed = (folder / "Data-split" / name / f"{prefix}CT_{name}.txt").read_text().split("\n")
                for image_id in filter(None, map(str.strip, listed)):
                    image = Image.open(io.BytesIO(file.read(entries[image_id])))
                    facts = FileFacts(image.format, image.mode, 8, *image.size)
                    grey = np.asarray(image.convert("RGB").convert("L"))
                    yield Scan(grey, label, split, image_id, "", facts, "covid_ct")


@pytest.fixture(scope="module")
def results(covid_ct_files):
    return inspect(Audited("covid_ct", "", tuple(CLASSES), tuple(SPLITS), read(covid_ct_files)))


def test_the_two_pairs_under_both_labels_come_first(results):
    crossing = [pair for pair in results.pairs if pair.crosses_class and pair.kind == "near"]
    assert results.pairs[:2] == crossing
    assert {frozenset((p.first.name, p.second.name)) for p in crossing} == set(
        map(frozenset, SAME_PICTURE_PAIRS)
    )


def test_a_slice_that_stands_in_two_splits_is_found(results):
    """The two show one lesion in two windows, each under a patient number of its own."""
    names = {"2020.03.22.20040782-p24-1533-6.png", "2020.03.22.20040782-p25-1543.png"}
    assert any({pair.first.name, pair.second.name} == names for pair in results.pairs)


def test_the_list_is_short(results):
    assert len(results.pairs) < 60
    assert sum(pair.crosses_class for pair in results.pairs) <= 4


def test_file_format_gives_the_class_away_and_letters_are_seen(results):
    aucs = {shortcut.family: shortcut.auc for shortcut in results.shortcuts}
    assert aucs["format"] > 0.8 and aucs["size"] > 0.65
    assert 25 <= len(results.lettered) <= 60
    found = [f.what for f in findings.find(results) if f.severity == findings.SERIOUS]
    assert found[0].startswith("2 pairs under two labels")
    assert any(what.startswith("Format alone gives the class away") for what in found)
