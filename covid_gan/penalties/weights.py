"""The limit that the first Wasserstein GAN sets to its critic's weights."""

from keras import ops


def clip_weights(variables, limit):
    """Moves every number of `variables` beyond ±`limit` to the limit, in place.

    A critic of such weights is Lipschitz, with a constant that nobody knows. All trainable
    variables are meant, as in the paper: a normalisation's scale, 1 at first, shrinks with them.

    Args:
        variables: the critic's trainable variables.
        limit: above 0; 0.01 in the paper.

    Raises:
        ValueError: `limit` is not above 0.

    Reference:
        Arjovsky et al. 2017, Algorithm 1, https://arxiv.org/abs/1701.07875
    """
    if not limit > 0:
        raise ValueError(f"`limit` must be above 0. Received: limit={limit!r}")
    for variable in variables:
        variable.assign(ops.clip(variable, -limit, limit))
