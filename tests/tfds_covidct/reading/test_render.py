"""Pictures of slices: PNG without loss, and how much lung they show."""

import io

import numpy as np
import pytest
from PIL import Image

from tfds_covidct.reading.render import encode_png, lung_share, render
from tfds_covidct.reading.scan import Slice
from tfds_covidct.windows import WINDOWS


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(
    "grey",
    [
        noise(64, 64),
        noise(1, 7),
        noise(7, 1),
        np.full((33, 20), 255, np.uint8),
        np.tile(np.uint8([[0, 255], [255, 0]]), (16, 16)),
        noise(64, 64)[::-1, ::2],
    ],
)
def test_png_keeps_every_pixel(grey):
    with Image.open(io.BytesIO(encode_png(grey))) as image:
        assert image.format == "PNG" and image.mode == "L"
        np.testing.assert_array_equal(np.asarray(image), grey)


def test_png_is_as_small_as_pillows_fast_one():
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    picture = 200 * np.exp(-3 * (x**2 + y**2)) + np.random.default_rng(0).normal(20, 4, x.shape)
    picture = picture.clip(0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG", compress_level=1)
    assert len(encode_png(picture)) < len(stream.getvalue())


def test_hu_go_through_the_window_and_grey_does_not():
    hu = np.array([[-1350, 150], [-600, 3000]], np.int16)
    assert render(Slice(0, hu, True), WINDOWS["lung"]).tolist() == [[0, 255], [128, 255]]
    grey = noise(4, 4)
    np.testing.assert_array_equal(render(Slice(0, grey, False), WINDOWS["lung"]), grey)


def test_lung_share_counts_lung_not_air_nor_fat():
    hu = np.array([[-1024, -951, -950, -700], [-500, -499, -100, 40]], np.int16)
    assert lung_share(Slice(0, hu, True)) == 3 / 8


def body_with_lungs(outside, body, lung):
    picture = np.full((40, 50), outside, np.uint8)
    picture[5:35, 5:45] = body
    picture[10:20, 10:20] = picture[10:20, 30:40] = lung
    return picture


def test_lung_share_of_a_picture_leaves_the_air_around_the_patient_out():
    assert lung_share(Slice(0, body_with_lungs(10, 200, 40), False)) == pytest.approx(200 / 2000)
    assert lung_share(Slice(0, body_with_lungs(10, 200, 200), False)) == 0
    assert lung_share(Slice(0, np.zeros((20, 20), np.uint8), False)) == 0
