"""From settings to things: a model's own defaults, the networks, and the compiled GAN of a config."""

import inspect

import keras

from covid_gan import gans, losses, networks, penalties
from covid_gan.compute import precision
from covid_gan.compute.config import AUTO
from covid_gan.config import Config, ModelConfig
from covid_gan.errors import ArgumentError
from covid_gan.gans import replicas
from covid_gan.penalties import pairs

# A setting's name here, its name as a network's argument there.
_GENERATOR = {
    "image_size": "image_size",
    "latent_dim": "latent_dim",
    "base_channels": "base_channels",
    "generator_activation": "activation",
    "generator_normalization": "normalization",
    "kernel_size": "kernel_size",
    "generator_head": "head",
    "upsample": "upsample",
}
_DISCRIMINATOR = {
    "image_size": "image_size",
    "base_channels": "base_channels",
    "discriminator_activation": "activation",
    "discriminator_normalization": "normalization",
    "dropout": "dropout",
    "kernel_size": "kernel_size",
}


# What a GAN is made with beside its networks, where its model has it.
_GAN = (
    "loss", "penalty", "penalty_weight", "discriminator_steps", "generator_steps", "augment", "ada_target",
    "ema_half_life", "ema_decay",
)  # fmt: skip


def gan_from(config: Config) -> keras.Model:
    """Returns the built and compiled GAN of a config; its first weights follow from the seed.

    Raises:
        ArgumentError: a setting does not fit the model, its networks or another setting.
    """
    config = resolve(config)
    training = config.training
    keras.utils.set_random_seed(training.seed)
    in_precision = config.compute.precision
    with precision.policy(in_precision):
        generator, discriminator = networks_from(config.model)
    given = {name: getattr(training, name) for name in _GAN if getattr(training, name) is not None}
    kind = gans.get(config.model.model)
    gan = kind(generator, discriminator, seed=training.seed, **given)
    rate, betas = training.learning_rate, (training.beta_1, training.beta_2)
    discriminator_rate = training.discriminator_learning_rate or rate
    gan.compile(
        generator_optimizer=precision.scaled(kind.optimizer(rate, *betas), in_precision),
        discriminator_optimizer=precision.scaled(kind.optimizer(discriminator_rate, *betas), in_precision),
    )
    if replicas.count() > 1 and config.compute.sync_batch_norm:
        replicas.synchronise(generator, discriminator)
    return gan


def resolve(config: Config) -> Config:
    """Returns the config with the model's own defaults, and None for each setting that is not one of it.

    Raises:
        ArgumentError: a setting does not fit the model, its networks or another setting.
    """
    _, discriminator = networks_from(config.model)
    unknown = _unknown(_known(*_network_arguments(config.model)))
    config = config.replace(**_defaults(config))
    _check_game(config)
    _check_batch_norm(config, discriminator if "discriminator_normalization" in unknown else None)
    return config.replace(**dict.fromkeys(unknown))


def _defaults(config: Config) -> dict:
    """The settings that were not given and that the model has a value for."""
    model, own = config.model.model, gans.DEFAULTS[config.model.model]
    for name in dict.fromkeys(name for defaults in gans.DEFAULTS.values() for name in defaults):
        if name not in own and config.get(name) is not None:
            others = " or ".join(f"--model={m}" for m in gans.GANS if name in gans.DEFAULTS[m])
            message = f"does not apply to --model={model}; leave it out, or take {others}."
            raise ArgumentError(name, message, config.get(name))
    values = {name: value for name, value in own.items() if config.get(name) is None}
    penalty = config.training.penalty or own.get("penalty")
    if "discriminator_normalization" in values and penalty and penalties.get(penalty).term:
        values["discriminator_normalization"] = "layer"
    if "penalty_weight" in values and penalty:
        values["penalty_weight"] = penalties.WEIGHTS.get(penalty)
    if config.training.ema_decay is not None:
        values.pop("ema_half_life", None)
    if config.compute.precision == AUTO:
        values["precision"], _ = precision.suitable()
    return values


def _check_game(config: Config) -> None:
    """Refuses losses, penalties and normalisations that make no sense together, with the reason."""
    training = config.training
    if training.loss:
        if why := pairs.refusal(training.loss, training.penalty):
            raise ArgumentError(
                "penalty", f"does not go with --loss={training.loss}: {why}.", training.penalty
            )
        if training.penalty == "none" and training.penalty_weight is not None:
            raise ArgumentError("penalty_weight", "needs a --penalty.", training.penalty_weight)
    if training.penalty == "consensus":
        _check_consensus(config)
    _check_ada(training)


def _check_consensus(config: Config) -> None:
    training = config.training
    if config.compute.precision == "float16":
        message = "takes gradients of gradients, which float16 cannot scale; take --precision=bfloat16."
        raise ArgumentError("penalty", message, training.penalty)
    if not training.discriminator_steps == training.generator_steps == 1:
        message = "moves both players at once; leave out --discriminator_steps and --generator_steps."
        raise ArgumentError("penalty", message, training.penalty)
    if training.ada_target is not None:
        message = "moves both players at once, with no turn of the discriminator to adapt changes after."
        raise ArgumentError(
            "ada_target", f"does not go with --penalty=consensus: it {message}", training.ada_target
        )


def _check_batch_norm(config: Config, published: keras.Model | None) -> None:
    """Refuses batch norms beside a penalty on gradients, unless they are asked for.

    `published` is a discriminator whose norms are no setting.
    """
    model, penalty = config.model, config.training.penalty
    on_gradients = model.model == "wgan_gp" or (penalty and penalties.get(penalty).term)
    if published:
        argument, present, instead = "network", replicas.batch_norms(published), "--network=dcgan"
    else:
        argument, present = "discriminator_normalization", model.discriminator_normalization == "batch"
        instead = "layer, group, instance, spectral or none"
    if present and on_gradients and not model.allow_batch_norm:
        raise ArgumentError(
            argument,
            "has a batch norm in the discriminator, which mixes the images of a batch, and a penalty on gradients "
            f"is for each image alone (Gulrajani et al. 2017, section 4); take {instead}, or "
            "--allow_batch_norm to see.",
            config.get(argument),
        )


def _check_ada(training) -> None:
    if training.ada_target is None:
        return
    if not training.augment:
        raise ArgumentError(
            "ada_target", "adapts how many images --augment changes; name some.", training.ada_target
        )
    if training.loss is None or losses.get(training.loss).threshold is None:
        message = (
            "needs a discriminator whose sign says real or not; wasserstein's and relativistic's do not."
        )
        raise ArgumentError("ada_target", message, training.ada_target)


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
        raise ArgumentError("network", f"does not fit the other settings: {error}", config.network) from error


def _network_arguments(config: ModelConfig) -> tuple[dict, dict]:
    module = networks.get(config.network)
    values = {name: getattr(config, name) for name in _GENERATOR | _DISCRIMINATOR}
    own = gans.DEFAULTS[config.model]
    values |= {name: own[name] for name in own if name in values and values[name] is None}
    for player in ("generator", "discriminator"):
        values[f"{player}_activation"] = values[f"{player}_activation"] or config.activation
    return (
        _arguments(module.Generator, _GENERATOR, values),
        _arguments(module.Discriminator, _DISCRIMINATOR, values),
    )


def _known(generator, discriminator):
    known = _settings_of(generator, _GENERATOR) | _settings_of(discriminator, _DISCRIMINATOR)
    return known | ({"activation"} if any(n.endswith("_activation") for n in known) else set())


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
