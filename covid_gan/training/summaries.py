"""What TensorBoard shows of a run: curves, grids, histograms, hyperparameters, the config."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import api as hparams

from covid_gan import images, storage
from covid_gan.config import Config

log = logging.getLogger(__name__)

# Tags, as TensorBoard groups them.
TRAINING = "train/"
IMAGES_PER_SECOND = "speed/images_per_second"
SAMPLES_EMA, SAMPLES_RAW, REAL = "samples/ema", "samples/raw", "real"
METRICS, GUARDS, NOTES = "metrics/", "guards/", "guards/notes"
PIXELS_EMA, PIXELS_REAL = "pixels/ema", "pixels/real"

EVENT_FILES = "events.out.tfevents.*"


class Summaries:
    """Writes a run's event file.

    Args:
        folder: of the run.
        start_step: 0, or the step that the run goes on from: what an earlier session wrote of
            later steps is removed first, so that no curve runs backwards.
    """

    def __init__(self, folder: Path, start_step: int = 0):
        self._folder, self._writer = folder, None
        self.cut(start_step)

    def cut(self, last_step: int) -> None:
        """Removes what was written of steps after `last_step`."""
        if self._writer is not None:
            self._writer.close()
        for path in sorted(self._folder.glob(EVENT_FILES)):
            _cut(path, last_step)
        self._writer = tf.summary.create_file_writer(str(self._folder))

    def describe(self, config: Config, real: np.ndarray) -> None:
        """Writes what belongs to the run as a whole: hyperparameters, config, real images.

        Args:
            config: of the run.
            real: uint8 [n, H, W, 1].
        """
        values = {k: _plain(v) for k, v in config.settings().items() if v is not None}
        table = "\n".join(
            ["| setting | value |", "|---|---|", *(f"| {k} | {v} |" for k, v in values.items())]
        )
        with self._writer.as_default(step=0):
            hparams.hparams(values)
            tf.summary.text("config", table)
            tf.summary.image(REAL, images.grid(real)[None])
            tf.summary.histogram(PIXELS_REAL, real.astype(np.float32), buckets=64)

    def scalars(self, step: int, values: dict[str, float], images_per_second: float | None) -> None:
        self._scalars(step, TRAINING, values)
        if images_per_second is not None:
            self._scalars(step, "", {IMAGES_PER_SECOND: images_per_second})

    def samples(self, step: int, ema: np.ndarray, raw: np.ndarray) -> None:
        """Writes two grids of the same latents, uint8 [n, H, W, 1] each."""
        with self._writer.as_default(step=step):
            tf.summary.image(SAMPLES_EMA, images.grid(ema)[None])
            tf.summary.image(SAMPLES_RAW, images.grid(raw)[None])
            tf.summary.histogram(PIXELS_EMA, ema.astype(np.float32), buckets=64)

    def scores(self, step: int, values: dict[str, float]) -> None:
        """Writes what an evaluation gave."""
        self._scalars(step, METRICS, values)

    def signs(self, step: int, values: dict[str, float]) -> None:
        """Writes what the guards look at."""
        self._scalars(step, GUARDS, values)

    def note(self, step: int, text: str) -> None:
        """Writes what the guards have to say."""
        with self._writer.as_default(step=step):
            tf.summary.text(NOTES, text)

    def _scalars(self, step, group, values):
        with self._writer.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(group + name, value)

    def flush(self) -> None:
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


def _plain(value):
    return ",".join(value) if isinstance(value, tuple) else value


def events(path: Path) -> Iterator[event_pb2.Event]:
    """The events of a file; a record torn by a killed process ends it.

    Raises:
        DataLossError: a record in the file is damaged.
    """
    try:
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            yield event_pb2.Event.FromString(record)
    except tf.errors.DataLossError as error:
        if "truncated" not in str(error):
            raise


def _cut(path: Path, last_step: int) -> None:
    """Rewrites an event file without what came after `last_step`; with 0 it goes altogether."""
    if last_step == 0:
        path.unlink()
        return
    draft = path.with_name(f".{path.name}")
    with tf.io.TFRecordWriter(str(draft)) as writer:
        try:
            for event in events(path):
                if event.step <= last_step:
                    writer.write(event.SerializeToString())
        except tf.errors.DataLossError:
            log.warning("%s is damaged; what is readable goes on, the whole is kept as damaged-…", path)
            tf.io.gfile.copy(str(path), str(path.with_name(f"damaged-{path.name}")), overwrite=True)
    storage.move(draft, path)
