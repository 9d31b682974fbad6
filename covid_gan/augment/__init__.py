"""Changes of the images that the discriminator sees, real and generated alike, so that it cannot learn by heart.

Zhao et al. 2020 (https://arxiv.org/abs/2006.10738); Karras et al. 2020, for changing a share of
the images alone (https://arxiv.org/abs/2006.06676).
"""

# A change is the function of this name in `changes`. The last two change what carries HU: use them knowingly.
AUGMENTATIONS = ("flip", "translation", "cutout", "rotation", "zoom", "brightness", "contrast")


def augment(images, names, numbers, share=1.0):
    """Makes changes one after the other.

    Args:
        images: float32 [n, H, W, 1] in [-1, 1].
        names: of `AUGMENTATIONS`, in the order of their use.
        numbers: k → float32 [n, k], uniform in [0, 1); new ones at each call.
        share: of the images that are changed, for each change anew; a scalar in [0, 1].

    Returns:
        float32 [n, H, W, 1].

    Raises:
        ValueError: there is no such change.
    """
    if unknown := [name for name in names if name not in AUGMENTATIONS]:
        raise ValueError(f"`names` must be of {', '.join(AUGMENTATIONS)}. Received: {', '.join(unknown)}")
    import tensorflow as tf

    from covid_gan.augment import changes

    for name in names:
        drawn = numbers(4)
        changed = getattr(changes, name)(images, drawn[:, 1:])
        images = tf.where(drawn[:, :1, None, None] < share, changed, images)
    return images
