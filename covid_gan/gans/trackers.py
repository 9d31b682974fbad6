"""Running means of a step's values."""

import tensorflow as tf


class RunningMean:
    """The mean of numbers that are the same on all replicas, since it was last reset.

    A `keras.metrics.Mean` of several replicas keeps a part on each, so that all workers must take part
    whenever it is read or saved. This one is whole on each.

    Args:
        name: of what is averaged.
    """

    def __init__(self, name: str):
        self.name = name
        self._total = tf.Variable(0.0, trainable=False, name=f"{name}_total")
        self._count = tf.Variable(0.0, trainable=False, name=f"{name}_count")
        self.variables = [self._total, self._count]

    def update_state(self, value) -> None:
        self._total.assign_add(tf.cast(value, tf.float32))
        self._count.assign_add(1.0)

    def result(self) -> tf.Tensor:
        """0 before the first value."""
        return tf.math.divide_no_nan(self._total, self._count)

    def reset_state(self) -> None:
        for variable in self.variables:
            variable.assign(0.0)
