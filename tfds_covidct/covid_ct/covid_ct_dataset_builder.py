"""The TFDS builder of COVID-CT."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from etils import epath

from tfds_covidct import cleanup
from tfds_covidct.covid_ct import layout, source
from tfds_covidct.covid_ct.archive import Images, open_images
from tfds_covidct.covid_ct.official_split import read_split
from tfds_covidct.covid_ct.origins import Origins, read_origins
from tfds_covidct.covid_ct.pixels import decode_grey
from tfds_covidct.labels import LABELS


@dataclasses.dataclass(frozen=True)
class _ScanClass:
    """All there is to know about one class before its images are decoded."""

    label: str
    images: Images
    split: Mapping[str, list[str]]
    origins: Origins

    def examples(self, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yields the key and the features of every image in one split."""
        for image_id, content in self.images.read(self.split[split]):
            origin = self.origins.of(image_id)
            yield f"{self.label}/{image_id}", {
                "image": decode_grey(content, f"{self.images.path}, image {image_id}"),
                "label": self.label,
                "image_id": image_id,
                "patient_id": origin.patient_id,
                "source": origin.source,
            }


class Builder(tfds.core.GeneratorBasedBuilder):
    """COVID-CT in grey, with upstream's own split and its patients' ids."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Upstream's 349 + 397 images in its official split."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = source.MANUAL_DOWNLOAD_INSTRUCTIONS

    # No checksum of upstream's files could be verified; their content is checked instead.
    IMAGES_PER_CLASS = {"covid": 349, "non_covid": 397}

    def _info(self) -> tfds.core.DatasetInfo:
        image = tfds.features.Image(shape=(None, None, 1), dtype=np.uint8, encoding_format="png")
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict({
                "image": image,
                "label": tfds.features.ClassLabel(names=LABELS),
                "image_id": tfds.features.Text(),
                "patient_id": tfds.features.Text(),
                "source": tfds.features.Text(),
            }),
            supervised_keys=("image", "label"),
            homepage="https://github.com/UCSD-AI4H/COVID-CT",
        )

    def download_and_prepare(self, *, download_dir=None, **kwargs):
        """Prepares the data set as TFDS does, and leaves nothing behind if that fails.

        Raises:
          SourceUnavailableError: if the files are neither in `manual_dir` nor at upstream.
          DataError: if the files are not whole or not what the data set is made of.
        """
        with cleanup.leaving_nothing_on_error(self, download_dir):
            super().download_and_prepare(download_dir=download_dir, **kwargs)

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        files = source.find_files(dl_manager)
        classes = [self._open_class(label, files) for label in LABELS]
        return {split: self._generate_examples(classes, split) for split in layout.SPLIT_PREFIXES}

    def _open_class(self, label: str, files: Mapping[str, epath.Path]) -> _ScanClass:
        names = layout.LAYOUT[label]
        images = open_images(files[names.images])
        lists = {split: files[name] for split, name in names.lists.items()}
        split = read_split(lists, images, self.IMAGES_PER_CLASS[label])
        return _ScanClass(label, images, split, read_origins(label, files.get(names.metadata)))

    def _generate_examples(self, classes: list[_ScanClass], split: str):
        for scan_class in classes:
            yield from scan_class.examples(split)
