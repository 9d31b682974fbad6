"""From latents to images in batches, and the paths between two latents."""

import numpy as np
import pytest
import tensorflow as tf

from covid_gan import images, sampling
from covid_gan.networks.dcgan import Generator

T = tf.linspace(0.0, 1.0, 5)


@pytest.fixture(scope="module")
def generator():
    """A generator whose images are not flat, as those of a new one are."""
    generator = Generator(16, 8, base_channels=4)
    generator.build((None, 8))
    rng = np.random.default_rng(0)
    shapes = [w.shape for w in generator.weights]
    generator.set_weights([rng.normal(0, 0.5, s) if len(s) > 1 else rng.uniform(0.2, 1, s) for s in shapes])
    return generator


def pair(length=8, seed=0):
    """Two latents of the same norm."""
    rng = np.random.default_rng(seed)
    start, end = rng.normal(size=(2, length)).astype("float32")
    return tf.constant(start), tf.constant(end * np.linalg.norm(start) / np.linalg.norm(end))


@pytest.mark.parametrize("n", [1, sampling.BLOCK, sampling.BLOCK + 1, 3 * sampling.BLOCK - 1])
def test_an_image_depends_on_its_latent_alone(n, generator):
    latents = np.random.default_rng(0).normal(size=(n, 8)).astype("float32")
    sampler = sampling.Sampler(generator)
    made = sampler(latents)
    assert (made.shape, made.dtype) == ((n, 16, 16, 1), np.uint8)
    assert made.std() > 30
    np.testing.assert_array_equal(made[-1], sampler(latents[-1:])[0])
    at_once = images.denormalise(generator(latents, training=False)).numpy()
    np.testing.assert_allclose(made.astype(int), at_once, atol=1)


def test_chunks_are_the_whole_in_parts(generator, monkeypatch):
    monkeypatch.setattr(sampling, "CHUNK", 20)
    latents = np.random.default_rng(0).normal(size=(50, 8)).astype("float32")
    sampler = sampling.Sampler(generator)
    chunks = list(sampler.chunks(latents))
    assert [len(chunk) for chunk in chunks] == [20, 20, 10]
    np.testing.assert_array_equal(np.concatenate(chunks), sampler(latents))


@pytest.mark.parametrize("path", sampling.PATHS.values(), ids=sampling.PATHS)
def test_a_path_leads_from_one_end_to_the_other_in_even_steps(path):
    start, end = pair()
    points = path(start, end, T).numpy()
    assert points.shape == (5, 8)
    np.testing.assert_allclose(points[0], start, atol=1e-5)
    np.testing.assert_allclose(points[-1], end, atol=1e-5)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-4)
    np.testing.assert_allclose(path(end, start, T), points[::-1], atol=1e-5)


def test_a_linear_path_is_straight():
    points = sampling.linear_path(tf.constant([0.0, 4.0]), tf.constant([4.0, 0.0]), T)
    np.testing.assert_allclose(points, [[0, 4], [1, 3], [2, 2], [3, 1], [4, 0]], atol=1e-6)


def test_a_spherical_path_keeps_the_norm_that_a_straight_one_loses():
    start, end = pair(100)
    norm = np.linalg.norm(start)
    on_sphere = np.linalg.norm(sampling.spherical_path(start, end, T), axis=1)
    on_line = np.linalg.norm(sampling.linear_path(start, end, T), axis=1)
    np.testing.assert_allclose(on_sphere, norm, rtol=1e-4)
    assert on_line[2] < 0.8 * norm


def test_a_spherical_path_between_axes_is_a_quarter_of_a_circle():
    points = sampling.spherical_path(tf.constant([2.0, 0.0]), tf.constant([0.0, 2.0]), T).numpy()
    angles = np.arange(5) * np.pi / 8
    np.testing.assert_allclose(points, 2 * np.stack([np.cos(angles), np.sin(angles)], 1), atol=1e-5)


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_a_spherical_path_between_parallel_latents_is_straight(factor):
    start = pair()[0]
    points = sampling.spherical_path(start, factor * start, T)
    np.testing.assert_allclose(points, sampling.linear_path(start, factor * start, T), atol=1e-5)


@pytest.mark.parametrize("end", [[-1.0], [-2.5]])
def test_a_spherical_path_between_opposite_latents_stays_between_them(end):
    # Latents of length 1 (--latent_dim=1) are parallel or opposite, always.
    points = sampling.spherical_path(tf.constant([2.0]), tf.constant(end), T).numpy()
    assert points.min() >= end[0] - 1e-5 and points.max() <= 2.0 + 1e-5
