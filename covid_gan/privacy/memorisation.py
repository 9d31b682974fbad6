"""What an examination for memorised patients found."""

import dataclasses

import numpy as np

from covid_gan.privacy.copies import Copies
from covid_gan.privacy.exact import Exact
from covid_gan.privacy.nearest import Move
from covid_gan.privacy.share import Share

# Of the distances, in what is written.
PERCENTILES = (0, 1, 5, 25, 50, 75, 95, 99, 100)


@dataclasses.dataclass(frozen=True)
class Neighbour:
    """A scan near a generated image.

    Attributes:
        scan: its place in the training or the held-out scans.
        distance: grey levels, as in `nearest.pixel_distances`.
        move: what brings the scan onto the image.
    """

    scan: int
    distance: float
    move: Move


@dataclasses.dataclass(frozen=True)
class Pair:
    """A generated image, its nearest training scan and its nearest held-out scan, by pixels.

    Attributes:
        generated: the image's place in the generated images.
        training: the nearest training scan.
        held_out: the nearest held-out scan; None without any.
        relative: the distance to the nearest training scan over the mean distance to the nearest
            patients; at most `Copies.threshold` for a copy.
        copy: whether the image counts as a copy of a training scan, exact or not; None where it is no
            exact one and more was not examined.
    """

    generated: int
    training: Neighbour
    held_out: Neighbour | None
    relative: float
    copy: bool | None


@dataclasses.dataclass(frozen=True)
class Space:
    """What was found in pixels or in features.

    Attributes:
        share: images nearer to training patients; None where either side has too few patients.
        copies: None where there are too few patients, or no real scan is known to be of another
            patient than the training scans.
        to_training: float [g], the distance of each generated image to its nearest training scan.
        to_held_out: float [g], to its nearest held-out scan; None without any.
        unseen_to_training: float [h], of each held-out scan to its nearest training scan: how near
            patients come whom the generator has never seen; None without any.
        relative: float [g], `to_training` over the mean distance to the nearest patients.
        copied: bool [g], whether each generated image is a copy; None as `copies`.
    """

    share: Share | None
    copies: Copies | None
    to_training: np.ndarray = dataclasses.field(repr=False, compare=False)
    to_held_out: np.ndarray | None = dataclasses.field(repr=False, compare=False)
    unseen_to_training: np.ndarray | None = dataclasses.field(repr=False, compare=False)
    relative: np.ndarray = dataclasses.field(repr=False, compare=False)
    copied: np.ndarray | None = dataclasses.field(repr=False, compare=False)


@dataclasses.dataclass(frozen=True)
class Memorisation:
    """Whether generated images repeat training patients.

    Attributes:
        verdict: `verdict.MEMORISED`, `NO_SIGN` or `CANNOT_TELL`.
        reason: why, in one or two short sentences.
        details: all that was found, with the numbers and what they are compared with.
        exact: the images that are a training scan nearly pixel by pixel.
        pixels, features: what was found; `features` is None where none were given.
        pairs: up to 16 pairs, from the smallest `relative` on: those that look most like copies.
        generated, training, held_out: numbers of images.
        training_patients, held_out_patients: numbers of patients, or of scans where they are not known.
        patients_known: whether scans are known to be of one patient.
        side: pixels of the longer side at which images were compared.
        shift: the most pixels by which scans were moved, at that size.
        seed: of what was drawn.
    """

    verdict: str
    reason: str
    details: str
    exact: Exact
    pixels: Space
    features: Space | None
    pairs: tuple[Pair, ...]
    generated: int
    training: int
    held_out: int
    training_patients: int
    held_out_patients: int
    patients_known: bool
    side: int
    shift: int
    seed: int

    def to_json(self) -> dict:
        """What `json.dumps` takes; of the distances percentiles alone."""
        values = dataclasses.asdict(self)
        for space in filter(None, (values["pixels"], values["features"])):
            for name in ("to_training", "to_held_out", "unseen_to_training", "relative"):
                space[name] = _percentiles(space[name])
            del space["copied"]  # counted in copies
        return values | {"pairs": list(values["pairs"])}


def _percentiles(distances):
    """Some percentiles of distances by name, or None."""
    if distances is None:
        return None
    return {str(p): float(v) for p, v in zip(PERCENTILES, np.percentile(distances, PERCENTILES), strict=True)}
