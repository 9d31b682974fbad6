"""The TFDS builder of the procedural phantoms."""

import numpy as np
import tensorflow_datasets as tfds

from tfds_covidct.labels import LABELS
from tfds_covidct.lung_phantom import population


class Builder(tfds.core.GeneratorBasedBuilder):
    """Procedural chest CT slices, half of them with lesions, as many as COVID-CT has images."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "349 covid and 397 non_covid slices, one for each phantom patient."}
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name="slices", description="One axial slice for each phantom."),
    ]

    # {split: {label: number of phantoms}}; a test lowers it.
    COUNTS = population.COUNTS

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict({
                "image": _grey_image(),
                "label": tfds.features.ClassLabel(names=LABELS),
                "image_id": tfds.features.Text(),
                "patient_id": tfds.features.Text(),
                "source": tfds.features.Text(),
                "severity": np.float32,
                "lesion_mask": _grey_image(),
                "lung_mask": _grey_image(),
            }),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        del dl_manager  # Nothing is downloaded.
        splits = population.members(self.COUNTS)
        return {split: self._generate_examples(members) for split, members in splits.items()}

    def _generate_examples(self, members: list[tuple[int, str]]):
        for index, label in members:
            phantom = population.make_member(index, label)
            name = f"phantom-{index:05d}"
            yield name, {
                "image": phantom.image[..., None],
                "label": label,
                "image_id": name,
                "patient_id": name,
                "source": f"lung_phantom {self.version}",
                "severity": np.float32(phantom.severity),
                "lesion_mask": phantom.lesion_mask[..., None],
                "lung_mask": phantom.lung_mask[..., None],
            }


def _grey_image() -> tfds.features.Image:
    return tfds.features.Image(shape=(None, None, 1), dtype=np.uint8, encoding_format="png")
