"""What a replica does of a step that several devices share: its part of what is drawn, and means over all.

On one device a replica is the whole, and nothing here changes anything. The functions are called
where `strategy.run` runs a step, or outside any strategy.
"""

import keras
import tensorflow as tf


def count() -> int:
    """How many replicas share a step."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def own(draw, shape) -> tf.Tensor:
    """This replica's part of numbers that are drawn for all, so that their number changes nothing.

    Args:
        draw: a shape → numbers, the same on each replica.
        shape: of the part, its first entry an int or an integer scalar tensor; the whole is `count()`
            times as long.
    """
    n, *rest = shape
    whole = draw([n * count(), *rest])
    if count() == 1:
        return whole
    place = tf.distribute.get_replica_context().replica_id_in_sync_group
    return tf.ensure_shape(whole[place * n : (place + 1) * n], [None, *rest])


def mean(values):
    """The mean over all replicas of a tensor, or of each in a structure of them."""
    if count() == 1:
        return values
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, values)


def synchronise(*networks: keras.Model) -> None:
    """Makes the batch norms of networks take the statistics of the whole batch, not of a replica's part."""
    for network in networks:
        for layer in batch_norms(network):
            layer.synchronized = True


def batch_norms(network: keras.Model) -> list[keras.layers.BatchNormalization]:
    """The batch norms of a network, in its order."""
    return [
        layer for layer in network._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)
    ]
