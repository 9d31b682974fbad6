"""The TFDS builder of a folder of scans."""

import collections
import itertools
import logging

import numpy as np
import tensorflow_datasets as tfds

from tfds_covidct.ct_folder import plan
from tfds_covidct.ct_folder.config import CtFolderConfig
from tfds_covidct.ct_folder.identity import Identity
from tfds_covidct.ct_folder.problems import Problems
from tfds_covidct.errors import DataError
from tfds_covidct.from_folder import FolderBuilder
from tfds_covidct.reading import drawing, sources
from tfds_covidct.reading.scan import Header
from tfds_covidct.reading.workers import Failure, Workers
from tfds_covidct.windows import parse_window

log = logging.getLogger(__name__)


class Builder(FolderBuilder):
    """Your own scans: images, DICOM and NIfTI in a folder, whose first level names the classes."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "PNG, JPEG, TIFF, BMP, DICOM and NIfTI."}
    builder_config_cls = CtFolderConfig
    BUILDER_CONFIGS = [CtFolderConfig(description="The folder that DownloadConfig(manual_dir=...) names.")]

    def _info(self) -> tfds.core.DatasetInfo:
        folder = self.builder_config.manual_dir
        names = plan.labels(sources.list_sources(folder)) if folder else None
        image = tfds.features.Image(shape=(None, None, 1), dtype=np.uint8, encoding_format="png")
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": image,
                    "label": tfds.features.ClassLabel(names=names),
                    "image_id": tfds.features.Text(),
                    "patient_id": tfds.features.Text(),
                    "spacing": tfds.features.Tensor(shape=(2,), dtype=np.float32),
                }
            ),
            supervised_keys=("image", "label"),
            metadata=tfds.core.MetadataDict(),
        )

    def download_and_prepare(self, **kwargs):
        """Prepares the data set as TFDS does, and leaves nothing behind if that fails.

        Raises:
          DataError: there is no folder, or its files are not what a data set is made of.
        """
        self._plan = None
        with Workers() as self._workers:
            super().download_and_prepare(**kwargs)
        if self._plan:
            self._identity.record(self.builder_config.name, self._way_back())
            self._problems.report(self._identity.path)

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        del dl_manager  # Nothing is downloaded.
        config = self.builder_config
        self._identity = Identity(config.manual_dir)
        self._problems = Problems(skip=config.skip_bad)
        inventory = sources.list_sources(config.manual_dir)
        scans = self._read_headers(inventory)
        self._plan = plan.make_plan(inventory, scans, self._identity, config, self._problems)
        self._problems.check()
        self._drawn = collections.Counter()  # by (split, label)
        self.info.metadata.update(self._plan.facts)
        return {split: self._generate_examples(split) for split in self._plan.tasks}

    def _read_headers(self, inventory: sources.Inventory) -> list[tuple[sources.Source, Header]]:
        log.info("Reading the headers of %d files …", len(inventory.sources))
        headers = dict(self._without_failures(drawing.read_header, inventory.sources))
        self._problems.check()
        return [(source, headers[source]) for source in inventory.sources if source in headers]

    def _generate_examples(self, split: str):
        config, tasks = self.builder_config, self._plan.tasks[split]
        window, task_of = parse_window(config.window), {task.source: task for task in tasks}
        orders = (drawing.Order(t.source, t.frames, window, config.min_lung_fraction) for t in tasks)
        for order, drawn in self._without_failures(drawing.draw, orders):
            task = task_of[order.source]
            self._drawn[split, task.label] += 1
            yield self._example(task, drawn)
        self._problems.check()
        self.info.metadata["files_skipped"] = len(self._problems.found)
        for label in {task.label for task in tasks}:
            if not self._drawn[split, label]:
                raise DataError(
                    f"{label!r}: no image of this class is left in {split}; lower --min_lung_fraction, or mend "
                    f"the {len(self._problems.found)} files that were skipped"
                )

    def _without_failures(self, function, tasks):
        """Passes on what the workers return, and notes the files that they cannot read."""
        for task, outcome in self._workers.run(function, tasks):
            if isinstance(outcome, Failure):
                self._problems.add(getattr(task, "source", task).relative, outcome.message)
            else:
                yield task, outcome

    def _example(self, task: plan.Task, drawn: drawing.Drawn):
        image_id = self._identity.image_id(task.source.relative, drawn.frame)
        return image_id, {
            "image": drawn.png,
            "label": task.label,
            "image_id": image_id,
            "patient_id": task.patient_id,
            "spacing": np.float32(drawn.spacing),
        }

    def _way_back(self):
        """What the private file notes: which file and frame each image is, and what was skipped."""
        for task in itertools.chain.from_iterable(self._plan.tasks.values()):
            for frame in task.frames:
                image_id = self._identity.image_id(task.source.relative, frame)
                yield {"image_id": image_id, "file": task.source.relative, "frame": frame}
        for relative, message in self._problems.found:
            yield {"skipped": relative, "why": message}
