"""The TFDS builder of the SARS-CoV-2 CT-scan data set."""

import dataclasses
import hashlib

import numpy as np
import tensorflow_datasets as tfds

from tfds_covidct.errors import DataError, SettingError
from tfds_covidct.from_folder import FolderBuilder, FolderConfig
from tfds_covidct.labels import LABELS
from tfds_covidct.reading import drawing, sources
from tfds_covidct.reading.workers import Failure, Workers, named
from tfds_covidct.sars_cov2_ct import numbered


@dataclasses.dataclass(eq=False, kw_only=True)
class SarsCov2CtConfig(FolderConfig):
    """Which copy, whole or a part."""

    def digest(self) -> str:
        root = numbered.find_root(self.manual_dir)
        if root is None:
            folders = " and ".join(f"{folder}/" for folder in numbered.FOLDERS.values())
            raise SettingError("manual_dir", f"holds no folders {folders} of the data set.", self.manual_dir)
        pictures = numbered.list_pictures(root)
        of_label = {
            label: sources.content_digest([p.source for p in pictures if p.label == label])
            for label in numbered.FOLDERS
        }
        return hashlib.sha256(repr(of_label).encode()).hexdigest()[:16]


class Builder(FolderBuilder):
    """The SARS-CoV-2 CT-scan data set in grey, split by blocks of numbers."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "1252 + 1230 pictures or a part of them, without exact duplicates."}
    builder_config_cls = SarsCov2CtConfig
    BUILDER_CONFIGS = [SarsCov2CtConfig(description="The folder that DownloadConfig(manual_dir=...) names.")]

    def _info(self) -> tfds.core.DatasetInfo:
        image = tfds.features.Image(shape=(None, None, 1), dtype=np.uint8, encoding_format="png")
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": image,
                    "label": tfds.features.ClassLabel(names=LABELS),
                    "image_id": tfds.features.Text(),
                    "patient_id": tfds.features.Text(),
                    "source": tfds.features.Text(),
                }
            ),
            supervised_keys=("image", "label"),
            homepage="https://www.kaggle.com/datasets/plameneduardo/sarscov2-ctscan-dataset",
            metadata=tfds.core.MetadataDict(),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        del dl_manager  # Nothing is downloaded.
        pictures = numbered.list_pictures(numbered.find_root(self.builder_config.manual_dir))
        with Workers() as workers:
            digests = dict(_checked(workers.run(drawing.pixel_digest, [p.source for p in pictures])))
        kept, dropped = numbered.without_duplicates(pictures, digests)
        numbered.report(pictures, dropped)
        self.info.metadata.update(files=len(pictures), **dropped)
        by_split, self._block_of = numbered.split(kept)
        self.info.metadata["patients_known_by"] = {"block": len(set(self._block_of.values()))}
        return {split: self._generate_examples(pictures) for split, pictures in by_split.items()}

    def _generate_examples(self, pictures: list[numbered.Picture]):
        by_source = {picture.source: picture for picture in pictures}
        with Workers() as workers:
            orders = (drawing.Order(source, (0,)) for source in by_source)
            for order, drawn in _checked(workers.run(drawing.draw, orders)):
                picture = by_source[order.source]
                yield (
                    picture.image_id,
                    {
                        "image": drawn.png,
                        "label": picture.label,
                        "image_id": picture.image_id,
                        "patient_id": self._block_of[picture],
                        "source": "sars_cov2_ct",
                    },
                )


def _checked(outcomes):
    """Passes results on; a picture that cannot be read is an error."""
    for task, outcome in outcomes:
        if isinstance(outcome, Failure):
            raise DataError(named(getattr(task, "source", task), outcome))
        yield task, outcome
