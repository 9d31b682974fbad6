"""What the encoder learns to tell from a scan as it is: seven ways to change one, each by a strength.

They are families, wider than any one defect of a generator: a pattern may be a grating of any frequency
and direction or noise, a bend may have any shape. Lengths are pixels of a 64-pixel image and grow with
larger ones.

Images are float32 [n, S, S, 1] in [-1, 1], strengths float32 [n, 1, 1, 1] from 0 to 1.
"""

import math

import tensorflow as tf

from covid_gan.augment.changes import AIR


class Draws:
    """Random numbers for each image of a batch: float32 [n, 1, 1, parts].

    Args:
        generator: where they come from.
        count: n.
    """

    def __init__(self, generator: tf.random.Generator, count: int):
        self.generator, self.count = generator, count

    def uniform(self, low=0.0, high=1.0, parts=1):
        return self.generator.uniform([self.count, 1, 1, parts], low, high)

    def sign(self):
        return tf.sign(self.uniform(-1.0, 1.0))

    def chance(self, share):
        """1 for about this share of the images, else 0."""
        return tf.cast(self.uniform() < share, tf.float32)

    def normal(self, height, width, parts):
        return self.generator.normal([self.count, height, width, parts])


def grid(size: int) -> tf.Tensor:
    """The row and column of each pixel, float32 [1, size, size, 2]."""
    side = tf.range(size, dtype=tf.float32)
    return tf.stack(tf.meshgrid(side, side, indexing="ij"), axis=-1)[None]


def resample(images: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Images whose pixels are read, bilinearly, at `places` [n, S, S, 2]; outside there is air."""
    size = images.shape[1]
    padded = tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values=AIR)
    flat = tf.reshape(padded, [-1, (size + 2) ** 2])
    places = tf.clip_by_value(places + 1.0, 0.0, size + 1.0)
    corner = tf.minimum(tf.floor(places), float(size))
    down, across = tf.unstack(places - corner, axis=-1)
    row, column = tf.unstack(tf.cast(corner, tf.int32), axis=-1)

    def at(dy, dx):
        return tf.gather(flat, (row + dy) * (size + 2) + column + dx, batch_dims=1)

    upper = (1 - across) * at(0, 0) + across * at(0, 1)
    lower = (1 - across) * at(1, 0) + across * at(1, 1)
    return ((1 - down) * upper + down * lower)[..., None]


def sharpness(images, strength, draws):
    """Blurred or sharpened: each frequency's amplitude changed by a power law."""
    size = images.shape[1]
    rows = tf.abs(tf.signal.ifftshift(tf.range(size) - size // 2))[:, None]
    radius = tf.cast(rows**2 + tf.range(size // 2 + 1) ** 2, tf.float32) ** 0.5 / (size / 2)
    exponent = tf.where(draws.uniform() < 0.7, -4.0, 2.0) * strength
    gain = tf.exp(exponent[..., 0] * radius ** draws.uniform(0.7, 2.5)[..., 0])
    spectrum = tf.signal.rfft2d(images[..., 0]) * tf.cast(gain, tf.complex64)
    return tf.signal.irfft2d(spectrum, [size, size])[..., None]


def pattern(images, strength, draws):
    """With a grating of any frequency and direction, round or square, or with white noise."""
    size = images.shape[1]
    angle = draws.uniform(-math.pi, math.pi, parts=2)
    wave = tf.cos(tf.reduce_sum(grid(size) * angle, -1, keepdims=True) + draws.uniform(0, 2 * math.pi))
    kind = draws.uniform()
    shape = tf.where(kind < 1 / 3, tf.sign(wave), math.sqrt(2) * wave)
    shape = tf.where(kind < 2 / 3, shape, draws.normal(size, size, 1))
    return images + 0.3 * strength * shape


def greys(images, strength, draws):
    """Other grey levels: a power, a contrast or a shift."""
    value = tf.clip_by_value((images + 1) / 2, 1e-3, 1.0)
    mean = tf.reduce_mean(value, [1, 2, 3], keepdims=True)
    power = value ** tf.exp(0.8 * strength * draws.sign())
    contrast = mean + (value - mean) * tf.exp(0.7 * strength * draws.sign())
    shifted = value + 0.2 * strength * draws.sign()
    kind = draws.uniform()
    return 2 * tf.where(kind < 0.4, power, tf.where(kind < 0.8, contrast, shifted)) - 1


def bend(images, strength, draws):
    """Bent by a smooth random field, of a coarse or a fine grain."""
    size = images.shape[1]
    coarse, fine = (tf.image.resize(draws.normal(n, n, 2), [size, size], "bicubic") for n in (5, 10))
    field = tf.where(draws.uniform() < 0.5, coarse, fine)
    return resample(images, grid(size) + field * strength * 5 * (size / 64))


def rearrange(images, strength, draws):
    """One to five rectangles that show another part of the image, some of them mirrored."""
    size = images.shape[1]
    pixels = grid(size)
    places = tf.tile(pixels, [draws.count, 1, 1, 1])
    for n in range(5):
        there = tf.cast(draws.uniform() < strength, tf.float32) if n else 1.0
        sides = draws.uniform(size / 8, size * 5 / 8, parts=2)
        to, origin = draws.uniform(parts=2) * (size - sides), draws.uniform(parts=2) * (size - sides)
        inside = tf.reduce_all((pixels >= to) & (pixels < to + sides), -1, keepdims=True)
        inside = tf.cast(inside, tf.float32) * there
        row, column = tf.split(pixels - to, 2, axis=-1)
        mirrored = draws.chance(0.5)
        column += mirrored * (sides[..., 1:] - 1 - 2 * column)
        source = tf.round(origin + tf.concat([row, column], -1))
        places = places * (1 - inside) + source * inside
    return resample(images, places)


def turn(images, strength, draws):
    """Turned by 30 to 180 degrees."""
    size = images.shape[1]
    angle = (30 + 150 * strength) * (math.pi / 180) * draws.sign()
    middle = (size - 1) / 2
    row, column = tf.split(grid(size) - middle, 2, axis=-1)
    turned = [tf.cos(angle) * row - tf.sin(angle) * column, tf.sin(angle) * row + tf.cos(angle) * column]
    return resample(images, tf.concat(turned, -1) + middle)


def blend(images, strength, draws):
    """With another scan: both through each other, or side by side along a line, sharp or soft."""
    other = tf.roll(images, 1, axis=0)
    size = images.shape[1]
    angle = draws.uniform(0, 2 * math.pi)
    row, column = tf.split(grid(size) - (size - 1) / 2, 2, axis=-1)
    inside = row * tf.cos(angle) + column * tf.sin(angle) + (1 - strength) * size / 2
    beyond = tf.sigmoid(-inside / (tf.exp(draws.uniform(-1.0, 1.5)) * size / 64))
    share = tf.where(draws.uniform() < 0.4, 0.5 * strength, beyond)
    return images + share * (other - images)


KINDS = (sharpness, pattern, greys, bend, rearrange, turn, blend)


def alter(images: tf.Tensor, generator: tf.random.Generator) -> tuple[tf.Tensor, tf.Tensor]:
    """Changes each image in one way; the ways take equal parts of the batch in turn.

    Args:
        images: float32 [n, S, S, 1] in [-1, 1], n ≥ the number of `KINDS`, n known.
        generator: of the random numbers.

    Returns:
        The images, and the strengths float32 [n, kinds], 0 but for the way taken.
    """
    bounds = [round(place * images.shape[0] / len(KINDS)) for place in range(len(KINDS) + 1)]
    altered, strengths = [], []
    for place, (kind, start, end) in enumerate(zip(KINDS, bounds, bounds[1:])):
        draws = Draws(generator, end - start)
        strength = draws.uniform(0.05, 1.0)
        altered.append(tf.clip_by_value(kind(images[start:end], strength, draws), -1.0, 1.0))
        strengths.append(strength[:, 0, 0] * tf.one_hot([place], len(KINDS)))
    return tf.concat(altered, 0), tf.concat(strengths, 0)


def view(images: tf.Tensor, generator: tf.random.Generator) -> tf.Tensor:
    """What the encoder is to look through: all are shifted by whole pixels, half mirrored, half zoomed.

    Args:
        images: float32 [n, S, S, 1], n known.
        generator: of the random numbers.
    """
    size = images.shape[1]
    draws = Draws(generator, images.shape[0])
    zoom = tf.where(draws.uniform() < 0.5, 1.0, tf.exp(draws.uniform(-math.log(1.3), math.log(1.3))))
    scale = tf.concat([zoom, zoom * draws.sign()], -1)
    shift = tf.round(draws.uniform(-size / 8, size / 8, parts=2))
    middle = (size - 1) / 2
    return resample(images, (grid(size) - middle) * scale + middle + shift)
