"""The two runs of a measurement of use, opened together: what they saw, and what they did not."""

import dataclasses
import logging

import numpy as np

from covid_gan import data, gallery, randomness
from covid_gan.data import labels
from covid_gan.data.held_out import HeldOut
from covid_gan.data.patients import patients_of
from covid_gan.data.scans import Scans
from covid_gan.errors import ArgumentError
from covid_gan.runs import NEWEST, Run
from covid_gan.sampling import Sampler
from covid_gan.utility.arms import Classes

log = logging.getLogger(__name__)

TEST, VALIDATION = "test", "validation"
# Scans of a class below which a split says nothing.
LEAST = 16
# Patients of a class in the test split below which an interval, which is over patients, says nothing.
LEAST_PATIENTS = 5
# Settings of the data in which two runs may differ.
_MAY_DIFFER = {"classes", "cache", "data_dir", "manual_dir"}


@dataclasses.dataclass(frozen=True)
class Side:
    """A run, the class it was trained on, and its scans.

    Attributes:
        run: as given.
        label: the class's name.
        sampler: of its generator.
        step: of the generator's checkpoint.
        scans: what it was trained on.
        held_out: of its class, by the split's name.
        patient_of: by the id of each of these scans, a name that the scans of one patient share.
    """

    run: Run
    label: str
    sampler: Sampler
    step: int
    scans: Scans
    held_out: dict[str, HeldOut]
    patient_of: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Sides:
    """Both runs, and the scans for training and testing classifiers.

    Attributes:
        positive, negative: the sides.
        train: the scans that the generators saw.
        held_out: by split: test, and validation where there is one. No id, picture or patient of them
            stands in `train`.
        groups: int [n], the patient of each test scan, in the order of `held_out["test"].joined()`.
        dropped: ids of the scans that were left out for that.
    """

    positive: Side
    negative: Side
    train: Classes
    held_out: dict[str, Classes]
    groups: np.ndarray
    dropped: tuple[str, ...]

    @property
    def patients(self) -> tuple[int, int]:
        """Patients of the positive and of the negative test scans."""
        truth = self.held_out[TEST].joined()[1]
        return tuple(len(np.unique(self.groups[truth == own])) for own in (True, False))

    @property
    def flip(self) -> bool:
        """Whether scans may be mirrored."""
        return self.positive.run.config.data.flip

    def generate(self, counts: tuple[int, int], seed: int) -> Classes:
        """Images of the positive and the negative generator, as many as `counts` says."""
        drawn = []
        for side, count in zip((self.positive, self.negative), counts):
            latents = randomness.sample_latents(int(count), side.sampler.latent_dim, seed)
            size = side.run.config.model.image_size
            chunks = list(side.sampler.chunks(latents))
            drawn.append(np.concatenate([np.zeros((0, size, size, 1), np.uint8), *chunks]))
        return Classes(*drawn)


def open_sides(positive: Run, negative: Run, checkpoint: str = NEWEST) -> Sides:
    """Opens two runs for a measurement of use; nothing is trained yet.

    Raises:
        ArgumentError: (`runs`) they do not fit together, a scan to test with was trained on, or too few
            scans or patients are left; (`run`, `checkpoint`) as `gallery.generator_of`.
        RunError: the data are not those a run was trained on, or no checkpoint can be read.
    """
    names = (positive.name, negative.name)
    _check_together(positive, negative, names)
    sides = [_open(run, checkpoint) for run in (positive, negative)]
    _check_same_source(sides, names)
    _check_unseen(sides, names)
    patients = sides[0].patient_of | sides[1].patient_of
    held_out, ids, dropped = _unseen(sides, patients, names)
    if dropped:
        log.warning("Utility: %d scans whose picture or patient was trained on are left out.", len(dropped))
    groups = np.unique([patients[i] for i in ids], return_inverse=True)[1]
    train = Classes(*(data.all_images(side.scans) for side in sides))
    opened = Sides(*sides, train, held_out, groups, tuple(dropped))
    if min(opened.patients) < LEAST_PATIENTS:
        message = f"leave fewer than {LEAST_PATIENTS} patients of a class in the split {TEST}, unseen."
        raise ArgumentError("runs", message, names)
    return opened


def _check_together(positive, negative, names):
    configs = positive.config, negative.config
    for run, config in zip((positive, negative), configs):
        if len(config.data.classes or ()) != 1:
            given = ", ".join(config.data.classes or ()) or "all"
            raise ArgumentError("runs", f"must be of one class each; {run.name} is of {given}.", names)
    if labels.same(*(config.data.classes[0] for config in configs)):
        raise ArgumentError("runs", f"are both of {configs[0].data.classes[0]}; give two classes.", names)
    settings = [
        dataclasses.asdict(config.data) | {"image_size": config.model.image_size} for config in configs
    ]
    differ = [name for name, value in settings[0].items() if settings[1][name] != value]
    differ = [name for name in differ if name not in _MAY_DIFFER]
    if differ:
        raise ArgumentError("runs", f"must be of the same data; {', '.join(differ)} differ.", names)


def _open(run, checkpoint):
    generator, step = gallery.generator_of(run, checkpoint=checkpoint)
    config, scans = data.load(run.config)
    run.check_same_data(scans.fingerprint)
    held_out = data.held_out_splits(config, scans)
    ids = [*scans.ids, *(i for part in held_out.values() for i in part.ids)]
    patient_of = dict(zip(ids, patients_of(config, ids) or ids))
    return Side(run, config.data.classes[0], Sampler(generator), step, scans, held_out, patient_of)


def _check_same_source(sides, names):
    first, second = (side.scans.fingerprint for side in sides)
    differ = [key for key in ("name", "version", "split") if first[key] != second[key]]
    if differ:
        raise ArgumentError("runs", f"must be of the same data; {', '.join(differ)} differ.", names)
    for fingerprint in (first, second):
        # Wider images are scaled by the range of their own class and split, which would tell the class.
        if fingerprint["grey_range"] != [0.0, 255.0]:
            raise ArgumentError("runs", "must be of 8-bit images.", names)


def _check_unseen(sides, names):
    seen = set().union(*(side.scans.ids for side in sides))
    if len(seen) < sum(side.scans.count for side in sides):
        raise ArgumentError("runs", "share scans: some ids stand in both classes.", names)
    for side in sides:
        if TEST not in side.held_out:
            message = f"leave no split {TEST} that {side.run.name} has not trained on."
            raise ArgumentError("runs", message, names)
        for split, held_out in side.held_out.items():
            shared = seen.intersection(held_out.ids)
            if split in (TEST, VALIDATION) and shared:
                message = f"have trained on {len(shared)} scans of the split {split}, such as {min(shared)}."
                raise ArgumentError("runs", message, names)


def _unseen(sides, patients, names):
    """The scans to test with, by split; the ids of the test scans; the ids of those that are left out."""
    seen = {patients[i] for side in sides for i in side.scans.ids}
    found, test_ids, dropped = {}, [], []
    for split in (TEST, VALIDATION):
        own = [_of_unseen_patients(side.held_out.get(split), patients, seen) for side in sides]
        if min(len(images) for images, *_ in own) >= LEAST:
            found[split] = Classes(*(images for images, *_ in own))
            test_ids += [i for _, ids, _ in own for i in ids if split == TEST]
            dropped += [i for *_, left_out in own for i in left_out]
        elif split == TEST:
            message = f"leave fewer than {LEAST} scans of a class in the split {TEST}, unseen."
            raise ArgumentError("runs", message, names)
        else:
            log.warning(
                "Utility: no split %s with %d unseen scans of each class; F1 is taken at the threshold 0, "
                "where either class is as likely.",
                split,
                LEAST,
            )
    return found, test_ids, dropped


def _of_unseen_patients(held_out, patients, seen):
    """The images of a split, their ids, and the ids of what is left out; all empty without a split."""
    if held_out is None:
        return (), (), ()
    unseen = np.array([patients[i] not in seen for i in held_out.ids])
    ids = np.array(held_out.ids)
    return (
        held_out.images[unseen],
        ids[unseen].tolist(),
        [*map(str, held_out.dropped), *ids[~unseen].tolist()],
    )
