"""The first Wasserstein GAN, which clips its critic's weights.

Arjovsky et al. 2017, Algorithm 1 (https://arxiv.org/abs/1701.07875).
"""

import keras

from covid_gan.gans.dcgan import Dcgan


class Wgan(Dcgan):
    """The game with the Wasserstein loss and clipped weights; `penalty_weight` is the limit, c in the paper."""

    def __init__(self, *args, loss="wasserstein", penalty="clip", **kwargs):
        super().__init__(*args, loss=loss, penalty=penalty, **kwargs)

    @staticmethod
    def optimizer(learning_rate, beta_1=None, beta_2=None):
        """RMSprop: the paper found training unstable with momentum."""
        return keras.optimizers.RMSprop(learning_rate)
