"""The losses of the two players, as functions on logits: `<name>_generator_loss`, `<name>_discriminator_loss`.

Logits are [n, 1] and positive for real; a loss is a float32 scalar, the mean over the batch.
"""

from keras import ops


def non_saturating_discriminator_loss(real_logits, fake_logits):
    """Sigmoid cross-entropy with 1 for real and 0 for fake, summed over the two.

    It is 2·log 2 = 1.386 for a discriminator that cannot tell them apart.

    Args:
        real_logits: [n, 1], the discriminator's answer to real images.
        fake_logits: [m, 1], its answer to generated ones.

    Reference:
        Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661
    """
    return ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(fake_logits))


def non_saturating_generator_loss(fake_logits):
    """Sigmoid cross-entropy of the generated images' logits with the label of real ones, 1.

    It is log 2 = 0.693 where the discriminator cannot tell.

    Args:
        fake_logits: [n, 1], the discriminator's answer to generated images.

    Reference:
        Goodfellow et al. 2014, section 3, https://arxiv.org/abs/1406.2661
    """
    return ops.mean(ops.softplus(-fake_logits))
