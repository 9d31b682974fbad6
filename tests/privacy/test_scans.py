"""Both ends on drawn chests, and on the real COVID-CT where this machine has it."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from covid_gan.privacy import MEMORISED, NO_SIGN, exact, examine, nearest, share
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


def between(images):
    """Of each image's distances to all the others, how many are those of exact copies."""
    small = nearest.shrink(images)
    distances, spread = nearest.pixel_distances(small, small), nearest.spread(small)
    return sum(
        exact.find(np.delete(distances[[i]], i, axis=1), np.delete(spread, i), len(images) - 1)[0].count
        for i in range(len(images))
    )


@pytest.mark.slow
def test_no_drawn_chest_is_an_exact_copy_of_another(phantoms):
    for size in (16, 64):
        assert between(np.stack([square(image[..., 0], size) for image in phantoms])) == 0


def test_no_real_scan_is_an_exact_copy_of_another(covid):
    assert between(np.concatenate(list(covid.values()))) == 0


@pytest.mark.parametrize("change", [lambda scans: scans, lambda scans: np.roll(scans[:, :, ::-1], 2, 1)])
def test_one_real_scan_among_1000_means_is_caught(change, covid, monkeypatch):
    monkeypatch.setattr(share, "DRAWS", 100)
    training, held_out = covid["train"], np.concatenate([covid["val"], covid["test"]])
    everyone, rng = np.concatenate([training, held_out]), np.random.default_rng(0)
    three = np.stack([rng.permutation(len(everyone))[:3] for _ in range(1000)])
    means = everyone[three].astype(float).mean(axis=1).astype(np.uint8)
    means[8] = change(training[[7]])[0]
    found = examine(means, training, held_out)
    assert found.verdict == MEMORISED and found.exact.count == 1 and found.pairs[0].generated == 8
