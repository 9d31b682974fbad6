"""PNG, JPEG, TIFF and BMP of every mode, with known values; and what no scan is."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile, PngImagePlugin

from tfds_covidct import DataError
from tfds_covidct.reading import raster, scan, values
from tfds_covidct.reading.sources import Source

SIDE = 20


def save(folder, content, name="scan.dat"):
    path = folder / name
    path.write_bytes(content)
    return Source(name, str(path), len(content))


def encode(image, file_format, **options):
    stream = io.BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


def read(source, frames=(0,)):
    return list(scan.read_slices(source, frames))


def read_pixel(folder, image, file_format, **options):
    """Reads a picture of one colour, and returns its one value."""
    [piece] = read(save(folder, encode(image, file_format, **options)))
    assert piece.values.shape == (image.height, image.width) and np.unique(piece.values).size == 1
    return piece.values[0, 0], piece.is_hu


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "BMP"])
def test_content_decides_and_grey_stays(file_format, tmp_path):
    source = save(tmp_path, encode(Image.new("L", (SIDE + 3, SIDE), 130), file_format), "scan.txt")
    assert scan.read_header(source) == scan.Header("image", 1, SIDE, SIDE + 3)
    [piece] = read(source)
    assert piece.values.dtype == np.uint8 and not piece.is_hu and piece.spacing is None
    np.testing.assert_array_equal(piece.values, np.full((SIDE, SIDE + 3), 130))


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "BMP"])
def test_colour_becomes_luminance(file_format, tmp_path):
    for colour, grey in (((255, 0, 0), 76), ((0, 255, 0), 150), ((0, 0, 255), 29), ((9, 9, 9), 9)):
        assert read_pixel(tmp_path, Image.new("RGB", (SIDE, SIDE), colour), file_format) == (grey, False)


@pytest.mark.parametrize(
    "mode, colour, file_format, grey",
    [
        ("1", 1, "PNG", 255),
        ("1", 1, "BMP", 255),
        ("LA", (200, 128), "PNG", 100),
        ("LA", (200, 0), "TIFF", 0),
        ("RGBA", (200, 200, 200, 128), "PNG", 100),
        ("RGBA", (200, 200, 200, 128), "TIFF", 100),
        ("CMYK", (0, 0, 0, 0), "TIFF", 255),
        ("CMYK", (0, 0, 0, 255), "JPEG", 0),
        ("I;16", 257 * 77, "PNG", 77),
        ("I;16", 65535, "TIFF", 255),
        ("F", 0.5, "TIFF", 128),
        ("F", 1.0, "TIFF", 255),
        ("F", 77.0, "TIFF", 77),
        ("I", 77, "TIFF", 77),
    ],
)
def test_modes(mode, colour, file_format, grey, tmp_path):
    assert read_pixel(tmp_path, Image.new(mode, (SIDE, SIDE), colour), file_format) == (grey, False)


def test_palettes_with_transparency(tmp_path):
    image = Image.new("P", (SIDE, SIDE), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    assert read_pixel(tmp_path, image, "PNG") == (76, False)
    assert read_pixel(tmp_path, image, "PNG", transparency=1) == (0, False)
    assert read_pixel(tmp_path, image, "BMP") == (76, False)


def big_endian_tiff(*pages):
    """A TIFF of 16 bits with the high byte first, signed or unsigned, which Pillow does not write."""
    content = b"MM\0*"
    for numbers in pages:
        height, width = numbers.shape
        pixels = numbers.astype(numbers.dtype.newbyteorder(">")).tobytes()
        start = len(content) + 4
        content += struct.pack(">I", start + len(pixels)) + pixels
        tags = [(256, width), (257, height), (258, 16), (259, 1), (262, 1), (273, start), (277, 1)]
        tags += [(278, height), (279, len(pixels)), (339, 2 if numbers.dtype.kind == "i" else 1)]
        entries = (struct.pack(">HHII", tag, 4, 1, value) for tag, value in tags)
        content += struct.pack(">H", len(tags)) + b"".join(entries)
    return content + bytes(4)


def test_high_byte_first(tmp_path):
    numbers = np.full((SIDE, SIDE), 257 * 5, np.uint16)
    numbers[3, 4] = 257 * 200
    [piece] = read(save(tmp_path, big_endian_tiff(numbers)))
    np.testing.assert_array_equal(piece.values, numbers // 257)


@pytest.mark.parametrize("dtype, hu_dtype", [(np.float32, np.float32), (np.int32, np.int16)])
def test_signed_and_real_numbers_are_hu(dtype, hu_dtype, tmp_path):
    numbers = np.linspace(-3024, 4000, SIDE * SIDE).reshape(SIDE, SIDE).astype(dtype)
    [piece] = read(save(tmp_path, encode(Image.fromarray(numbers), "TIFF")))
    assert piece.is_hu and piece.values.dtype == hu_dtype
    np.testing.assert_array_equal(piece.values, numbers.clip(-1024, 3071))


def test_a_missing_number_is_air_or_black(tmp_path):
    for level, expected in ((-200.0, -1024), (100.0, 0)):
        numbers = np.full((SIDE, SIDE), level, np.float32)
        numbers[2, 3] = np.nan
        [piece] = read(save(tmp_path, encode(Image.fromarray(numbers), "TIFF")))
        assert piece.values[2, 3] == expected and (piece.values == level).sum() == SIDE * SIDE - 1


@pytest.mark.parametrize("level", [-50.0, 256.0, 3000.0, np.nan, np.inf])
def test_unknown_scales_are_refused(level, tmp_path):
    source = save(tmp_path, encode(Image.new("F", (SIDE, SIDE), level), "TIFF"))
    with pytest.raises(DataError, match="scan.dat: .*HU.*0 to 255.*0 to 1"):
        read(source)


def test_the_pages_of_a_tiff_are_slices(tmp_path):
    pages = [Image.new("L", (SIDE, SIDE + 1), 10 * i) for i in range(5)]
    source = save(tmp_path, encode(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert scan.read_header(source).frames == 5
    pieces = read(source, (3, 0, 4))
    assert [(piece.frame, piece.values[0, 0]) for piece in pieces] == [(3, 30), (0, 0), (4, 40)]


def save_pages(folder, pages, **options):
    pages = [Image.fromarray(page) for page in pages]
    return save(folder, encode(pages[0], "TIFF", save_all=True, append_images=pages[1:], **options))


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.int16])
@pytest.mark.parametrize("frames", [(0, 1, 2), (2, 0), (0,)])
def test_the_pages_of_a_volume_are_all_hu(dtype, frames, tmp_path):
    pages = [np.full((SIDE, SIDE), level, dtype) for level in (40, 1200, -900)]
    source = save(tmp_path, big_endian_tiff(*pages)) if dtype == np.int16 else save_pages(tmp_path, pages)
    pieces = read(source, frames)
    assert [piece.frame for piece in pieces] == list(frames)
    for piece in pieces:
        assert piece.is_hu
        np.testing.assert_array_equal(piece.values, pages[piece.frame])


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate"])
def test_the_pages_of_a_volume_have_one_grey_scale(compression, tmp_path):
    pages = [np.full((SIDE, SIDE), level, np.float32) for level in (0.5, np.nan, 1.0, 200.0)]
    pieces = read(save_pages(tmp_path, pages, compression=compression), (3, 0, 1, 2))
    assert [np.unique(piece.values).tolist() for piece in pieces] == [[200], [0], [0], [1]]
    assert not any(piece.is_hu for piece in pieces)
    pieces = read(save_pages(tmp_path, pages[:3], compression=compression), (0, 1, 2))
    assert [np.unique(piece.values).tolist() for piece in pieces] == [[128], [0], [255]]


def test_a_volume_of_unknown_scale_is_refused_whichever_page_is_asked_for(tmp_path):
    pages = [np.full((SIDE, SIDE), level, np.float32) for level in (10, 3000)]
    source = save_pages(tmp_path, pages)
    for frame in (0, 1):
        with pytest.raises(DataError, match="scan.dat: .*HU.*0 to 255.*0 to 1"):
            read(source, (frame,))


def test_pages_of_different_kinds_of_numbers_are_refused(tmp_path):
    source = save_pages(tmp_path, [np.zeros((SIDE, SIDE), dtype) for dtype in (np.uint8, np.float32)])
    for action in (scan.read_header, read):
        with pytest.raises(DataError, match="scan.dat: its pages differ in the kind of numbers"):
            action(source)


def test_pages_of_different_sizes_are_refused(tmp_path):
    pages = [Image.new("L", (SIDE, SIDE)), Image.new("L", (SIDE, SIDE + 1))]
    source = save(tmp_path, encode(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    for action in (scan.read_header, read):
        with pytest.raises(DataError, match="scan.dat: its pages differ in size"):
            action(source)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF"])
def test_exif_orientation_is_applied(file_format, orientation, tmp_path):
    shown = np.zeros((32, 48), np.uint8)
    shown[:8, :8], shown[:8, -8:], shown[-8:, :8] = 240, 160, 80  # Each corner is another.
    turns, mirrored = raster._TURNS.get(orientation, (0, False))
    stored = np.rot90(shown[:, ::-1] if mirrored else shown, -turns)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100} if file_format == "JPEG" else {}
    content = encode(Image.fromarray(np.ascontiguousarray(stored)), file_format, exif=exif, **options)
    source = save(tmp_path, content)
    header = scan.read_header(source)
    [piece] = read(source)
    np.testing.assert_allclose(piece.values, shown, atol=3)
    assert (header.height, header.width) == shown.shape


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "BMP"])
def test_the_header_is_read_without_decoding(file_format, tmp_path, monkeypatch):
    source = save(tmp_path, encode(Image.new("L", (SIDE, SIDE)), file_format))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    assert scan.read_header(source).frames == 1


def test_facts(tmp_path):
    picture = np.full((SIDE, SIDE, 3), 90, np.uint8)
    picture[:5] = (200, 176, 200)  # Not visibly coloured.
    picture[5:10] = (200, 175, 200)
    facts = scan.read_facts(save(tmp_path, encode(Image.fromarray(picture), "PNG")))
    assert facts == raster.FileFacts("PNG", "RGB", 8, SIDE, SIDE, colour=0.25)
    facts = scan.read_facts(save(tmp_path, encode(Image.new("I;16", (SIDE, SIDE + 1)), "TIFF")))
    assert facts == raster.FileFacts("TIFF", "I;16", 16, SIDE, SIDE + 1)


def png_that_claims(width, height):
    """A PNG whose header alone is there."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    header = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + header + struct.pack(">I", 1000) + b"IDAT"


@pytest.mark.parametrize(
    "width, height", [(64_000_001, 1), (8001, 8000), (10_000, 10_000), (2**31 - 1, 2**31 - 1)]
)
def test_more_than_64_megapixels_are_refused_undecoded(width, height, tmp_path, monkeypatch):
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    source = save(tmp_path, png_that_claims(width, height))
    for action in (scan.read_header, read):
        with pytest.raises(DataError, match="scan.dat: .*more than 64000000 pixels"):
            action(source)


def test_64_megapixels_are_within_the_limit():
    values.check_size(8000, 8000, "scan.dat")


@pytest.mark.parametrize("size", [(1, 1), (15, 400), (400, 15)])
def test_tiny_images_are_refused(size, tmp_path):
    source = save(tmp_path, encode(Image.new("L", size), "PNG"))
    with pytest.raises(DataError, match=f"scan.dat: {size[0]} x {size[1]} pixels; .*at least 16 x 16"):
        scan.read_header(source)


@pytest.mark.parametrize("size", [(0, 0), (0, 20)])
def test_zero_sizes_are_refused(size, tmp_path):
    with pytest.raises(DataError, match="scan.dat: "):
        scan.read_header(save(tmp_path, png_that_claims(*size)))


@pytest.mark.parametrize("content", [b"", b"\0", b"no image at all", b"%!PS-Adobe", b"GIF89a" + bytes(50)])
def test_foreign_files_are_refused(content, tmp_path):
    with pytest.raises(
        DataError, match="scan.dat: is none of PNG, JPEG, TIFF, BMP, DICOM, NIfTI; replace it or remove it"
    ):
        scan.read_header(save(tmp_path, content))


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "BMP"])
def test_truncated_files_are_refused(file_format, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    content = encode(Image.fromarray(noise), file_format)
    for end in (12, len(content) // 2, len(content) - 100):
        with pytest.raises(DataError, match="scan.dat: "):
            read(save(tmp_path, content[:end]))


def test_a_text_chunk_that_unpacks_to_gigabytes_is_refused(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("key", "x" * 80_000_000, zip=True)
    source = save(tmp_path, encode(Image.new("L", (SIDE, SIDE)), "PNG", pnginfo=info))
    with pytest.raises(DataError, match="scan.dat: cannot be decoded as an image"):
        read(source)


MEMORY = """
import sys
from tfds_covidct.reading.raster import decode, open_image
with open(sys.argv[1], "rb") as stream, open_image(stream, "large.tif") as image:
    values, _ = decode(image, "large.tif")
print(values.shape, int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) // 1024)
"""


VOLUME = """
import sys
from tfds_covidct.reading import raster
with open(sys.argv[1], "rb") as stream:
    count = sum(piece.is_hu for piece in raster.read_slices(stream, "volume.tif", range(60)))
print(count, int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) // 1024)
"""


def test_a_volume_takes_the_memory_of_a_page(tmp_path):
    peaks = []
    for pages, name in ((60, "long.tif"), (2, "short.tif")):
        levels = [Image.new("F", (1000, 1000), -900.0 if page == 1 else 50.0) for page in range(pages)]
        levels[0].save(tmp_path / name, save_all=True, append_images=levels[1:], compression="tiff_lzw")
        script = VOLUME.replace("60", str(pages))
        command = [sys.executable, "-c", script, tmp_path / name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        count, megabytes = done.stdout.split()
        assert int(count) == pages
        peaks.append(int(megabytes))
    assert peaks[0] - peaks[1] < 40  # All pages together take 240.


@pytest.mark.parametrize("mode", ["RGBA", "F"])
def test_64_megapixels_take_less_than_a_gigabyte(mode, tmp_path):
    path = tmp_path / "large.tif"
    Image.new(mode, (8000, 8000), (9, 9, 9, 128) if mode == "RGBA" else -900.0).save(
        path, compression="tiff_lzw"
    )
    done = subprocess.run([sys.executable, "-c", MEMORY, path], capture_output=True, text=True, check=True)
    shape, megabytes = done.stdout.rsplit(maxsplit=1)
    assert shape == "(8000, 8000)"
    assert int(megabytes) < 1000
