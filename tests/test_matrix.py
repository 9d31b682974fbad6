"""{eager, graph, XLA} × {1, 2 replicas} × {float32, bfloat16} × {dcgan, wgan_gp}: five steps each.

The models are the shipped ones, smaller, with Adam, batch norm, augmentation and their averages. Every cell
starts from the same weights and takes the same images; float32 cells end with the same weights, which are
those of one replica in a graph. `python -m pytest tests/test_matrix.py` prints the table of cells.
"""

import functools

import numpy as np
import pytest
import tensorflow as tf

from covid_gan import build
from covid_gan.compute import strategies
from covid_gan.compute.config import ComputeConfig
from covid_gan.config import Config
from covid_gan.errors import ArgumentError
from covid_gan.training import steps as steps_lib
from covid_gan.training.steps import Steps

# n_critic 2 instead of 5: more of the same takes long to compile.
MODELS = {"dcgan": {}, "wgan_gp": {"discriminator_steps": 2}}
SMALL = dict(image_size=16, latent_dim=8, base_channels=8, batch_size=8, augment=("translation", "cutout"))
STEPS = 5
# ‖Δ‖/‖w‖ for each tensor of all networks, and for all of them together in bfloat16, which has 8 bits:
# a single small tensor may move by a step of Adam's, which follows a gradient's sign.
FLOAT32, BFLOAT16 = 1e-5, 2e-2
NOT_SHARED = dict(generator_normalization="layer", discriminator_normalization="layer")


class Noise:
    """The same batches for every cell, in the place of scans."""

    def batches(self, size, seed, start=0):
        def draw(i):
            return tf.cast(
                tf.random.stateless_uniform([size, 16, 16, 1], [seed, i], 0, 256, tf.int32), tf.uint8
            )

        return tf.data.Dataset.range(start, 2**40).map(draw)


def trained(model, mode, count, precision, **settings):
    """The weights of all three networks after the steps, in order."""
    settings = {**SMALL, **MODELS[model], **settings, "precision": precision}
    settings |= {"xla": "on" if mode == "xla" else "off", "steps": STEPS}
    config = build.resolve(Config().replace(model=model, **settings))
    strategy = strategies.make(ComputeConfig(devices=f"cpu:{count}"))
    with strategy.scope():
        gan = build.gan_from(config)
    tf.config.run_functions_eagerly(mode == "eager")
    try:
        steps = Steps(gan, config, strategy)
        batches = steps.batches(Noise(), 0)
        for _ in range(STEPS):
            steps.take(batches, 1)
    finally:
        tf.config.run_functions_eagerly(False)
    networks = (gan.generator, gan.discriminator, gan.ema_generator)
    return [(weight.path, weight.numpy()) for network in networks for weight in network.weights]


@functools.cache
def reference(model, settings=()):
    return trained(model, "graph", 1, "float32", **dict(settings))


def differences(weights, others):
    """‖Δ‖/‖w‖ of each tensor, and of all together."""
    pairs = [(w, o) for (_, w), (_, o) in zip(weights, others, strict=True)]
    each = [np.linalg.norm(w - o) / max(np.linalg.norm(w), 1e-12) for w, o in pairs]
    whole = [np.concatenate([np.ravel(part) for part in side]) for side in zip(*pairs)]
    return max(each), np.linalg.norm(whole[0] - whole[1]) / np.linalg.norm(whole[0])


@pytest.fixture(scope="module")
def table(request):
    rows = {}
    yield rows
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("\n| model | mode | replicas | precision | after 5 steps |\n|---|---|---|---|---|")
        for cell, result in rows.items():
            print("|", " | ".join(map(str, cell)), "|", result, "|")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("mode", ["eager", "graph", pytest.param("xla", marks=pytest.mark.slow)])
@pytest.mark.parametrize("model", MODELS)
def test_a_cell_agrees_or_says_why_not(model, mode, count, precision, table):
    cell = (model, mode, count, precision)
    if mode == "xla" and count == 2:
        with pytest.raises(ArgumentError, match="cannot compile batch norms that 2 replicas share"):
            trained(*cell)
        table[cell] = "refused: XLA cannot compile batch norms that replicas share"
        return
    each, whole = differences(reference(model), trained(*cell))
    table[cell] = f"‖Δ‖/‖w‖ at most {each:.1e} in a tensor, {whole:.1e} in all"
    if precision == "float32":
        assert each < FLOAT32
    else:
        assert 0 < whole < BFLOAT16


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_xla_on_two_replicas_agrees_where_they_share_no_statistics(model, table):
    settings = {**NOT_SHARED} if model == "dcgan" else {"generator_normalization": "layer"}
    each, whole = differences(
        reference(model, tuple(settings.items())), trained(model, "xla", 2, "float32", **settings)
    )
    table[model, "xla, no batch norm", 2, "float32"] = (
        f"‖Δ‖/‖w‖ at most {each:.1e} in a tensor, {whole:.1e} in all"
    )
    assert each < FLOAT32


@pytest.mark.parametrize(
    "settings",
    [
        dict(penalty="r1_r2", loss="relativistic", discriminator_normalization="none"),
        dict(penalty="gradient_penalty", discriminator_normalization="layer", ada_target=0.6),
        dict(discriminator_normalization="spectral"),
    ],
)
def test_two_replicas_agree_with_penalties_adaptive_changes_and_spectral_norms(settings):
    settings = tuple(settings.items())
    each, _ = differences(
        reference("dcgan", settings), trained("dcgan", "graph", 2, "float32", **dict(settings))
    )
    assert each < FLOAT32


@pytest.mark.slow
def test_xla_on_two_replicas_keeps_batch_norms_apart():
    settings = tuple(dict(sync_batch_norm=False).items())
    plain = trained("dcgan", "graph", 2, "float32", **dict(settings))
    assert differences(plain, trained("dcgan", "xla", 2, "float32", **dict(settings)))[0] < FLOAT32


def test_replicas_with_statistics_of_their_own_differ():
    """Or the matrix would not see what it is for."""
    apart = trained("dcgan", "graph", 2, "float32", sync_batch_norm=False)
    assert differences(reference("dcgan"), apart)[0] > 1e-3


def checked(count, **settings):
    """What keeps XLA from compiling steps on as many replicas."""
    config = build.resolve(Config().replace(**{**SMALL, **settings}))
    strategy = strategies.make(ComputeConfig(devices=f"cpu:{count}"))
    return steps_lib.check(config, strategy, *build.networks_from(config.model))


def test_auto_leaves_xla_off_on_a_cpu_and_says_so_where_replicas_share_batch_norms(caplog):
    alone, shared = checked(1), checked(2)
    assert not steps_lib._xla("auto", alone, accelerated=False)
    assert steps_lib._xla("auto", alone, accelerated=True)
    assert not caplog.records
    assert not steps_lib._xla("auto", shared, accelerated=True)
    assert "--xla=auto is off: it cannot compile batch norms that 2 replicas share" in caplog.text


@pytest.mark.parametrize(
    "settings, argument",
    [
        (dict(batch_size=5), "batch_size"),
        (dict(penalty="consensus"), "penalty"),
        (dict(penalty="dragan"), "penalty"),
        (dict(precision="float16"), "precision"),
    ],
)
def test_what_replicas_cannot_share_is_refused(settings, argument):
    with pytest.raises(ArgumentError) as error:
        checked(2, **settings)
    assert error.value.argument == argument
    checked(1, **settings)


@pytest.mark.parametrize("change", ["rotation", "zoom"])
def test_changes_that_xla_has_no_kernel_for_are_named(change):
    with pytest.raises(ArgumentError, match=f"--augment={change}"):
        checked(1, augment=(change,), xla="on")
