"""What is done with a file, as a task for a worker: its header read, its slices drawn, its pixels hashed."""

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator

from tfds_covidct.reading import render, scan
from tfds_covidct.reading.facts import FileFacts
from tfds_covidct.reading.sources import Source
from tfds_covidct.reading.workers import Failure, Workers
from tfds_covidct.windows import WINDOWS, Window


@dataclasses.dataclass(frozen=True)
class Order:
    """Slices of one file to draw.

    Attributes:
      source: the file.
      frames: the places of the slices in it.
      window: the HU that are shown.
      min_lung_fraction: slices with a smaller share of lung are left out.
    """

    source: Source
    frames: tuple[int, ...]
    window: Window = WINDOWS["lung"]
    min_lung_fraction: float = 0.0


@dataclasses.dataclass(frozen=True)
class Drawn:
    """One slice as it goes into a record.

    Attributes:
      frame: its place in the file.
      png: of the grey image, uint8 [H, W].
      spacing: mm between rows and between columns; zeros where unknown.
    """

    frame: int
    png: bytes
    spacing: tuple[float, float]


def read_header(source: Source) -> Iterator[scan.Header]:
    """Yields the one header of a file.

    Raises:
      DataError: the file cannot be read.
    """
    yield scan.read_header(source)


def draw(order: Order) -> Iterator[Drawn]:
    """Yields a file's slices, those without enough lung left out.

    Raises:
      DataError: the file cannot be read.
    """
    for piece in scan.read_slices(order.source, order.frames):
        if order.min_lung_fraction and render.lung_share(piece) < order.min_lung_fraction:
            continue
        grey = render.render(piece, order.window)
        yield Drawn(piece.frame, render.encode_png(grey), piece.spacing or (0.0, 0.0))


def pixel_digest(source: Source) -> Iterator[str]:
    """Yields the SHA-256 of a picture's size and grey levels: the same for the same picture in any format.

    Raises:
      DataError: the file cannot be read.
    """
    (piece,) = scan.read_slices(source, (0,))
    yield hashlib.sha256(repr(piece.values.shape).encode() + piece.values.tobytes()).hexdigest()


def read_facts(source: Source) -> Iterator[tuple[FileFacts, int]]:
    """Yields how a file stores its slices, and how many it has.

    Raises:
      DataError: the file cannot be read.
    """
    frames = scan.read_header(source).frames
    if frames:
        yield scan.read_facts(source), frames


def facts_of(sources: Iterable[Source]) -> dict[Source, tuple[FileFacts, int]]:
    """Reads, on all cores, how files store their slices, and how many they have.

    Returns:
      In the order given; files that cannot be read, or hold no slice, are left out.

    Raises:
      MissingExtraError: a file needs a package that is not installed.
    """
    sources = list(sources)
    with Workers() as workers:
        found = {
            source: outcome
            for source, outcome in workers.run(read_facts, sources)
            if not isinstance(outcome, Failure)
        }
    return {source: found[source] for source in sources if source in found}
