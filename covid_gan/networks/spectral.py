"""Spectral normalisation of a layer's weights, as its paper has it."""

import keras
from keras import layers


@keras.saving.register_keras_serializable("covid_gan.spectral")
class SpectralNormalization(layers.SpectralNormalization):
    """A layer whose kernel is divided by an estimate of its largest singular value σ.

    Keras's own writes the divided kernel back into the trainable weights at each call, so that
    the generator's update moves the discriminator too, and no gradient passes through σ. Here
    the weights are the optimizer's alone; only the estimate's vector is renewed when training.

    Reference:
        Miyato et al. 2018, Algorithm 1 and section 2.2, https://arxiv.org/abs/1802.05957
    """

    def __init__(self, layer, **kwargs):
        # The estimate takes all bits of the weights; the layer inside computes as it is told.
        super().__init__(layer, **{"autocast": False, **kwargs})

    def call(self, inputs, training=False):
        vector_u, kernel = self.normalized_weights()
        if training:
            self.vector_u.assign(vector_u)
        with keras.StatelessScope([(self.kernel, kernel)]):
            return self.layer(inputs)
