"""The DCGAN's networks: shapes and ranges, what is in them, and saving."""

import itertools

import keras
import numpy as np
import pytest
from keras import layers

from covid_gan.config import ACTIVATIONS
from covid_gan.networks.batch_norm import BatchNormalization
from covid_gan.networks.dcgan import HEADS, NORMALIZATIONS, UPSAMPLINGS, Discriminator, Generator

LATENT_DIM = 6


def built_generator(image_size=28, **settings) -> Generator:
    generator = Generator(image_size, LATENT_DIM, **{"base_channels": 4, **settings})
    generator.build((None, LATENT_DIM))
    return generator


def built_discriminator(image_size=28, **settings) -> Discriminator:
    discriminator = Discriminator(image_size, **{"base_channels": 4, **settings})
    discriminator.build((None, image_size, image_size, 1))
    return discriminator


def latents(n=3, scale=1.0) -> np.ndarray:
    return np.random.default_rng(0).normal(0, scale, (n, LATENT_DIM)).astype("float32")


def pictures(n=3, size=28) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, (n, size, size, 1)).astype("float32")


def randomise(network):
    """Gives every weight, moving variances too, a value that no initializer would."""
    rng = np.random.default_rng(2)
    network.set_weights([rng.uniform(0.1, 0.4, w.shape) for w in network.get_weights()])


def biases(network) -> list[str]:
    return [w.path.split("/")[-2] for w in network.trainable_weights if w.name == "bias"]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("image_size", [8, 28])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_generator_gives_images_in_range(image_size, activation, normalization, head):
    generator = built_generator(image_size, activation=activation, normalization=normalization, head=head)
    for weights in (None, randomise):
        if weights:
            weights(generator)
        images = np.asarray(generator(latents(scale=100.0), training=False))
        assert images.shape == (3, image_size, image_size, 1)
        assert images.dtype == np.float32
        assert np.abs(images).max() <= 1.0
    assert np.abs(images).max() > 0.5  # the range is used, not only kept


@pytest.mark.parametrize("image_size", [8, 28])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_discriminator_gives_one_unbounded_logit_an_image(image_size, activation, normalization):
    discriminator = built_discriminator(
        image_size, activation=activation, normalization=normalization, dropout=0.3
    )
    randomise(discriminator)
    logits = np.asarray(discriminator(pictures(size=image_size), training=False))
    assert logits.shape == (3, 1)
    assert logits.dtype == np.float32
    assert np.abs(logits).max() > 1.0


@pytest.mark.parametrize(
    "image_size, maps",
    [
        (16, [(4, 8), (8, 4)]),
        (28, [(7, 8), (14, 4)]),
        (40, [(5, 16), (10, 8), (20, 4)]),
        (96, [(6, 32), (12, 16), (24, 8), (48, 4)]),
    ],
)
@pytest.mark.parametrize("kernel_size", [2, 5])
def test_maps_double_in_size_while_channels_halve_and_back(image_size, maps, kernel_size):
    generator = built_generator(image_size, kernel_size=kernel_size)
    found = [layer.output.shape[1:] for layer in (generator.reshape, *generator.upsamplings)]
    assert found == [(size, size, channels) for size, channels in maps]

    discriminator = built_discriminator(image_size, kernel_size=kernel_size)
    found = [layer.output.shape[1:] for layer in discriminator.convolutions]
    assert found == [(size, size, channels) for size, channels in reversed(maps)]

    for layer in (*generator.upsamplings, generator.to_image, *discriminator.convolutions):
        assert layer.kernel.shape[:2] == (kernel_size, kernel_size)
        assert layer.strides == (2, 2)


@pytest.mark.parametrize("kernel_size, odd", [(2, 3), (3, 3), (4, 3), (5, 5)])
def test_resizing_doubles_pixels_and_convolves_with_an_odd_kernel(kernel_size, odd):
    generator = built_generator(kernel_size=kernel_size, upsample="resize")
    for doubling in (*generator.upsamplings, generator.to_image):
        resize, convolution = doubling.layers
        assert resize.size == (2, 2) and resize.interpolation == "nearest"
        assert convolution.kernel.shape[:2] == (odd, odd) and convolution.strides == (1, 1)
    randomise(generator)
    images = np.asarray(generator(latents(), training=False))
    assert images.shape == (3, 28, 28, 1)
    assert (images[:, ::2, ::2] != images[:, 1::2, 1::2]).any()  # no blocks of equal pixels


@pytest.mark.parametrize("upsample", UPSAMPLINGS)
def test_no_bias_stands_in_front_of_a_norm(upsample):
    generator, discriminator = built_generator(upsample=upsample), built_discriminator()
    own = {weight.path for weight in generator.to_image.trainable_weights}
    assert [w.path in own for w in generator.trainable_weights if w.name == "bias"] == [True]
    first, *others = discriminator.convolutions
    assert biases(discriminator) == [first.name, discriminator.to_logits.name]
    assert others


def test_every_layer_has_a_bias_where_there_is_no_norm():
    for network in (
        built_generator(normalization="none"),
        built_discriminator(normalization="none"),
    ):
        kernels = [w for w in network.trainable_weights if w.name == "kernel"]
        assert len(biases(network)) == len(kernels) > 1
        assert len(network.weights) == 2 * len(kernels)


@pytest.mark.parametrize(
    "name, layer",
    [
        ("batch", BatchNormalization),
        ("layer", layers.GroupNormalization),
        ("none", layers.Identity),
    ],
)
def test_the_named_norm_stands_behind_every_layer_but_those_at_the_images(name, layer):
    assert [type(norm) for norm in built_generator(56, normalization=name).norms] == [layer] * 3
    norms = built_discriminator(56, normalization=name).norms
    assert [type(norm) for norm in norms] == [layers.Identity, layer, layer]


def test_the_dense_head_lets_every_latent_reach_every_pixel():
    generator = built_generator(head="dense")
    assert generator.mix_pixels.kernel.shape == (28 * 28, 28 * 28)
    conv = built_generator(head="conv")
    assert conv.count_params() + (28 * 28) ** 2 == generator.count_params()


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_images_do_not_depend_on_their_batch_at_inference(normalization):
    generator = built_generator(normalization=normalization)
    discriminator = built_discriminator(normalization=normalization, dropout=0.5)
    for network, batch in ((generator, latents()), (discriminator, pictures())):
        randomise(network)
        together = np.asarray(network(batch, training=False))
        alone = np.concatenate([network(one[None], training=False) for one in batch])
        np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)
        assert np.ptp(together, axis=0).max() > 1e-4


def test_batch_statistics_are_used_in_training_and_remembered():
    generator = built_generator()
    norm = generator.norms[0]
    before = norm.get_weights()[-2:]
    trained = np.asarray(generator(latents(), training=True))
    mean, variance = norm.get_weights()[-2:]
    assert (mean != before[0]).any() and (variance != before[1]).any()
    alone = np.asarray(generator(latents()[:1], training=True))
    assert np.abs(trained[:1] - alone).max() > 1e-4


def test_dropout_acts_in_training_only():
    plain = built_discriminator(normalization="none", dropout=0.0)
    randomise(plain)
    dropping = built_discriminator(normalization="none", dropout=0.5)
    dropping.set_weights(plain.get_weights())
    expected = np.asarray(plain(pictures(), training=False))
    np.testing.assert_array_equal(plain(pictures(), training=True), expected)
    np.testing.assert_array_equal(dropping(pictures(), training=False), expected)
    first, second = (np.asarray(dropping(pictures(), training=True)) for _ in range(2))
    assert (first != second).any() and (first != expected).any()


NETWORKS = {
    "generator": lambda: built_generator(activation="swish", normalization="layer", head="dense"),
    "batch norm generator": built_generator,
    "discriminator": lambda: built_discriminator(activation="gelu", dropout=0.2, kernel_size=5),
}


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_a_config_makes_the_same_network_again(make):
    network = make()
    again = type(network).from_config(network.get_config())
    assert again.get_config() == network.get_config()
    again.build((None, LATENT_DIM) if isinstance(network, Generator) else (None, 28, 28, 1))
    assert [w.shape for w in again.weights] == [w.shape for w in network.weights]


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_a_saved_network_gives_the_same_after_loading(make, tmp_path):
    network = make()
    randomise(network)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    assert type(loaded) is type(network)
    batch = latents() if isinstance(network, Generator) else pictures()
    np.testing.assert_array_equal(loaded(batch, training=False), network(batch, training=False))


@pytest.mark.parametrize("network", [Generator, Discriminator])
@pytest.mark.parametrize(
    "argument, value", [("image_size", 44), ("normalization", "batches"), ("activation", "nonesuch")]
)
def test_wrong_arguments_are_refused(network, argument, value):
    with pytest.raises(ValueError, match=str(value)):
        network(**{argument: value})


@pytest.mark.parametrize(
    "network, wrong",
    [
        (Generator, {"head": "both"}),
        (Discriminator, {"dropout": -0.1}),
        (Discriminator, {"dropout": 1.0}),
        (Discriminator, {"normalization": "batches", "image_size": 8}),
        (Generator, {"normalization": "spectral"}),
        (Generator, {"upsample": "bilinear"}),
    ],
    ids=str,
)
def test_wrong_arguments_of_one_network_are_refused(network, wrong):
    name, value = next(iter(wrong.items()))
    with pytest.raises(ValueError, match=f"{name}={value!r}|Received: rate={value}"):
        network(**wrong)


def test_the_parameters_of_radfords_layout_are_as_computed_by_hand():
    # 64 pixels, 128 channels at the largest map: 1024 at the smallest, kernels of 5, no bias before a norm.
    generator = Generator(64, 100, base_channels=128, kernel_size=5)
    generator.build((None, 100))
    channels = [1024, 512, 256, 128]
    kernels = 100 * 4 * 4 * 1024 + sum(25 * a * b for a, b in itertools.pairwise(channels)) + 25 * 128
    assert generator.count_params() == kernels + 1 + 4 * sum(channels)
