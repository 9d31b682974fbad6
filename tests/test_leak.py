"""Changes inside the discriminator do not leak: what real images never show, generated ones do not show."""

import numpy as np
import pytest
import tensorflow as tf

from covid_gan import build, images, randomness
from covid_gan.augment import changes
from covid_gan.config import Config
from covid_gan.sampling import Sampler

SIZE, STEPS, BATCH = 16, 1500, 32


def blobs(count: int, seed: int, shift: int = 0) -> np.ndarray:
    """A bright disc up to `shift` off the middle, of varying size and grey: uint8 [count, 16, 16, 1]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    dy, dx = rng.integers(-shift, shift + 1, (2, count, 1, 1))
    radius, grey = rng.uniform(3, 5, (count, 1, 1)), rng.uniform(150, 250, (count, 1, 1))
    distance = np.hypot(y - dy, x - dx)
    return (grey * np.clip(radius - distance + 0.5, 0, 1)).round().astype(np.uint8)[..., None]


def offsets(pictures: np.ndarray) -> np.ndarray:
    """How far each image's centre of mass is from the middle, in pixels: [n]."""
    mass = pictures[..., 0].astype(np.float64) + 1e-9
    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    total = mass.sum(axis=(1, 2))
    return np.hypot((mass * y).sum(axis=(1, 2)) / total, (mass * x).sum(axis=(1, 2)) / total)


def holes(pictures: np.ndarray) -> np.ndarray:
    """The part of each image's light that its mirror images lack: 0 for a disc in the middle, [n]."""
    light = pictures[..., 0].astype(np.float64)
    lacking = [np.maximum(light - mirrored, 0) for mirrored in (light[:, ::-1], light[:, :, ::-1])]
    return np.sum(lacking, axis=(0, 2, 3)) / (light.sum(axis=(1, 2)) + 1e-9)


def samples_of_a_gan_trained_on(real: np.ndarray) -> np.ndarray:
    gan = build.gan_from(
        Config().replace(
            image_size=SIZE, latent_dim=8, base_channels=8, batch_size=BATCH, dropout=0.0, learning_rate=5e-4,
            augment=("translation", "cutout"), ema_half_life=2000.0,
        )
    )  # fmt: skip
    step = tf.function(gan.train_step)
    data = tf.data.Dataset.from_tensor_slices(real).shuffle(len(real), seed=0).repeat().batch(BATCH)
    for batch in data.take(STEPS):
        step(images.normalise(batch))
    gan.fit_average()
    return Sampler(gan.ema_generator)(randomness.sample_latents(256, 8, 0))


def test_the_measures_see_shifts_and_holes():
    assert np.percentile(offsets(blobs(256, 0)), 95) < 0.1 and holes(blobs(256, 0)).max() < 0.01
    # Translation moves by up to an eighth of the image: two pixels.
    assert np.percentile(offsets(blobs(256, 0, shift=2)), 50) > 1.0
    drawn = np.random.default_rng(1).uniform(size=(256, 3)).astype(np.float32)
    cut = changes.cutout(images.normalise(blobs(256, 0)), drawn)
    assert np.percentile(holes(images.denormalise(cut).numpy()), 75) > 0.7


@pytest.mark.slow
def test_translation_and_cutout_do_not_leak():
    real = blobs(256, 0)
    generated = samples_of_a_gan_trained_on(real)
    mass, real_mass = generated.mean(axis=(1, 2, 3)), real.mean(axis=(1, 2, 3))
    assert 0.7 < mass.mean() / real_mass.mean() < 1.4 and mass.std() > 0.3 * real_mass.std()  # it has learned
    assert np.percentile(offsets(generated), 50) < 0.5 and np.percentile(offsets(generated), 95) < 1.0
    assert np.percentile(holes(generated), 95) < 0.4


@pytest.mark.slow
def test_shifts_that_real_images_do_show_are_learned():
    """So that the test above can fail: the same generator shows shifts where there are some."""
    assert np.percentile(offsets(samples_of_a_gan_trained_on(blobs(256, 0, shift=2))), 50) > 1.0
