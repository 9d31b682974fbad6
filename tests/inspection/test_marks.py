"""Letters near the edge are counted; a chest without any has none."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from covid_gan.inspection import marks, measuring
from tfds_covidct.reading.facts import FileFacts


def written(image, text, place, grey, size=22):
    picture = Image.fromarray(image)
    ImageDraw.Draw(picture).text(place, text, fill=grey, font=ImageFont.load_default(size))
    return np.asarray(picture)


def test_chests_have_no_letters(chests):
    assert not any(marks.letters(image) for image in chests)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("text", ["A", "R", "C 3", "2020"])
def test_white_letters_on_black(text, seed, draw_chest):
    image = np.pad(draw_chest(seed, (300, 400)), 40)
    assert marks.letters(written(image, text, (8, 8), 255)) >= len(text.replace(" ", "")) - 1


def test_black_letters_on_white(draw_chest):
    image = np.pad(draw_chest(0, (300, 400)), 40, constant_values=255)
    assert marks.letters(image) == 0
    assert marks.letters(written(image, "B", (430, 340), 0)) == 1


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (47, 47), (48, 48)])
def test_small_and_flat_images(shape):
    assert marks.letters(np.full(shape, 255, np.uint8)) == 0


def test_colour_is_what_the_file_says(chests, scan_of):
    colours = (0.0, 0.0004, 0.01)
    facts = [FileFacts("PNG", "RGB", 8, 200, 150, colour) for colour in colours]
    images = measuring.measure([scan_of(chests[0], facts=f) for f in (*facts, None)]).images
    assert [image.coloured for image in images] == [False, False, True, False]


def test_frame_is_the_outer_twentieth():
    image = np.zeros((100, 200), np.uint8)
    image[5:-5, 5:-5] = 9
    assert measuring.frame(image).size == 100 * 200 - 90 * 190
    assert not measuring.frame(image).any()
    assert measuring.frame(np.zeros((1, 1), np.uint8)).size == 1


def test_histograms_weigh_images_equally(scan_of):
    small, large = np.zeros((2, 2), np.uint8), np.full((90, 90), 255, np.uint8)
    measured = measuring.measure([scan_of(small, image_id="a"), scan_of(large, image_id="b")])
    histogram = measured.histograms["covid"]
    assert (histogram[0], histogram[255], histogram.sum()) == (0.5, 0.5, 1)
