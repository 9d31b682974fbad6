"""The same networks and the same sequence of updates in PyTorch, as one writes them there for speed.

Channels last, Adam in one kernel, no gradient that is not used, and bfloat16 by autocast or float32.
PyTorch is the extra `bench`; only this file imports it.
"""

import contextlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from covid_gan import build, penalties
from covid_gan.networks.sizes import doublings
from experiments.bench.cells import Cell

_ACTIVATIONS = {
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "relu": nn.ReLU,
    "swish": nn.SiLU,
    "gelu": nn.GELU,
}


def refusal(cell: Cell) -> str | None:
    """Why a cell cannot be had in PyTorch here; None where it can."""
    config = build.resolve(cell.config)
    model, training = config.model, config.training
    if model.network != "dcgan" or model.kernel_size != 4 or model.generator_head != "conv":
        return "only the networks `dcgan` with kernels of 4 pixels and a `conv` head are written for PyTorch"
    norms = {model.generator_normalization, model.discriminator_normalization}
    if norms - {"batch", "layer", "none"}:
        return "only batch and layer normalisation are written for PyTorch"
    if training.augment or training.generator_steps not in (None, 1):
        return "augmentation and several generator steps are not written for PyTorch"
    if model.model == "dcgan" and (training.loss, training.penalty) != ("non_saturating", "none"):
        return "only the non-saturating loss without a penalty is written for PyTorch"
    return None if model.model in ("dcgan", "wgan_gp") else f"{model.model} is not written for PyTorch"


def _norm(name, channels):
    """The layer that `networks.dcgan` has there, with Keras's epsilon."""
    if name == "batch":
        return nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1)
    return nn.GroupNorm(1, channels, eps=1e-3) if name == "layer" else nn.Identity()


class Generator(nn.Module):
    """`networks.dcgan.Generator`: latents [n, latent_dim] → images [n, 1, S, S] in [-1, 1]."""

    def __init__(self, model):
        super().__init__()
        base, n = doublings(model.image_size)
        channels = [model.base_channels * 2 ** (n - 1 - i) for i in range(n)]
        norm, bias = model.generator_normalization, model.generator_normalization == "none"
        self.base, self.resize = base, model.upsample == "resize"
        self.project = nn.Linear(model.latent_dim, base * base * channels[0], bias=bias)
        self.norms = nn.ModuleList(_norm(norm, c) for c in channels)
        wide = [*channels, 1]
        self.upsamplings = nn.ModuleList(
            self._doubling(wide[i], wide[i + 1], bias or i == n - 1) for i in range(n)
        )
        self.activation = _ACTIVATIONS[model.generator_activation or model.activation]()

    def _doubling(self, inputs, outputs, bias):
        if self.resize:
            return nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, 1, 1, bias=bias))
        return nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=bias)

    def forward(self, latents):
        x = self.project(latents).view(len(latents), self.base, self.base, -1).permute(0, 3, 1, 2)
        for norm, upsample in zip(self.norms, self.upsamplings):
            x = upsample(self.activation(norm(x)))
        return torch.tanh(x.float())


class Discriminator(nn.Module):
    """`networks.dcgan.Discriminator`: images [n, 1, S, S] → logits [n, 1]."""

    def __init__(self, model):
        super().__init__()
        base, n = doublings(model.image_size)
        wide = [1, *(model.base_channels * 2**i for i in range(n))]
        names = ["none"] + [model.discriminator_normalization] * (n - 1)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(wide[i], wide[i + 1], 4, 2, 1, bias=name == "none") for i, name in enumerate(names)
        )
        self.norms = nn.ModuleList(_norm(name, c) for name, c in zip(names, wide[1:]))
        self.activation = _ACTIVATIONS[model.discriminator_activation or model.activation]()
        self.dropout = nn.Dropout(model.dropout)
        self.to_logits = nn.Linear(base * base * wide[-1], 1)

    def forward(self, images):
        x = images
        for convolution, norm in zip(self.convolutions, self.norms):
            x = self.dropout(self.activation(norm(convolution(x))))
        return self.to_logits(x.permute(0, 2, 3, 1).flatten(1).float()).float()


class TorchStep:
    """The step of a cell: called, it makes one and reads its losses.

    Args:
        cell: one for which `refusal` gives None.
        pictures: uint8 [n, S, S, 1], the batch of every step.
        bfloat16: whether convolutions and matrix products are computed in it, by autocast.
    """

    def __init__(self, cell: Cell, pictures: np.ndarray, bfloat16: bool):
        config = build.resolve(cell.config)
        self.training, self.latent_dim = config.training, config.model.latent_dim
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(0)
        self.generator, self.average = (self._placed(Generator(config.model)) for _ in range(2))
        self.discriminator = self._placed(Discriminator(config.model))
        adam = dict(
            lr=self.training.learning_rate,
            betas=(self.training.beta_1, self.training.beta_2),
            eps=1e-7,
            fused=True,
        )
        self.g_optimizer = torch.optim.Adam(self.generator.parameters(), **adam)
        self.d_optimizer = torch.optim.Adam(self.discriminator.parameters(), **adam)
        pictures = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
        self.pictures = pictures.to(self.device, memory_format=torch.channels_last)
        self.bfloat16 = bfloat16
        self.penalty_weight = self.training.penalty_weight or penalties.WEIGHTS["gradient_penalty"]
        self.game = self._gradient_penalty_game if config.model.model == "wgan_gp" else self._game

    def _placed(self, network):
        return network.to(self.device, memory_format=torch.channels_last).train()

    def __call__(self) -> dict[str, float]:
        reals = self.pictures.float() / 127.5 - 1.0
        for real in reals.chunk(self.training.discriminator_steps):
            with torch.no_grad(), self._autocast():
                fake = self.generator(self._latents(len(real)))
            d_loss = self.game(real, fake)
            self._update(self.discriminator, self.d_optimizer, d_loss)
        with self._autocast():
            logits = self.discriminator(self.generator(self._latents(len(real))))
        wasserstein = self.game == self._gradient_penalty_game
        g_loss = -logits.mean() if wasserstein else functional.softplus(-logits).mean()
        self._update(self.generator, self.g_optimizer, g_loss)
        with torch.no_grad():
            weights = [list(network.parameters()) for network in (self.average, self.generator)]
            torch._foreach_lerp_(*weights, 0.01)
        return {"d_loss": d_loss.item(), "g_loss": g_loss.item()}

    def _autocast(self):
        if not self.bfloat16:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def _latents(self, count):
        return torch.randn(count, self.latent_dim, device=self.device)

    def _game(self, real, fake):
        with self._autocast():
            real_logits, fake_logits = self.discriminator(real), self.discriminator(fake)
        return functional.softplus(-real_logits).mean() + functional.softplus(fake_logits).mean()

    def _gradient_penalty_game(self, real, fake):
        epsilon = torch.rand(len(real), 1, 1, 1, device=self.device)
        mixed = (epsilon * real + (1 - epsilon) * fake).requires_grad_()
        with self._autocast():
            real_logits, fake_logits = self.discriminator(real), self.discriminator(fake)
            mixed_logits = self.discriminator(mixed)
        (gradient,) = torch.autograd.grad(mixed_logits.sum(), mixed, create_graph=True)
        norms = (gradient.float().square().sum((1, 2, 3)) + 1e-12).sqrt()
        penalty = (norms - 1).square().mean()
        return fake_logits.mean() - real_logits.mean() + self.penalty_weight * penalty

    def _update(self, network, optimizer, loss):
        optimizer.zero_grad()
        loss.backward(inputs=list(network.parameters()))
        optimizer.step()
