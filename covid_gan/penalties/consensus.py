"""Consensus optimisation: both players descend their losses and, together, the size of both gradients."""

import tensorflow as tf


def consensus_gradients(play, d_variables, g_variables, weight):
    """Gradients of both players' losses plus `weight` times those of ½‖v‖², v being all of the former.

    Both are taken at the same weights, for steps made at once. Where the game only turns, plain
    gradients circle; the addition is a force towards where both vanish. A weight times a
    learning rate that is too large makes the fixed points of bad games attract as well.

    In a train step:

        def play():
            fakes = generator(latents, training=True)
            real_logits, fake_logits = discriminator(images), discriminator(fakes)
            return loss.discriminator(real_logits, fake_logits), loss.generator(real_logits, fake_logits)

        d_gradients, g_gradients, (d_loss, g_loss) = consensus_gradients(play, d_variables, g_variables, 10.0)
        d_optimizer.apply(d_gradients, d_variables)
        g_optimizer.apply(g_gradients, g_variables)

    Args:
        play: () → (the discriminator's loss, the generator's loss, anything else…), scalars to minimise.
        d_variables: the discriminator's trainable variables.
        g_variables: the generator's.
        weight: γ of the paper, at least 0; 10 in its experiments on images.

    Returns:
        The discriminator's gradients and the generator's, in the order of the variables, to be
        descended, and what `play` returned.

    Raises:
        ValueError: a player's loss does not depend on one of its variables.

    Reference:
        Mescheder, Nowozin and Geiger 2017, Algorithm 2, https://arxiv.org/abs/1705.10461
    """
    d_variables, g_variables = list(d_variables), list(g_variables)
    with tf.GradientTape() as size_tape:
        with tf.GradientTape(persistent=True) as tape:
            played = play()
        d_field = _gradients(tape, played[0], d_variables, "discriminator")
        g_field = _gradients(tape, played[1], g_variables, "generator")
        squares = [tf.reduce_sum(tf.square(tf.cast(v, tf.float32))) for v in (*d_field, *g_field)]
        size = 0.5 * tf.add_n(squares)
    pulls = size_tape.gradient(size, d_variables + g_variables)
    # There is no pull on what no gradient depends on, as on the last bias of a critic.
    gradients = [v if pull is None else v + weight * pull for v, pull in zip((*d_field, *g_field), pulls)]
    return gradients[: len(d_field)], gradients[len(d_field) :], played


def _gradients(tape, loss, variables, player):
    gradients = tape.gradient(loss, variables)
    for variable, gradient in zip(variables, gradients):
        if gradient is None:
            raise ValueError(
                f"the {player}'s loss must depend on all its variables. Received: {variable.name}, "
                "on which it does not"
            )
    return [tf.convert_to_tensor(gradient) for gradient in gradients]
