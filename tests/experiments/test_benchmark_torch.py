"""PyTorch's networks and losses are those of this package."""

import numpy as np
import pytest
import tensorflow as tf

from covid_gan import build
from covid_gan.config import Config
from covid_gan.penalties.gradients import gradient_penalty
from experiments.bench.cells import Cell

torch = pytest.importorskip("torch", reason="PyTorch is the extra `bench`")
from experiments.bench import torch_step  # noqa: E402

SETTINGS = dict(image_size=16, base_channels=4, batch_size=4, latent_dim=8, precision="float32", augment=(),
                dataset="lung_phantom", dropout=0.0)  # fmt: skip
CELLS = {
    "dcgan": dict(model="dcgan"),
    "wgan_gp": dict(model="wgan_gp"),
    "transposed": dict(model="wgan_gp", upsample="transpose", activation="swish"),
}


@pytest.fixture(params=CELLS)
def cell(request):
    return Cell(Config().replace(**SETTINGS | CELLS[request.param]))


@pytest.fixture
def pair(cell):
    """The GAN of a cell, and the step in PyTorch with its weights."""
    gan = build.gan_from(cell.config)
    step = torch_step.TorchStep(cell, np.zeros((cell.images_per_step, 16, 16, 1), np.uint8), bfloat16=False)
    for ours, theirs in ((gan.generator, step.generator), (gan.discriminator, step.discriminator)):
        give(ours, theirs)
    return gan, step


def give(ours, theirs):
    """Copies weights: kernels [h, w, in, out] become [out, in, h, w], matrices their transpose."""
    layers = [layer for layer in ours._flatten_layers() if layer.weights and not list(layer._layers)]
    modules = [m for m in theirs.modules() if list(m.parameters(recurse=False))]
    shapes = {len(layers), len(modules)}
    assert len(shapes) == 1
    # Each kind of layer stands in the order of the network; the kinds themselves in another.
    kind = lambda weights: max(len(w.shape) for w in weights)  # noqa: E731
    for size in (1, 2, 4):
        own = [layer.trainable_weights for layer in layers if kind(layer.trainable_weights) == size]
        other = [list(m.parameters()) for m in modules if kind(list(m.parameters())) == size]
        for weights, parameters in zip(own, other, strict=True):
            for weight, parameter in zip(weights, parameters, strict=True):
                value = np.asarray(weight)
                value = value.T if value.ndim == 2 else value
                value = value.transpose(3, 2, 0, 1) if value.ndim == 4 else value
                with torch.no_grad():
                    parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)))


def to_torch(images):
    return torch.from_numpy(np.ascontiguousarray(np.asarray(images).transpose(0, 3, 1, 2)))


def test_the_same_weights_make_the_same_images_and_logits(pair):
    gan, step = pair
    latents = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
    images = gan.generator(latents, training=True).numpy()
    theirs = step.generator(torch.from_numpy(latents)).detach().numpy().transpose(0, 2, 3, 1)
    assert images.std() > 1e-4
    np.testing.assert_allclose(theirs, images, atol=1e-5)
    scans = np.random.default_rng(1).uniform(-1, 1, (5, 16, 16, 1)).astype(np.float32)
    logits = gan.discriminator(scans, training=True).numpy()
    np.testing.assert_allclose(step.discriminator(to_torch(scans)).detach().numpy(), logits, atol=1e-5)


def test_the_same_loss_of_the_discriminator(pair, cell, monkeypatch):
    gan, step = pair
    rng = np.random.default_rng(2)
    real, fake = rng.uniform(-1, 1, (2, 5, 16, 16, 1)).astype(np.float32)
    critic = lambda x: gan.discriminator(x, training=True)  # noqa: E731
    if cell.config.model.model == "dcgan":
        ours = gan.loss_pair.discriminator(critic(real), critic(fake))
    else:
        epsilon = rng.uniform(size=(5, 1, 1, 1)).astype(np.float32)
        monkeypatch.setattr(torch, "rand", lambda *shape, **where: torch.from_numpy(epsilon))
        penalty, _ = gradient_penalty(critic, real, fake, epsilon)
        ours = tf.reduce_mean(critic(fake)) - tf.reduce_mean(critic(real)) + gan.penalty_weight * penalty
    theirs = step.game(to_torch(real), to_torch(fake))
    assert float(theirs.detach()) == pytest.approx(float(ours), rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("bfloat16", [False, True])
def test_a_step_moves_all_kernels_of_both_players_and_the_average(cell, bfloat16):
    pictures = np.random.default_rng(0).integers(0, 256, (cell.images_per_step, 16, 16, 1), np.uint8)
    step = torch_step.TorchStep(cell, pictures, bfloat16)
    players = (step.generator, step.discriminator, step.average)
    # Not the biases: that of the logits is no part of a difference of logits.
    kernels = [[p for p in player.parameters() if p.ndim > 1] for player in players]
    before = [[kernel.detach().clone() for kernel in own] for own in kernels]
    assert all(np.isfinite(value) for value in step().values())
    for own, olds in zip(kernels, before, strict=True):
        assert own and all((new != old).any() for new, old in zip(own, olds, strict=True))


@pytest.mark.parametrize(
    "settings, why",
    [
        (dict(kernel_size=5), "kernels of 4"),
        (dict(generator_head="dense"), "conv"),
        (dict(discriminator_normalization="spectral"), "normalisation"),
        (dict(augment=("translation",)), "augmentation"),
        (dict(loss="hinge"), "non-saturating"),
        (dict(model="wgan"), "wgan is not written"),
    ],
)
def test_what_is_not_written_for_pytorch_is_said(settings, why):
    assert why in torch_step.refusal(Cell(Config().replace(**SETTINGS | settings)))
