"""Losses that reward telling real from fake: cross-entropies, margins, differences and squares of logits.

Logits are [n, 1] and larger for real; they may be of any float type. A loss is a
float32 scalar, the mean over the batch.
"""

from keras import ops


def _float32(logits):
    return ops.cast(logits, "float32")


def non_saturating_discriminator_loss(real_logits, fake_logits):
    """Sigmoid cross-entropy with 1 for real and 0 for fake, summed over the two.

    It is 2·log 2 = 1.386 for a discriminator that cannot tell them apart.

    Args:
        real_logits: [n, 1], the discriminator's answer to real images.
        fake_logits: [m, 1], its answer to generated ones.

    Reference:
        Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661
    """
    real, fake = _float32(real_logits), _float32(fake_logits)
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))


def non_saturating_generator_loss(fake_logits):
    """Sigmoid cross-entropy of the generated images' logits with the label of real ones, 1.

    It is log 2 = 0.693 where the discriminator cannot tell.

    Args:
        fake_logits: [n, 1], the discriminator's answer to generated images.

    Reference:
        Goodfellow et al. 2014, section 3, https://arxiv.org/abs/1406.2661
    """
    return ops.mean(ops.softplus(-_float32(fake_logits)))


def minimax_discriminator_loss(real_logits, fake_logits):
    """The same as `non_saturating_discriminator_loss`: 2·log 2 = 1.386 where it cannot tell.

    Args:
        real_logits: [n, 1].
        fake_logits: [m, 1].

    Reference:
        Goodfellow et al. 2014, equation 1, https://arxiv.org/abs/1406.2661
    """
    return non_saturating_discriminator_loss(real_logits, fake_logits)


def minimax_generator_loss(fake_logits):
    """The mean of log(1 − sigmoid(logits)): what the discriminator's loss has of the generator, negated.

    It is −log 2 = −0.693 where the discriminator cannot tell, and its gradient vanishes
    where the discriminator is sure: `non_saturating_generator_loss` is there for that.

    Args:
        fake_logits: [n, 1].

    Reference:
        Goodfellow et al. 2014, equation 1, https://arxiv.org/abs/1406.2661
    """
    return -ops.mean(ops.softplus(_float32(fake_logits)))


def wasserstein_discriminator_loss(real_logits, fake_logits):
    """The critic's mean over generated images less its mean over real ones.

    It is 0 for a critic that cannot tell. For a 1-Lipschitz critic its negative is a lower
    bound of the Wasserstein-1 distance; nothing here holds the critic to that, and a free
    one has no least loss: see `covid_gan.penalties`.

    Args:
        real_logits: [n, 1], in no unit; only their difference from `fake_logits` counts.
        fake_logits: [m, 1].

    Reference:
        Arjovsky et al. 2017, https://arxiv.org/abs/1701.07875
    """
    return ops.mean(_float32(fake_logits)) - ops.mean(_float32(real_logits))


def wasserstein_generator_loss(fake_logits):
    """The critic's mean over generated images, negated; its value alone says nothing.

    Args:
        fake_logits: [n, 1].

    Reference:
        Arjovsky et al. 2017, https://arxiv.org/abs/1701.07875
    """
    return -ops.mean(_float32(fake_logits))


def hinge_discriminator_loss(real_logits, fake_logits):
    """What real logits lack of 1 and generated ones exceed −1 by; beyond the margin there is no gradient.

    It is 2 for a discriminator that says 0 to all, and 2 at least for any that cannot tell.

    Args:
        real_logits: [n, 1].
        fake_logits: [m, 1].

    Reference:
        Lim and Ye 2017, https://arxiv.org/abs/1705.02894
    """
    real, fake = _float32(real_logits), _float32(fake_logits)
    return ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake))


def hinge_generator_loss(fake_logits):
    """The mean logit of generated images, negated: 0 where the discriminator says 0.

    Args:
        fake_logits: [n, 1].

    Reference:
        Lim and Ye 2017, https://arxiv.org/abs/1705.02894
    """
    return -ops.mean(_float32(fake_logits))


def least_squares_discriminator_loss(real_logits, fake_logits):
    """Half the mean squares of real logits less 1 and of generated ones, summed.

    It is 1/4 for a discriminator that cannot tell and so says 1/2; logits above 1/2 mean real.

    Args:
        real_logits: [n, 1].
        fake_logits: [m, 1].

    Reference:
        Mao et al. 2017, equation 9, https://arxiv.org/abs/1611.04076
    """
    real, fake = _float32(real_logits), _float32(fake_logits)
    return 0.5 * ops.mean(ops.square(real - 1.0)) + 0.5 * ops.mean(ops.square(fake))


def least_squares_generator_loss(fake_logits):
    """Half the mean square of the generated images' logits less 1: 1/8 where the discriminator cannot tell.

    Args:
        fake_logits: [n, 1].

    Reference:
        Mao et al. 2017, equation 9, https://arxiv.org/abs/1611.04076
    """
    return 0.5 * ops.mean(ops.square(_float32(fake_logits) - 1.0))


def relativistic_discriminator_loss(real_logits, fake_logits):
    """Sigmoid cross-entropy of "this real image is more real than this generated one", pair by pair.

    It is log 2 = 0.693 where the discriminator cannot tell.

    Args:
        real_logits: [n, 1].
        fake_logits: [n, 1]; each is paired with the real one of its row.

    Raises:
        ValueError: the two differ in shape.

    Reference:
        Jolicoeur-Martineau 2018, https://arxiv.org/abs/1807.00734; with R1 and R2
        penalties, Huang et al. 2024, https://arxiv.org/abs/2501.05441
    """
    _check_pairs(real_logits, fake_logits)
    return ops.mean(ops.softplus(_float32(fake_logits) - _float32(real_logits)))


def relativistic_generator_loss(real_logits, fake_logits):
    """The discriminator's loss with real and generated images swapped: log 2 = 0.693 where it cannot tell.

    Args:
        real_logits: [n, 1].
        fake_logits: [n, 1]; each is paired with the real one of its row.

    Raises:
        ValueError: the two differ in shape.

    Reference:
        Jolicoeur-Martineau 2018, https://arxiv.org/abs/1807.00734
    """
    return relativistic_discriminator_loss(fake_logits, real_logits)


def _check_pairs(real_logits, fake_logits):
    real, fake = tuple(real_logits.shape), tuple(fake_logits.shape)
    known = [(a, b) for a, b in zip(real, fake) if None not in (a, b)]
    if len(real) != len(fake) or any(a != b for a, b in known):
        raise ValueError(
            "`real_logits` and `fake_logits` must be of one shape, as their rows are pairs. "
            f"Received: shapes {real} and {fake}"
        )
