"""The f-divergences of Nowozin et al. 2016 (https://arxiv.org/abs/1606.00709), as losses on logits.

For T = g_f(V), V the logits, E[T(real)] − E[f*(T(fake))] is a lower bound of D_f(real ‖ fake),
reached at T = f'(p/q), p and q the densities of real and generated images. The
discriminator's loss is that bound, negated: 0 where it cannot tell, and minus the
divergence at its best. The generator maximises E[g_f(V(fake))], which section 3.2 puts
in the place of minimising −E[f*(g_f(V(fake)))], as the non-saturating loss does. g_f and
f* are those of the paper's tables, composed here on paper, so that nothing is lost to
rounding or beyond the range of float32.

Logits are [n, 1] and larger for real; they may be of any float type. A loss is a
float32 scalar, the mean over the batch. The logit of a discriminator that cannot tell is
g_f⁻¹(f'(1)): 1 for `kl`, otherwise 0.
"""

import math

from keras import ops

# exp goes on as its tangent from here: e^40 = 2·10¹⁷, whose square, which Adam takes, is still a float32.
_EXP_LIMIT = 40.0


def _float32(logits):
    return ops.cast(logits, "float32")


def _exp(x):
    """exp(x) up to 40 and its tangent beyond: finite and rising for every logit, with a gradient."""
    return ops.exp(ops.minimum(x, _EXP_LIMIT)) * (1.0 + ops.relu(x - _EXP_LIMIT))


def kl_discriminator_loss(real_logits, fake_logits):
    """Minus the bound of KL(real ‖ fake): g_f(v) = v, f*(t) = exp(t − 1).

    It is 0 for a discriminator that cannot tell and so says 1; exp is linear for generated logits above 41.

    Args:
        real_logits: [n, 1], 1 + log(p/q) at best.
        fake_logits: [m, 1].

    Reference:
        Nowozin et al. 2016, tables 1 and 2, https://arxiv.org/abs/1606.00709
    """
    return ops.mean(_exp(_float32(fake_logits) - 1.0)) - ops.mean(_float32(real_logits))


def kl_generator_loss(fake_logits):
    """−E[g_f(V)] = −E[V]: −1 where the discriminator cannot tell.

    Args:
        fake_logits: [n, 1].

    Reference:
        Nowozin et al. 2016, section 3.2, https://arxiv.org/abs/1606.00709
    """
    return -ops.mean(_float32(fake_logits))


def reverse_kl_discriminator_loss(real_logits, fake_logits):
    """Minus the bound of KL(fake ‖ real): g_f(v) = −exp(−v), f*(t) = −1 − log(−t), so f*(g_f(v)) = v − 1.

    It is 0 where the discriminator cannot tell. g_f rises with v, so that logits are larger for
    real here too; exp(−v) is linear for real logits below −40.

    Args:
        real_logits: [n, 1], log(p/q) at best.
        fake_logits: [m, 1].

    Reference:
        Nowozin et al. 2016, tables 1 and 2, https://arxiv.org/abs/1606.00709
    """
    return ops.mean(_exp(-_float32(real_logits))) + ops.mean(_float32(fake_logits)) - 1.0


def reverse_kl_generator_loss(fake_logits):
    """−E[g_f(V)] = E[exp(−V)]: 1 where the discriminator cannot tell; exp is linear for logits below −40.

    Args:
        fake_logits: [n, 1].

    Reference:
        Nowozin et al. 2016, section 3.2, https://arxiv.org/abs/1606.00709
    """
    return ops.mean(_exp(-_float32(fake_logits)))


def pearson_discriminator_loss(real_logits, fake_logits):
    """Minus the bound of Pearson's χ², E_q[(p/q − 1)²]: g_f(v) = v, f*(t) = t²/4 + t.

    It is 0 where the discriminator cannot tell. Generated logits are best at −2 where there is
    no real image: below that it rises again.

    Args:
        real_logits: [n, 1], 2·(p/q − 1) at best.
        fake_logits: [m, 1].

    Reference:
        Nowozin et al. 2016, tables 1 and 2, https://arxiv.org/abs/1606.00709
    """
    fake = _float32(fake_logits)
    return ops.mean(0.25 * ops.square(fake) + fake) - ops.mean(_float32(real_logits))


def pearson_generator_loss(fake_logits):
    """−E[g_f(V)] = −E[V]: 0 where the discriminator cannot tell.

    Args:
        fake_logits: [n, 1].

    Reference:
        Nowozin et al. 2016, section 3.2, https://arxiv.org/abs/1606.00709
    """
    return -ops.mean(_float32(fake_logits))


def jensen_shannon_discriminator_loss(real_logits, fake_logits):
    """Minus the bound of twice the Jensen–Shannon divergence.

    g_f(v) = log 2 − softplus(−v) and f*(t) = −log(2 − exp(t)). The f that belongs to these,
    f(u) = u·log u − (u + 1)·log((u + 1)/2), gives KL(p ‖ m) + KL(q ‖ m), m the mean of p and q,
    and not half of it. As f*(g_f(v)) = softplus(v) − log 2, the loss is the non-saturating one
    less 2·log 2: 0 where the discriminator cannot tell, −2·log 2 = −1.386 where it is always right.

    Args:
        real_logits: [n, 1], log(p/q) at best.
        fake_logits: [m, 1].

    Reference:
        Nowozin et al. 2016, tables 1 and 2, https://arxiv.org/abs/1606.00709
    """
    real, fake = _float32(real_logits), _float32(fake_logits)
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake)) - 2.0 * math.log(2.0)


def jensen_shannon_generator_loss(fake_logits):
    """−E[g_f(V)] = E[softplus(−V)] − log 2: 0 where the discriminator cannot tell.

    Args:
        fake_logits: [n, 1].

    Reference:
        Nowozin et al. 2016, section 3.2, https://arxiv.org/abs/1606.00709
    """
    return ops.mean(ops.softplus(-_float32(fake_logits))) - math.log(2.0)
