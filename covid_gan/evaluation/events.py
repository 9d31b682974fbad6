"""The numbers of a report in TensorBoard, beside the curves of the run's training."""

import tensorflow as tf

from covid_gan.runs import Run

# A group of its own below metrics/: what training itself measures has other references and fewer images.
GROUP = "metrics/report/"


def write(run: Run, step: int, values: dict[str, float]) -> None:
    """Adds scalars to a run's events at the step of the checkpoint that was judged.

    Raises:
        OSError, tf.errors.OpError: the run folder cannot be written.
    """
    writer = tf.summary.create_file_writer(str(run.path), filename_suffix=".report")
    with writer.as_default(step=step):
        for key, value in values.items():
            tf.summary.scalar(GROUP + key, value)
    writer.close()
