"""What a change does to images float32 [n, H, W, 1], given numbers [n, 3], uniform in [0, 1), for each image.

Every change is differentiable, also twice; what comes in from outside is air, -1.
"""

import math

import tensorflow as tf

AIR = -1.0
# Parts of the image's side: how far it is moved, and the side of the square that is cut out.
SHIFT, CUT = 0.125, 0.5
# Half the range of the angle in degrees, and of the zoom.
ANGLE, ZOOM = 10.0, 0.15
# Half the range of the brightness, on the scale of [-1, 1], and of the contrast. HU change with both.
BRIGHTNESS, CONTRAST = 0.3, 0.3


def flip(images, drawn):
    """Half of them mirrored, left to right."""
    return tf.where(drawn[:, :1, None, None] < 0.5, images[:, :, ::-1], images)


def translation(images, drawn):
    """Moved by whole pixels, so that no pixel is blurred."""
    size = tf.shape(images)[1:3]
    reach = tf.cast(tf.round(SHIFT * tf.cast(size, tf.float32)), tf.int32)
    steps = tf.cast(tf.floor(drawn[:, :2] * tf.cast(2 * reach + 1, tf.float32)), tf.int32)
    padded = tf.pad(images - AIR, [[0, 0], [reach[0], reach[0]], [reach[1], reach[1]], [0, 0]]) + AIR
    rows = steps[:, :1] + tf.range(size[0])
    columns = steps[:, 1:2] + tf.range(size[1])
    return tf.gather(tf.gather(padded, rows, batch_dims=1), columns, axis=2, batch_dims=1)


def cutout(images, drawn):
    """A square, wherever its middle falls, becomes air."""
    size = tf.cast(tf.shape(images)[1:3], tf.float32)
    middle = drawn[:, :2] * size
    rows = tf.abs(tf.range(size[0])[None] + 0.5 - middle[:, :1]) < CUT * size[0] / 2
    columns = tf.abs(tf.range(size[1])[None] + 0.5 - middle[:, 1:2]) < CUT * size[1] / 2
    inside = (rows[:, :, None] & columns[:, None, :])[..., None]
    return tf.where(inside, AIR, images)


def rotation(images, drawn):
    """Turned about the middle by at most `ANGLE`."""
    angle = (2 * drawn[:, 0] - 1) * (ANGLE * math.pi / 180)
    return _transformed(images, tf.cos(angle), tf.sin(angle))


def zoom(images, drawn):
    """Larger or smaller by at most `ZOOM`."""
    scale = 1 / (1 + (2 * drawn[:, 0] - 1) * ZOOM)
    return _transformed(images, scale, tf.zeros_like(scale))


def brightness(images, drawn):
    """All grey levels moved alike; they may leave [-1, 1]."""
    return images + (2 * drawn[:, :1, None, None] - 1) * BRIGHTNESS


def contrast(images, drawn):
    """Grey levels spread about the image's mean; they may leave [-1, 1]."""
    mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + (images - mean) * (1 + (2 * drawn[:, :1, None, None] - 1) * CONTRAST)


def _transformed(images, cos, sin):
    """Turned and scaled about the middle: output (x, y) is taken from (cos·x - sin·y, sin·x + cos·y)."""
    height, width = tf.unstack(tf.cast(tf.shape(images)[1:3], tf.float32))
    x, y = (width - 1) / 2, (height - 1) / 2
    zeros = tf.zeros_like(cos)
    rows = [cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y, zeros, zeros]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack(rows, axis=1),
        output_shape=tf.shape(images)[1:3],
        fill_value=AIR,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
