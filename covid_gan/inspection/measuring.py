"""One pass over a data set: a few numbers and a thumbnail of every image."""

import collections
import dataclasses
import hashlib
from collections.abc import Iterable

import numpy as np

from covid_gan.data import Scan
from covid_gan.inspection import looks, marks
from covid_gan.inspection.progress import told
from tfds_covidct.reading.facts import FileFacts

BORDER = 0.05  # of the shorter side
COLOURED = 0.0005  # the share of visibly coloured pixels from which on an image is said to have colour
# DICOM PS3.3, C.7.6.3.1.2.
_PHOTOMETRIC = {
    "MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "XYB", "YBR_FULL", "YBR_FULL_422",
    "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT",
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Measured:
    """What is kept of one image.

    Attributes:
        name: the image_id; with its data set's name before it where two data sets share the id, and
            the place of the image where it has none.
        image_id, label, split, patient_id, patient_known, dataset: as in `Scan`.
        facts: as in `Scan`, without words of a header that are not the standard's.
        height, width: of the image, in pixels.
        mean, deviation: of its grey levels, 0 to 255.
        ends: the grey levels that 1 % and 99 % of its pixels stay below.
        border: the outer frame's mean, deviation, and shares of black and white.
        letters: written into the margin.
        digest: SHA-256 of size and pixels.
        thumbnail: uint8 [128, 128] without flat margins.
        hash: bool [128].
    """

    name: str
    image_id: str
    label: str
    split: str
    patient_id: str
    patient_known: bool
    dataset: str
    facts: FileFacts | None
    height: int
    width: int
    mean: float
    deviation: float
    ends: tuple[float, float]
    border: tuple[float, float, float, float]
    letters: int
    digest: bytes
    thumbnail: np.ndarray
    hash: np.ndarray

    @property
    def patient(self) -> str:
        """The patient's id, or a block of files', unlike that of another data set's; "" without either."""
        return f"{self.dataset}:{self.patient_id}" if self.patient_id else ""

    @property
    def known_patient(self) -> str:
        """The patient's id; "" where it is not known, even if the image is in a block of files."""
        return self.patient if self.patient_known else ""

    @property
    def coloured(self) -> bool:
        return self.facts is not None and self.facts.colour > COLOURED


@dataclasses.dataclass(frozen=True)
class Measurements:
    """What one pass over a data set gives.

    Attributes:
        images: in the data set's order.
        histograms: label -> float [256], the mean share of each grey level in its images.
    """

    images: list[Measured]
    histograms: dict[str, np.ndarray]


def measure(scans: Iterable[Scan]) -> Measurements:
    """Reads every image once; none is kept at its full size."""
    images, sums = [], collections.defaultdict(lambda: np.zeros(256))
    for scan in told(scans, "images read"):
        images.append(_measure_one(scan, len(images)))
        sums[scan.label] += np.bincount(scan.image.ravel(), minlength=256) / scan.image.size
    counts = collections.Counter(image.label for image in images)
    histograms = {label: total / counts[label] for label, total in sums.items()}
    return Measurements(_named_apart(images), histograms)


def frame(image: np.ndarray) -> np.ndarray:
    """The pixels of the outer 5 % of a uint8 image [H, W], measured by its shorter side: uint8 [n]."""
    wide = max(1, round(BORDER * min(image.shape)))
    outer = np.ones(image.shape, bool)
    outer[wide:-wide, wide:-wide] = False
    return image[outer]


def _measure_one(scan, place):
    image = np.ascontiguousarray(scan.image)
    edge, small = frame(image), looks.thumbnail(image)
    return Measured(
        name=scan.image_id or f"#{place}",
        image_id=scan.image_id,
        label=scan.label,
        split=scan.split,
        patient_id=scan.patient_id,
        patient_known=scan.patient_known,
        dataset=scan.dataset,
        facts=_without_header_text(scan.facts),
        height=image.shape[0],
        width=image.shape[1],
        mean=float(image.mean()),
        deviation=float(image.std()),
        ends=tuple(float(v) for v in np.percentile(image, (1, 99))),
        border=tuple(float(v) for v in (edge.mean(), edge.std(), (edge < 10).mean(), (edge > 245).mean())),
        letters=marks.letters(image),
        digest=hashlib.sha256(f"{image.shape}".encode() + image.tobytes()).digest(),
        thumbnail=small,
        hash=looks.perceptual_hash(small),
    )


def _without_header_text(facts):
    """A DICOM's photometric interpretation is a text of its header, and anything can stand there."""
    if facts is None or facts.format != "DICOM" or facts.mode in _PHOTOMETRIC:
        return facts
    return dataclasses.replace(facts, mode="other")


def _named_apart(images):
    """Puts the data set's name before ids that two data sets share."""
    homes = collections.defaultdict(set)
    for image in images:
        homes[image.name].add(image.dataset)
    return [
        dataclasses.replace(image, name=f"{image.dataset}:{image.name}")
        if len(homes[image.name]) > 1
        else image
        for image in images
    ]
