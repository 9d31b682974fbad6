"""Looks for training patients among generated images: all steps in their order."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from covid_gan.metrics.checks import check_images
from covid_gan.privacy import copies, exact, nearest
from covid_gan.privacy.memorisation import Memorisation, Neighbour, Pair, Space
from covid_gan.privacy.patients import Patients, of_scans
from covid_gan.privacy.share import nearer_share
from covid_gan.privacy.verdict import CONFIDENCE, LEAST_PATIENTS, judge

PAIRS = 16
# Real scans whose nearest other patients are looked up; of more, so many are drawn.
MOST_REAL = 1000


@dataclasses.dataclass(frozen=True)
class Features:
    """What a network says of the images: float [images, d] each.

    Attributes:
        fake: of the generated images.
        training, held_out: of the scans; `held_out` is None where there are none.
        training_mirrored, held_out_mirrored: of the scans mirrored left-right, both or neither.
    """

    fake: np.ndarray
    training: np.ndarray
    held_out: np.ndarray | None = None
    training_mirrored: np.ndarray | None = None
    held_out_mirrored: np.ndarray | None = None


def examine(
    fake: np.ndarray,
    training: np.ndarray,
    held_out: np.ndarray | None = None,
    features: Features | None = None,
    *,
    training_patients: Sequence | None = None,
    held_out_patients: Sequence | None = None,
    shift: int = nearest.SHIFT,
    seed: int = 0,
) -> Memorisation:
    """Looks for training patients among generated images.

    Scans may be mirrored, moved by a few pixels and brightened. The distances of all images to all
    scans are in memory, 4 bytes each.

    Args:
        fake: uint8 [g, H, W, 1], g ≥ 16, drawn independently; 1,000 serve well.
        training: uint8 [n, H, W, 1], n ≥ 16, all scans that the generator was trained on.
        held_out: uint8 [m, H, W, 1], scans of other patients, treated alike; None for none.
        features: of the same images; None to compare pixels alone.
        training_patients, held_out_patients: whose each scan is, both or neither. Without them each
            scan counts as a patient, and a share above chance is no proof: the sets may differ as a whole.
        shift: the most pixels by which a scan is moved, after larger images were shrunk to 64 pixels.
        seed: of what is drawn; the same seed gives the same result.

    Raises:
        ValueError: too few images, another type or shape, features that do not fit the images or are
            not finite, or a patient on both sides.
    """
    held_out = training[:0] if held_out is None else held_out
    _check_sets(fake, training, held_out)
    patients = of_scans(len(training), len(held_out), training_patients, held_out_patients)
    rows = _real_rows(patients, seed)
    images, scans = nearest.shrink(fake), nearest.shrink(np.concatenate([training, held_out]))
    distances = {"pixels": nearest.pixel_distances(np.concatenate([images, scans[rows]]), scans, shift)}
    if features is not None:
        distances["features"] = _feature_distances(features, rows, len(fake), len(training), len(held_out))
    spaces = {
        name: _space(found[: len(fake)], found[len(fake) :], patients, rows, seed)
        for name, found in distances.items()
    }
    in_pixels = distances["pixels"][: len(fake)]
    exactly, is_exact = exact.find(in_pixels, nearest.spread(scans, shift), len(training))
    verdict, reason, details = judge(exactly, spaces, len(fake), patients)
    return Memorisation(
        verdict=verdict,
        reason=reason,
        details=details,
        exact=exactly,
        pixels=spaces["pixels"],
        features=spaces.get("features"),
        pairs=_pairs(images, scans, in_pixels, patients, spaces["pixels"], is_exact, shift),
        generated=len(fake),
        training=len(training),
        held_out=len(held_out),
        training_patients=patients.training_count,
        held_out_patients=patients.held_out_count,
        patients_known=patients.known,
        side=max(scans.shape[1:]),
        shift=shift,
        seed=seed,
    )


def _check_sets(fake, training, held_out):
    check_images("training", training)
    check_images("fake", fake)
    check_images("held_out", held_out, least=0)
    for name, images in (("fake", fake), ("held_out", held_out)):
        if images.shape[1:] != training.shape[1:]:
            sizes = [" × ".join(map(str, of.shape[1:3])) for of in (training, images)]
            raise ValueError(
                f"`{name}` must have the size of `training`, {sizes[0]} pixels. Received: {sizes[1]}"
            )


def _real_rows(patients: Patients, seed: int) -> np.ndarray:
    """The real scans whose distance to other patients is known: all, or the held-out ones alone.

    Where patients are not known, two training scans may be of one patient.
    """
    rows = np.arange(len(patients.of_scan))
    if not patients.known:
        rows = rows[patients.held_out[patients.of_scan]]
    if len(rows) > MOST_REAL:
        rows = np.sort(np.random.default_rng(seed).permutation(rows)[:MOST_REAL])
    return rows


def _feature_distances(features, rows, generated, training, held_out):
    """Distances [generated + rows, scans] in features, checked."""
    counts = {"fake": generated, "training": training, "training_mirrored": training}
    counts |= {"held_out": held_out, "held_out_mirrored": held_out} if held_out else {}
    given = {name: getattr(features, name) for name in counts}
    if held_out and (features.training_mirrored is None) != (features.held_out_mirrored is None):
        raise ValueError(
            "`features` must hold the mirrored scans of both sets or of neither. Received: of one"
        )
    width = np.shape(features.fake)[-1:]
    for name, count in counts.items():
        values = given[name]
        if values is None and name.endswith("_mirrored"):
            continue
        if np.shape(values) != (count, *width):
            raise ValueError(
                f"`features.{name}` must have the shape [{count}, d], d as in `features.fake`. "
                f"Received: shape={np.shape(values)}"
            )
        if not np.isfinite(values).all():
            raise ValueError(f"`features.{name}` must be finite. Received: NaN or infinity")
    points = np.concatenate([given[name] for name in ("training", "held_out") if name in given])
    mirrored = [given.get(name) for name in ("training_mirrored", "held_out_mirrored")]
    mirrored = [part for part in mirrored if part is not None]
    queries = np.concatenate([features.fake, points[rows]])
    return nearest.feature_distances(queries, points, np.concatenate(mirrored) if mirrored else None)


def _space(fake, real, patients, rows, seed):
    """Compares the distances of generated images [g, n] and of real scans [r, n]."""
    is_held_out = patients.held_out[patients.of_scan]
    to_patients, real_to_patients = patients.nearest(fake), patients.nearest(real)
    if patients.known:
        real_to_patients[np.arange(len(rows)), patients.of_scan[rows]] = np.inf
    else:
        real_to_patients[:, patients.held_out] = np.inf
    share, found, copied = None, None, None
    enough = patients.training_count >= LEAST_PATIENTS
    if enough and patients.held_out_count >= LEAST_PATIENTS:
        baseline = (real_to_patients, patients.of_scan[rows]) if patients.known else ()
        share = nearer_share(to_patients, patients.held_out, *baseline, confidence=CONFIDENCE, seed=seed)
    if enough and len(rows):
        found, copied = copies.find(to_patients, real_to_patients, patients.held_out, CONFIDENCE)
    to_training, unseen = fake[:, ~is_held_out].min(axis=1), real[is_held_out[rows]]
    neighbours = found.neighbours if found else copies.neighbours_among(to_patients.shape[1])
    return Space(
        share=share,
        copies=found,
        to_training=to_training,
        to_held_out=fake[:, is_held_out].min(axis=1) if is_held_out.any() else None,
        unseen_to_training=unseen[:, ~is_held_out].min(axis=1) if len(unseen) else None,
        relative=copies.relative(to_training, copies.typical(to_patients, neighbours)),
        copied=copied,
    )


def _pairs(images, scans, distances, patients, pixels, is_exact, shift):
    """The pairs that look most like copies; `distances` [g, n] are those in pixels."""
    is_held_out = patients.held_out[patients.of_scan]
    training = len(scans) - int(is_held_out.sum())

    def neighbour(image, first, end):
        place = int(distances[image, first:end].argmin())
        return Neighbour(place, *nearest.align(images[image], scans[first + place], shift))

    return tuple(
        Pair(
            generated=int(image),
            training=neighbour(image, 0, training),
            held_out=neighbour(image, training, len(scans)) if training < len(scans) else None,
            relative=float(pixels.relative[image]),
            copy=_is_copy(image, pixels.copied, is_exact),
        )
        # Exact copies come first.
        for image in np.lexsort([pixels.relative, ~is_exact])[:PAIRS]
    )


def _is_copy(image, copied, is_exact):
    if is_exact[image]:
        return True
    return None if copied is None else bool(copied[image])
