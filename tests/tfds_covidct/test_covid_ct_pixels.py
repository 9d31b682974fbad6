"""Decoding by content into one grey channel, with known values."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFile

from tfds_covidct import DataError
from tfds_covidct.covid_ct.pixels import MAX_PIXELS, decode_grey


def encode(image, file_format="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


def decode_pixel(mode, colour, **options):
    """Decodes a one-colour PNG of 3 x 2 pixels, and returns its grey level."""
    grey = decode_grey(encode(Image.new(mode, (3, 2), colour), **options), "scan.png")
    assert grey.shape == (2, 3, 1) and grey.dtype == np.uint8
    assert np.unique(grey).size == 1
    return grey[0, 0, 0]


@pytest.mark.parametrize(
    "mode, colour, grey",
    [
        ("L", 77, 77),
        ("1", 1, 255),
        ("RGB", (90, 90, 90), 90),
        ("RGB", (255, 0, 0), 76),
        ("RGB", (0, 255, 0), 150),
        ("RGB", (0, 0, 255), 29),
        ("RGBA", (200, 200, 200, 255), 200),
        ("RGBA", (200, 200, 200, 0), 0),
        ("RGBA", (200, 200, 200, 128), 100),
        ("LA", (200, 128), 100),
        ("I;16", 0, 0),
        ("I;16", 32768, 128),
        ("I;16", 65535, 255),
    ],
)
def test_every_mode_becomes_luminance_over_black(mode, colour, grey):
    assert decode_pixel(mode, colour) == grey


def test_palette_colours_become_luminance():
    image = Image.new("P", (3, 2), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    assert np.unique(decode_grey(encode(image), "scan.png")) == [76]


def test_transparent_palette_colours_become_black():
    image = Image.new("P", (3, 2), 1)
    image.putpalette([0, 0, 0, 255, 255, 255])
    assert np.unique(decode_grey(encode(image, transparency=1), "scan.png")) == [0]


def test_content_decides_not_the_name():
    jpeg = encode(Image.new("L", (16, 16), 120), "JPEG")
    np.testing.assert_array_equal(decode_grey(jpeg, "scan.png"), np.full((16, 16, 1), 120))


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_refuses_what_is_no_image(content):
    with pytest.raises(DataError, match="scan.png: cannot be decoded"):
        decode_grey(content, "scan.png")


def test_refuses_a_truncated_image():
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (64, 64), dtype=np.uint8))
    content = encode(image)
    with pytest.raises(DataError, match="scan.png"):
        decode_grey(content[: len(content) // 2], "scan.png")


def test_refuses_formats_that_may_start_programs():
    with pytest.raises(DataError, match="scan.png: cannot be decoded"):
        decode_grey(encode(Image.new("L", (4, 4)), "EPS"), "scan.png")


@pytest.mark.parametrize("width", [MAX_PIXELS // 1000 + 1, MAX_PIXELS // 250])
def test_refuses_too_many_pixels_before_decoding_them(width, monkeypatch):
    content = encode(Image.new("1", (width, 1000)))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(DataError, match="scan.png"):
        decode_grey(content, "scan.png")
