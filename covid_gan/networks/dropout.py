"""Dropout whose random numbers come from whoever trains the network."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("covid_gan")
class Dropout(layers.Layer):
    """Sets a part of the features to zero while training, and scales the others up.

    Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html

    Args:
        rate: the part, in [0, 1).

    Attributes:
        draw: shape → float32 numbers, uniform in [0, 1), new ones at each call. Whoever trains sets it, so
            that masks can be drawn again, and replicas can share a draw; by default Keras draws.
    """

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.draw = keras.random.uniform

    def call(self, inputs, training=None):
        if not training or not self.rate:
            return inputs
        kept = self.draw(ops.shape(inputs)) >= self.rate
        return ops.where(kept, inputs / (1.0 - self.rate), 0.0)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}
