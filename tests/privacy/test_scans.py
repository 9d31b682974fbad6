"""Both ends on drawn chests, and on the real COVID-CT where this machine has it."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from covid_gan.privacy import MEMORISED, NO_SIGN, examine
from tfds_covidct.lung_phantom import make_phantom


def square(image, size=64):
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BOX))[..., None]


@pytest.fixture(scope="module")
def phantoms():
    return np.stack([square(make_phantom(index, covid=True, size=64).image) for index in range(220)])


@pytest.fixture(scope="module")
def covid(covid_ct_files):
    """Images with findings of COVID-19 by split, straight from upstream's files."""
    images = {}
    with zipfile.ZipFile(covid_ct_files / "Images-processed" / "CT_COVID.zip") as file:
        entries = {entry.rpartition("/")[2]: entry for entry in file.namelist()}
        for split in ("train", "val", "test"):
            names = (covid_ct_files / "Data-split" / "COVID" / f"{split}CT_COVID.txt").read_text().split("\n")
            pictures = [
                Image.open(io.BytesIO(file.read(entries[name.strip()]))) for name in names if name.strip()
            ]
            images[split] = np.stack(
                [square(np.asarray(picture.convert("RGB").convert("L"))) for picture in pictures]
            )
    return images


@pytest.mark.slow
def test_drawn_chests(phantoms, disguise, pick):
    training, held_out, fresh = np.split(phantoms, [120, 160])
    fresh = np.concatenate([fresh, fresh[:, :, ::-1]])
    assert examine(fresh, training, held_out).verdict == NO_SIGN
    assert examine(disguise(pick(held_out)), training, held_out).verdict == NO_SIGN
    assert examine(disguise(pick(training)), training, held_out).verdict == MEMORISED


@pytest.mark.slow
def test_real_scans(covid, disguise, pick):
    training, held_out = covid["train"], np.concatenate([covid["val"], covid["test"]])
    found = examine(disguise(pick(training)), training, held_out)
    assert found.verdict == MEMORISED and found.pixels.copies.share > 0.9
    found = examine(disguise(pick(held_out)), training, held_out)
    assert found.verdict == NO_SIGN and found.pixels.copies.of_held_out > 180
