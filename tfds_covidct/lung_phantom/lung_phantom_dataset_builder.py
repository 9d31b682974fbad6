"""The TFDS builder of the procedural phantoms."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from tfds_covidct.labels import LABELS
from tfds_covidct.lung_phantom import kinds, population
from tfds_covidct.reading.workers import Failure, Workers

_MEMORY = 2 * 2**30
_SECONDS = 600


class Builder(tfds.core.GeneratorBasedBuilder):
    """Procedural chest CT, half of it with lesions: slices, pairs of CT and MR, or volumes."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {
        "1.0.0": "349 covid and 397 non_covid slices, one for each phantom patient; 64 volumes.",
    }
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=name, description=kind.description)
        for name, kind in kinds.KINDS.items()
    ]

    # {config: {split: {label: number of phantoms}}}; a test lowers it.
    COUNTS = {name: kind.counts for name, kind in kinds.KINDS.items()}

    def _info(self) -> tfds.core.DatasetInfo:
        shape = kinds.KINDS[self.builder_config.name].shape
        features = _volume_features(shape) if shape else _slice_features()
        if self.builder_config.name == "paired":
            features |= _pair_features()
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict({
                **features,
                "label": tfds.features.ClassLabel(names=LABELS),
                "image_id": tfds.features.Text(),
                "patient_id": tfds.features.Text(),
                "source": tfds.features.Text(),
                "severity": np.float32,
            }),
            supervised_keys=("volume" if shape else "image", "label"),
        )

    def download_and_prepare(self, **kwargs):
        """Prepares the data set as TFDS does, drawing on all cores; nothing is downloaded."""
        with Workers(memory=_MEMORY, seconds=_SECONDS) as self._workers:
            super().download_and_prepare(**kwargs)

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        del dl_manager  # Nothing is downloaded.
        splits = population.members(self.COUNTS[self.builder_config.name])
        return {split: self._generate_examples(members) for split, members in splits.items()}

    def _generate_examples(self, members: list[tuple[int, str]]):
        config = self.builder_config.name
        for index, label, drawn in self._draw((config, *member) for member in members):
            name = f"{kinds.KINDS[config].prefix}-{index:05d}"
            yield name, {
                **drawn,
                "label": label,
                "image_id": name,
                "patient_id": name,
                "source": f"lung_phantom {self.version}",
            }

    def _draw(self, tasks: Iterable[tuple[str, int, str]]) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """Yields index, label and what was drawn, in any order."""
        for (_, index, label), drawn in self._workers.run(kinds.draw_record, tasks):
            if isinstance(drawn, Failure):
                raise RuntimeError(f"lung_phantom: drawing phantom {index} {drawn.message}")
            yield index, label, drawn


def _slice_features() -> dict[str, Any]:
    return {"image": _grey_image(), "lesion_mask": _grey_image(), "lung_mask": _grey_image()}


def _pair_features() -> dict[str, Any]:
    return {
        "hu": _packed((None, None, 1), np.int16),
        "mr": _grey_image(),
        "body_mask": _grey_image(),
        "bone_mask": _grey_image(),
        "spacing": tfds.features.Tensor(shape=(2,), dtype=np.float32),
    }


def _volume_features(shape: tuple[int, int, int]) -> dict[str, Any]:
    return {
        "volume": _packed((*shape, 1), np.int16),
        "lesion_mask": _packed((*shape, 1), np.uint8),
        "lung_mask": _packed((*shape, 1), np.uint8),
        "spacing": tfds.features.Tensor(shape=(3,), dtype=np.float32),
    }


def _grey_image() -> tfds.features.Image:
    return tfds.features.Image(shape=(None, None, 1), dtype=np.uint8, encoding_format="png")


def _packed(shape: tuple[int | None, ...], dtype: Any) -> tfds.features.Tensor:
    return tfds.features.Tensor(shape=shape, dtype=dtype, encoding=tfds.features.Encoding.ZLIB)
