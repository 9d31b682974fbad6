"""Spoils files in ways that follow from a number alone, and reads them as the builder does."""

import gzip
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfds_covidct.errors import DataError
from tfds_covidct.reading import drawing, scan
from tfds_covidct.reading.sources import Source, list_sources

_EXTREMES = (0, 1, 2, 15, 16, 255, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
_MAGIC_BYTES = 8
_HEAD_BYTES = 512


def mutate(content: bytes, number: int, fields: tuple[int, ...] = ()) -> bytes:
    """Spoils a file.

    Args:
      content: of a valid file.
      number: determines what is done.
      fields: where numbers that matter lie, such as the width.
    """
    rng = np.random.default_rng([number, len(content)])
    packed = content[:2] == b"\x1f\x8b" and rng.random() < 0.7
    spoilt = bytearray(gzip.decompress(content) if packed else content)
    for _ in range(rng.integers(1, 4)):
        _MUTATIONS[rng.integers(len(_MUTATIONS))](spoilt, rng, fields)
    if content.startswith(b"\x89PNG") and rng.random() < 0.8:
        _mend_png(spoilt)
    return gzip.compress(bytes(spoilt), 1, mtime=0) if packed else bytes(spoilt)


def _flip_bits(content, rng, _):
    for place in rng.integers(max(len(content), 1), size=rng.integers(1, 9)):
        if place < len(content):
            content[place] ^= 1 << int(rng.integers(8))


def _change_head(content, rng, _):
    for place in rng.integers(_HEAD_BYTES, size=rng.integers(1, 9)):
        if place < len(content):
            content[place] = int(rng.integers(256))


def _set_number(content, rng, fields):
    places = fields if fields and rng.random() < 0.7 else range(max(min(_HEAD_BYTES, len(content)), 1))
    place = int(rng.choice(places))
    size, order = int(rng.choice([2, 4])), str(rng.choice(["little", "big"]))
    number = int(rng.choice(_EXTREMES)) % 256**size
    content[place : place + size] = number.to_bytes(size, order)


def _truncate(content, rng, _):
    del content[int(len(content) * rng.random() ** 0.5) :]


def _insert(content, rng, _):
    place = int(rng.integers(len(content) + 1))
    content[place:place] = rng.bytes(int(rng.integers(1, 200)))


def _part(content, rng) -> slice:
    start = int(rng.integers(len(content) + 1))
    return slice(start, start + int(rng.integers(1, 200)))


def _repeat(content, rng, _):
    part = _part(content, rng)
    content[part.stop : part.stop] = content[part]


def _zero(content, rng, _):
    part = _part(content, rng)
    content[part] = bytes(len(content[part]))


def _remove(content, rng, _):
    del content[_part(content, rng)]


def _randomise_after_magic(content, rng, _):
    start = int(rng.choice([_MAGIC_BYTES, 132, 348, 352]))
    content[start:] = rng.bytes(max(len(content) - start, 0))


_MUTATIONS = (
    _flip_bits, _change_head, _change_head, _set_number, _set_number, _set_number,
    _truncate, _insert, _repeat, _zero, _remove, _randomise_after_magic,
)  # fmt: skip


def _mend_png(content: bytearray):
    """Makes the chunks' check sums right again, without which nothing behind them would be read."""
    place = 8
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        end = place + 8 + length
        if end + 4 > len(content):
            return
        struct.pack_into(">I", content, end, zlib.crc32(content[place + 4 : end]))
        place = end + 4


def read_spoilt(task: tuple) -> Iterator:
    """Reads one spoilt file; yields what comes of it, and at the end ("peak", KiB of memory).

    Args:
      task: path of the valid file, number of the mutation, fields, a folder to write to.
    """
    path, number, fields, folder = task
    content = mutate(Path(path).read_bytes(), number, fields)
    spoilt = Path(folder) / f"{number}-{Path(path).name}"
    spoilt.write_bytes(content)
    try:
        yield from _read_archive(spoilt) if path.endswith(".zip") else _read_scan(spoilt)
    except DataError as error:
        yield "refused", str(error)
    finally:
        spoilt.unlink()
    yield "peak", _peak()


def _read_scan(path: Path) -> Iterator:
    source = Source(path.name, str(path), path.stat().st_size)
    for header in drawing.read_header(source):
        yield "header", header.frames
        for drawn in drawing.draw(drawing.Order(source, tuple(range(min(header.frames, 20))))):
            yield "slice", drawn.png[:4]
        yield "facts", scan.read_facts(source)


def _read_archive(path: Path) -> Iterator:
    sources = list_sources(path).sources
    yield "header", len(sources)
    for source in sources:
        try:
            yield "entry", source.relative, len(source.read())
        except DataError as error:
            yield "refused", str(error)


def _peak() -> int:
    """The most memory this process ever had, in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
