"""The same records, made by Apache Beam: for thousands of series on a cluster."""

import functools
from collections.abc import Callable, Sequence

from tfds_covidct.ct_folder.plan import Task
from tfds_covidct.errors import DataError
from tfds_covidct.reading import drawing

SKIPPED = "files_skipped"


def check_installed() -> None:
    """Refuses early to use what is not there.

    Raises:
      DataError: Apache Beam is not installed.
    """
    try:
        import apache_beam  # noqa: F401
    except ImportError as error:
        raise DataError('A Beam runner needs Apache Beam: pip install "covid_gan[beam]"') from error


def examples(tasks: Sequence[Task], order: Callable, example: Callable, skip_bad: bool):
    """Reads each task wherever the runner likes; the files must be there under the same paths.

    Unlike in this machine's own workers, a decoder that crashes takes the runner's worker with it.

    Args:
      tasks: of one split.
      order: makes a `drawing.Order` of a task.
      example: makes a key and its features of a task and a `drawing.Drawn`.
      skip_bad: whether an unreadable file is skipped and counted.

    Returns:
      A `beam.PTransform` to keys and features.
    """
    import apache_beam as beam

    read = functools.partial(_read, order=order, example=example, skip_bad=skip_bad)
    return beam.Create(tasks) | beam.Reshuffle() | beam.FlatMap(read)


def count_skipped(result) -> int:
    """How many files a finished pipeline has skipped."""
    counters = result.metrics().query()["counters"]
    return sum(counter.committed for counter in counters if counter.key.metric.name == SKIPPED)


def _read(task, order, example, skip_bad):
    from apache_beam.metrics import Metrics

    try:
        for drawn in drawing.draw(order(task)):
            yield example(task, drawn)
    except DataError:
        if not skip_bad:
            raise
        Metrics.counter("ct_folder", SKIPPED).inc()
