"""Whose each image of a data set is, read without decoding any image."""

from collections.abc import Sequence

import tensorflow_datasets as tfds

from covid_gan.config import Config
from covid_gan.data import catalogue


def patients_of(config: Config, ids: Sequence[str]) -> tuple[str, ...] | None:
    """The patients of images, or the blocks of files that stand for them.

    Args:
        config: resolved; its data sets are read in all splits.
        ids: of the images.

    Returns:
        For each id a name that is shared by the images of one patient, and by no others; an image whose
        patient is not known has one of its own. None where the patient of no image is known.
    """
    _, builders = catalogue.open_builders(config.data)
    patients = {}
    for builder in builders:
        if {"image_id", "patient_id"} <= set(builder.info.features):
            unread = {"image": tfds.decode.SkipDecoding()}
            everything = builder.as_dataset(split=tfds.Split.ALL, decoders=unread, shuffle_files=False)
            for example in everything.as_numpy_iterator():
                if example["patient_id"]:
                    patient = f"{builder.info.full_name} {example['patient_id'].decode()}"
                    patients[example["image_id"].decode()] = patient
    if not patients.keys() & set(ids):
        return None
    return tuple(patients.get(name, f"image {name}") for name in ids)
