"""The published networks: their layers as printed, and their numbers of parameters to the last one."""

import keras
import numpy as np
import pytest

from covid_gan.networks import polanco64, ucla128


def built(network, *shape):
    network.build((None, *shape))
    return network


def shapes(layers) -> list[tuple]:
    """The shapes, without the batch, that these layers give."""
    return [layer.output.shape[1:] for layer in layers]


def convolution(layer) -> tuple:
    return layer.kernel_size, layer.strides, layer.padding


@pytest.fixture(scope="module")
def ucla_generator():
    # 1.15 GB, made once and let go of after this file.
    return built(ucla128.Generator(), 100)


@pytest.fixture(scope="module")
def ucla_discriminator():
    return built(ucla128.Discriminator(), 128, 128, 1)


@pytest.fixture(scope="module")
def polanco_generator():
    return built(polanco64.Generator(), 100)


@pytest.fixture(scope="module")
def polanco_discriminator():
    return built(polanco64.Discriminator(), 64, 64, 1)


@pytest.mark.parametrize(
    "name, parameters",
    [
        pytest.param("ucla_generator", 287_582_721, marks=pytest.mark.slow),
        ("ucla_discriminator", 18_462_849),
        ("polanco_generator", 3_707_648),
        ("polanco_discriminator", 2_766_275),
    ],
)
def test_parameters_are_those_published(name, parameters, request):
    assert request.getfixturevalue(name).count_params() == parameters


@pytest.mark.slow
def test_ucla_generator_ends_in_a_dense_layer_over_all_pixels(ucla_generator):
    g = ucla_generator
    assert shapes([g.project, g.project_norm, g.reshape]) == [(16384,), (16384,), (4, 4, 1024)]
    assert shapes([*g.upsamplings, g.to_image]) == [
        (8, 8, 512), (16, 16, 256), (32, 32, 128), (64, 64, 64), (128, 128, 1)
    ]  # fmt: skip
    assert {convolution(c) for c in (*g.upsamplings, g.to_image)} == {((5, 5), (2, 2), "same")}
    assert shapes([g.flatten, g.mix_pixels, g.tanh]) == [(16384,), (16384,), (128, 128, 1)]
    assert all(layer.use_bias for layer in (g.project, *g.upsamplings, g.to_image, g.mix_pixels))
    assert g.leaky_relu.negative_slope == 0.2
    assert sum(isinstance(layer, keras.layers.BatchNormalization) for layer in g.layers) == 1
    images = np.asarray(g(np.full((2, 100), 3, "float32"), training=False))
    assert images.shape == (2, 128, 128, 1) and np.abs(images).max() <= 1


def test_ucla_discriminator_has_five_convolutions_and_four_dense_layers(ucla_discriminator):
    d = ucla_discriminator
    assert shapes(d.convolutions) == [
        (64, 64, 64), (32, 32, 128), (16, 16, 256), (8, 8, 512), (4, 4, 1024)
    ]  # fmt: skip
    assert {convolution(c) for c in d.convolutions} == {((5, 5), (2, 2), "same")}
    assert shapes([*d.hidden, d.to_logits]) == [(64,), (32,), (16,), (1,)]
    assert [dropout.rate for dropout in d.dropouts] == [0.3] * 5
    assert d.leaky_relu.negative_slope == 0.2
    assert d(np.zeros((2, 128, 128, 1), "float32"), training=False).shape == (2, 1)


def test_polanco_generator_doubles_three_times(polanco_generator):
    g = polanco_generator
    assert shapes([g.project, g.reshape]) == [(4096,), (8, 8, 64)]
    assert shapes([*g.upsamplings, g.to_image]) == [
        (8, 8, 512), (16, 16, 256), (32, 32, 128), (64, 64, 64), (64, 64, 1)
    ]  # fmt: skip
    assert [c.strides[0] for c in (*g.upsamplings, g.to_image)] == [1, 2, 2, 2, 1]
    assert {c.kernel_size for c in (*g.upsamplings, g.to_image)} == {(4, 4)}
    assert not any(layer.use_bias for layer in (g.project, *g.upsamplings, g.to_image))
    images = np.asarray(g(np.full((2, 100), 3, "float32"), training=False))
    assert images.shape == (2, 64, 64, 1) and np.abs(images).max() <= 1


def test_polanco_discriminator_normalises_from_the_second_convolution_on(polanco_discriminator):
    d = polanco_discriminator
    assert shapes([*d.convolutions, d.to_one, d.to_logits]) == [
        (32, 32, 64), (16, 16, 128), (8, 8, 256), (4, 4, 512), (1, 1, 1), (1,)
    ]  # fmt: skip
    assert {convolution(c) for c in d.convolutions} == {((4, 4), (2, 2), "same")}
    assert convolution(d.to_one) == ((4, 4), (1, 1), "valid")
    assert d.leaky_relu.negative_slope == 0.2
    norms = [isinstance(norm, keras.layers.BatchNormalization) for norm in d.norms]
    assert norms == [False, True, True, True]
    assert d(np.zeros((2, 64, 64, 1), "float32"), training=False).shape == (2, 1)


def test_ucla_dropout_acts_in_training_only(ucla_discriminator):
    images = np.random.default_rng(0).uniform(-1, 1, (1, 128, 128, 1)).astype("float32")
    still, again, dropped, otherwise = (
        float(ucla_discriminator(images, training=training)[0, 0]) for training in (False, False, True, True)
    )
    assert still == again
    assert dropped != otherwise


@pytest.mark.parametrize(
    "name, shape", [("polanco_generator", (100,)), ("polanco_discriminator", (64, 64, 1))]
)
def test_a_saved_network_gives_the_same_after_loading(name, shape, request, tmp_path):
    network = request.getfixturevalue(name)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    batch = np.random.default_rng(0).normal(size=(2, *shape)).astype("float32")
    np.testing.assert_array_equal(loaded(batch, training=False), network(batch, training=False))


@pytest.mark.parametrize("module, size", [(ucla128, 64), (polanco64, 128)])
@pytest.mark.parametrize("network", ["Generator", "Discriminator"])
def test_another_image_size_is_refused(module, network, size):
    with pytest.raises(ValueError, match=f"Received: image_size={size}"):
        getattr(module, network)(image_size=size)
