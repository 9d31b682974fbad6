"""A subclassed Keras model that knows how to build itself."""

import keras


class Network(keras.Model):
    """A model of one input whose layers are built by following `call` once, without data."""

    def build(self, input_shape):
        """Makes all weights; `input_shape` is that of a batch, such as (None, 100)."""
        self.call(keras.KerasTensor(input_shape))
        self.built = True
