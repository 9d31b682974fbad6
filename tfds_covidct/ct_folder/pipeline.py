"""The same records, made by Apache Beam: for thousands of series on a cluster."""

from collections.abc import Callable, Sequence

from tfds_covidct.ct_folder.plan import Task
from tfds_covidct.errors import DataError
from tfds_covidct.reading import drawing
from tfds_covidct.reading.workers import Failure, Workers, named

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

    Args:
      tasks: of one split.
      order: makes a `drawing.Order` of a task.
      example: makes a key and its features of a task and a `drawing.Drawn`.
      skip_bad: whether an unreadable file is skipped and counted.

    Returns:
      A `beam.PTransform` to keys and features.
    """
    import apache_beam as beam

    class Read(beam.DoFn):
        """Reads one task in a process of its own, as a damaged file may crash its decoder."""

        def setup(self):
            self.workers = Workers(processes=1)

        def process(self, task):
            for _, outcome in self.workers.run(drawing.draw, [order(task)]):
                if not isinstance(outcome, Failure):
                    yield example(task, outcome)
                elif skip_bad:
                    beam.metrics.Metrics.counter("ct_folder", SKIPPED).inc()
                else:
                    raise DataError(named(task.source, outcome))

        def teardown(self):
            self.workers.__exit__()

    return beam.Create(tasks) | beam.Reshuffle() | beam.ParDo(Read())


def count_skipped(result) -> int:
    """How many files a finished pipeline has skipped."""
    counters = result.metrics().query()["counters"]
    return sum(counter.committed for counter in counters if counter.key.metric.name == SKIPPED)
