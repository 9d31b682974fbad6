"""What two runs are compared by: all numbers of a checkpoint, and all points of the curves."""

import numpy as np
import tensorflow as tf

from covid_gan.runs import Run
from covid_gan.training import loop
from covid_gan.training.summaries import events


def state_of(run: Run) -> dict[str, np.ndarray]:
    """Every number that a run's newest checkpoint holds."""
    newest = max(run.checkpoints.iterdir(), key=lambda path: path.name.rpartition("-")[2])
    reader = tf.train.load_checkpoint(str(newest / "checkpoint"))
    names = [name for name in reader.get_variable_to_shape_map() if "VARIABLE_VALUE" in name]
    return {name: reader.get_tensor(name) for name in names}


def assert_same_state(a: Run, b: Run):
    one, other = state_of(a), state_of(b)
    assert one.keys() == other.keys() and len(one) > 40
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def curves(run: Run) -> dict[str, list]:
    """All points (step, value) of a run's event files by tag."""
    points = {}
    for path in sorted(run.path.glob("events.out.*"), key=_age):
        for event in events(path):
            for value in event.summary.value:
                points.setdefault(value.tag, []).append((event.step, value))
    return points


def _age(path):
    return tf.io.gfile.stat(str(path)).mtime_nsec, path.name


def continue_run(run: Run, **given) -> Run:
    return loop.train(run.continued(given), run=Run(run.path))
