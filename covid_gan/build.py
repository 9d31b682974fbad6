"""From settings to things: the networks and the compiled GAN that a config describes."""

import inspect

import keras

from covid_gan import gans, networks
from covid_gan.config import Config, ModelConfig
from covid_gan.errors import ArgumentError

# A setting's name here, its name as a network's argument there.
_GENERATOR = {
    "image_size": "image_size",
    "latent_dim": "latent_dim",
    "base_channels": "base_channels",
    "generator_activation": "activation",
    "generator_normalization": "normalization",
    "kernel_size": "kernel_size",
    "generator_head": "head",
}
_DISCRIMINATOR = {
    "image_size": "image_size",
    "base_channels": "base_channels",
    "discriminator_activation": "activation",
    "discriminator_normalization": "normalization",
    "dropout": "dropout",
    "kernel_size": "kernel_size",
}


def gan_from(config: Config) -> keras.Model:
    """Returns the built and compiled GAN of a config; its first weights follow from the seed.

    Raises:
        ArgumentError: a setting that the network does not know differs from its default.
    """
    training = config.training
    keras.utils.set_random_seed(training.seed)
    generator, discriminator = networks_from(config.model)
    gan = gans.get(config.model.model)(
        generator,
        discriminator,
        seed=training.seed,
        ema_decay=training.ema_decay,
        generator_steps=training.generator_steps,
    )
    gan.compile(
        generator_optimizer=_adam(training, training.learning_rate),
        discriminator_optimizer=_adam(
            training, training.discriminator_learning_rate or training.learning_rate
        ),
    )
    return gan


def resolve(config: Config) -> Config:
    """Returns the config with None for each setting that its networks do not have.

    Raises:
        ArgumentError: such a setting was given, or another one does not fit the networks.
    """
    networks_from(config.model)
    generator, discriminator = _network_arguments(config.model)
    unknown = _unknown(_known(generator, discriminator))
    return config.replace(**dict.fromkeys(unknown))


def networks_from(config: ModelConfig) -> tuple[keras.Model, keras.Model]:
    """Returns the generator and the discriminator of a config, not yet built.

    Raises:
        ArgumentError: a setting that the network does not know differs from its default.
    """
    generator, discriminator = _network_arguments(config)
    _refuse_unknown(config, _known(generator, discriminator))
    module = networks.get(config.network)
    try:
        return module.Generator(**generator), module.Discriminator(**discriminator)
    except ValueError as error:
        raise ArgumentError(
            "network", f"does not fit the other settings: {error}", config.network
        ) from error


def _network_arguments(config: ModelConfig) -> tuple[dict, dict]:
    module = networks.get(config.network)
    values = {name: getattr(config, name) for name in _GENERATOR | _DISCRIMINATOR}
    for player in ("generator", "discriminator"):
        values[f"{player}_activation"] = values[f"{player}_activation"] or config.activation
    return (
        _arguments(module.Generator, _GENERATOR, values),
        _arguments(module.Discriminator, _DISCRIMINATOR, values),
    )


def _known(generator, discriminator):
    known = _settings_of(generator, _GENERATOR) | _settings_of(discriminator, _DISCRIMINATOR)
    return known | ({"activation"} if any(n.endswith("_activation") for n in known) else set())


def _adam(training, learning_rate):
    return keras.optimizers.Adam(learning_rate, beta_1=training.beta_1, beta_2=training.beta_2)


def _arguments(network, names, values):
    accepted = inspect.signature(network).parameters
    return {argument: values[name] for name, argument in names.items() if argument in accepted}


def _settings_of(arguments, names):
    return {name for name, argument in names.items() if argument in arguments}


def _refuse_unknown(config, known):
    """A published network fixes some settings: another value for one of them would be ignored."""
    for name in _unknown(known):
        value = getattr(config, name)
        if value not in (None, getattr(ModelConfig, name)):
            raise ArgumentError(name, f"does not apply to --network={config.network}; leave it out.", value)


def _unknown(known):
    return [name for name in dict.fromkeys([*_GENERATOR, *_DISCRIMINATOR, "activation"]) if name not in known]
