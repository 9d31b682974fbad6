"""Pixels: the way to [-1, 1] and back, grids, and the files that are written."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageSequence

from covid_gan import images

LEVELS = np.arange(256, dtype=np.uint8)


def test_all_grey_levels_come_back_exactly():
    there = images.normalise(LEVELS)
    assert there.dtype == tf.float32
    back = images.denormalise(there)
    assert back.dtype == tf.uint8
    np.testing.assert_array_equal(back, LEVELS)


def test_all_grey_levels_come_back_exactly_from_a_graph():
    way = tf.function(lambda x: images.denormalise(images.normalise(x)))
    np.testing.assert_array_equal(way(tf.constant(LEVELS)), LEVELS)


def test_air_is_minus_one_and_the_brightest_is_one_and_the_rest_is_even_between():
    values = np.asarray(images.normalise(LEVELS))
    assert values[0] == -1.0 and values[255] == 1.0
    np.testing.assert_allclose(np.diff(values), 2 / 255, atol=1e-6)


@pytest.mark.parametrize(
    "value, level",
    [
        (-1.0, 0),
        (1.0, 255),
        (-1.01, 0),
        (-300.0, 0),
        (1.01, 255),
        (300.0, 255),
        (-np.inf, 0),
        (np.inf, 255),
        (100.4 / 127.5 - 1, 100),  # rounded, not cut off
        (100.6 / 127.5 - 1, 101),
    ],
)
def test_values_are_rounded_and_clipped(value, level):
    assert np.asarray(images.denormalise(np.float32([value]))) == [level]


def pictures(n, height=2, width=3) -> np.ndarray:
    """Images of which each has one grey level, its place from 1."""
    levels = np.arange(1, n + 1, dtype=np.uint8)
    return np.tile(levels[:, None, None, None], (1, height, width, 1))


@pytest.mark.parametrize(
    "n, columns, layout",
    [
        (1, None, [[1]]),
        (2, None, [[1, 2]]),
        (3, None, [[1, 2], [3, 0]]),
        (4, None, [[1, 2], [3, 4]]),
        (5, None, [[1, 2, 3], [4, 5, 0]]),
        (5, 5, [[1, 2, 3, 4, 5]]),
        (5, 2, [[1, 2], [3, 4], [5, 0]]),
        (2, 1, [[1], [2]]),
    ],
)
def test_a_grid_is_filled_row_by_row_and_black_where_empty(n, columns, layout):
    sheet = images.grid(pictures(n), columns)
    assert sheet.dtype == np.uint8
    expected = np.kron(np.array(layout), np.ones((2, 3)))[..., None]
    np.testing.assert_array_equal(sheet, expected)


def test_a_grid_keeps_each_image_upright():
    image = np.arange(6, dtype=np.uint8).reshape(1, 2, 3, 1)
    sheet = images.grid(np.concatenate([image, image + 10]))
    np.testing.assert_array_equal(sheet[..., 0], [[0, 1, 2, 10, 11, 12], [3, 4, 5, 13, 14, 15]])


def test_a_png_holds_the_same_grey_pixels(tmp_path):
    image = LEVELS.reshape(8, 32, 1)
    images.save_png(tmp_path / "image.png", image)
    with Image.open(tmp_path / "image.png") as file:
        assert (file.format, file.mode, file.size) == ("PNG", "L", (32, 8))
        np.testing.assert_array_equal(np.asarray(file), image[..., 0])


@pytest.mark.parametrize("n, order", [(1, [0]), (2, [0, 1]), (3, [0, 1, 2, 1]), (4, [0, 1, 2, 3, 2, 1])])
def test_a_gif_runs_forth_and_back_without_end(n, order, tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (n, 8, 8, 1)).astype(np.uint8)
    images.save_gif(tmp_path / "frames.gif", frames, frame_ms=50)
    with Image.open(tmp_path / "frames.gif") as file:
        found = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(file)]
        if n > 1:
            assert (file.info["loop"], file.info["duration"]) == (0, 50)
    np.testing.assert_array_equal(found, [frames[i, ..., 0] for i in order])
