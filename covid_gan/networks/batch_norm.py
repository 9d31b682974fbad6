"""Batch normalisation in one kernel each way, where Keras takes about ten."""

import keras
import tensorflow as tf
from keras import layers

_FUSED_TYPES = ("float16", "bfloat16", "float32")


@keras.saving.register_keras_serializable("covid_gan")
class BatchNormalization(layers.BatchNormalization):
    """Keras's layer, trained by TensorFlow's fused kernel; its variables and, but for rounding, its numbers.

    Half-precision features stay in half precision between the kernels, while statistics are float32.
    Where it is not trained, or is synchronised over replicas, Keras's own code runs.
    """

    def call(self, inputs, training=None, mask=None):
        if not training or mask is not None or not self._is_fused(inputs):
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma,
            offset=self.beta,
            mean=tf.zeros([0]),
            variance=tf.zeros([0]),
            epsilon=self.epsilon,
            is_training=True,
        )
        # The kernel divides by n - 1, Keras by n.
        n = tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance * (n - 1.0) / n)):
            moving.assign(moving * self.momentum + batch * (1.0 - self.momentum))
        return outputs

    def _is_fused(self, inputs):
        return (
            self.trainable
            and self.center
            and self.scale
            and self.axis in (-1, 3)
            and not self.synchronized
            and not getattr(self, "renorm", False)
            and not isinstance(inputs, keras.KerasTensor)
            and len(inputs.shape) == 4
            and keras.backend.standardize_dtype(inputs.dtype) in _FUSED_TYPES
        )
