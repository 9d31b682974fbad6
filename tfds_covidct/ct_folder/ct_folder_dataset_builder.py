"""The TFDS builder of a folder of scans."""

import collections
import functools
import itertools
import logging

import numpy as np
import tensorflow_datasets as tfds

from tfds_covidct.ct_folder import pipeline, plan
from tfds_covidct.ct_folder.config import SETTINGS, CtFolderConfig
from tfds_covidct.ct_folder.identity import Identity
from tfds_covidct.ct_folder.problems import EmptySplitError, Problems
from tfds_covidct.errors import DataError
from tfds_covidct.from_folder import FolderBuilder
from tfds_covidct.reading import drawing, sources
from tfds_covidct.reading.scan import Header
from tfds_covidct.reading.workers import Failure, Workers, named
from tfds_covidct.windows import Window, parse_window

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

    def _prepare(self, download_config, **kwargs) -> None:
        """With a Beam runner or Beam options, Apache Beam reads the slices in place of the workers.

        Where all of a split turns out to be unreadable or without lung, the rest is split anew.
        """
        self._problems, self._barren = Problems(self.builder_config.skip_bad), set()
        self._by_beam = bool(
            download_config and (download_config.beam_runner or download_config.beam_options)
        )
        if self._by_beam:
            pipeline.check_installed()
        with Workers() as self._workers:
            while True:
                known = set(self._barren)
                try:
                    super()._prepare(download_config=download_config, **kwargs)
                    break
                except EmptySplitError:
                    if self._barren == known:
                        raise
                    self.info.metadata.clear()
        if self._problems.found:
            self._identity.record(self.builder_config.name, self._way_back())
            self._problems.report(self._identity.path)

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        del dl_manager  # Nothing is downloaded.
        config = self.builder_config
        self._identity = Identity(config.manual_dir)
        self._running = None
        inventory = sources.list_sources(config.manual_dir)
        self._check_unchanged()
        scans = [(source, h) for source, h in self._read_headers(inventory) if source not in self._barren]
        self._plan = plan.make_plan(inventory, scans, self._identity, config, self._problems)
        self._counts = collections.Counter()  # by label
        self._identity.record(config.name, self._way_back())
        self.info.metadata.update(self._plan.facts, files_skipped=len(self._problems.found))
        self.info.metadata[SETTINGS] = {name: getattr(config, name) for name in config.settings()}
        return {split: self._generate_examples(split) for split in self._plan.tasks}

    def _read_headers(self, inventory: sources.Inventory) -> list[tuple[sources.Source, Header]]:
        count = len(inventory.sources)
        log.info("Reading the headers of %d files …", count)
        headers = dict(self._without_failures(drawing.read_header, inventory.sources, "headers", count))
        self._problems.check()
        return [(source, headers[source]) for source in inventory.sources if source in headers]

    def _generate_examples(self, split: str):
        config = self.builder_config
        order = functools.partial(
            _order, window=parse_window(config.window), min_lung_fraction=config.min_lung_fraction
        )
        if self._by_beam:
            return pipeline.examples(self._plan.tasks[split], order, _example, config.skip_bad)
        return self._by_workers(split, order)

    def _by_workers(self, split: str, order):
        tasks = self._plan.tasks[split]
        task_of, fruitful = {task.source: task for task in tasks}, set()
        count = sum(len(task.frames) for task in tasks)
        for done, drawn in self._without_failures(drawing.draw, map(order, tasks), f"{split} slices", count):
            task = task_of[done.source]
            fruitful.add(task.source)
            self._counts[task.label] += 1
            yield _example(task, drawn)
        self._problems.check()
        self._barren |= set(task_of) - fruitful
        if not fruitful:
            raise EmptySplitError(f"{self.builder_config.manual_dir}: no image is left for {split}")
        self._check_all_read(last=split == list(self._plan.tasks)[-1])

    def _check_all_read(self, last: bool) -> None:
        """After each split: the folder is as it was; after the last one: no class is empty."""
        self._check_unchanged()
        manual_dir = self.builder_config.manual_dir
        self.info.metadata["files_skipped"] = len(self._problems.found)
        empty = [label for label in self.info.features["label"].names if not self._counts[label]]
        if last and empty:
            raise DataError(
                f"{manual_dir}: no image of the class {empty[0]!r} is left; lower --min_lung_fraction"
                + (f", or mend the files that were skipped: {self._problems}" if self._problems.found else "")
            )

    def _check_unchanged(self) -> None:
        if self.builder_config.stamp() != self.builder_config.stamps:
            manual_dir = self.builder_config.manual_dir
            raise DataError(f"{manual_dir}: has changed since its digest was made; wait until it is whole")

    def _process_pipeline_result(self, pipeline_result):
        self.info.metadata["files_skipped"] += pipeline.count_skipped(pipeline_result)

    def _without_failures(self, function, tasks, what: str, count: int):
        """Passes on what the workers return, with a bar, and notes the files that they cannot read."""
        if self._running:
            self._running.close()  # TFDS may have asked for fewer examples than there are.
        self._running = self._workers.run(function, tasks)
        bar = tfds.core.utils.tqdm_utils.tqdm
        for task, outcome in bar(self._running, desc=f"Reading {what}...", total=count, leave=False):
            if isinstance(outcome, Failure):
                source = getattr(task, "source", task)
                self._problems.add(source.relative, named(source, outcome))
            else:
                yield task, outcome

    def _way_back(self):
        """What the private file notes: which file and frame each image is, and what was skipped."""
        for task in itertools.chain.from_iterable(self._plan.tasks.values()):
            for frame, image_id in zip(task.frames, task.image_ids):
                yield {"image_id": image_id, "file": task.source.relative, "frame": frame}
        for relative, sentence in self._problems.found.items():
            yield {"skipped": relative, "why": sentence}


def _order(task: plan.Task, window: Window, min_lung_fraction: float) -> drawing.Order:
    return drawing.Order(task.source, task.frames, window, min_lung_fraction)


def _example(task: plan.Task, drawn: drawing.Drawn):
    image_id = task.image_ids[task.frames.index(drawn.frame)]
    return image_id, {
        "image": drawn.png,
        "label": task.label,
        "image_id": image_id,
        "patient_id": task.patient_id,
        "spacing": np.float32(drawn.spacing),
    }
