"""Checkpoints: whole or absent, all of the state, a fall back to the one before."""

import logging

import numpy as np
import pytest
import tensorflow as tf

from covid_gan import build
from covid_gan.checkpoint_files import restore_generator
from covid_gan.errors import RunError
from covid_gan.training.checkpoints import Checkpoints, nbytes
from covid_gan.training.watch import Watch


@pytest.fixture
def gan(tiny_config):
    return build.gan_from(tiny_config)


def steps(gan, count):
    for _ in range(count):
        gan.train_step(tf.random.stateless_uniform([4, 16, 16, 1], [1, int(gan.step)], -1, 1))


def names(checkpoints):
    return [path.name for path in checkpoints.paths()]


def test_restores_every_variable(gan, tiny_config, tmp_path):
    checkpoints = Checkpoints(tmp_path, gan)
    steps(gan, 2)
    checkpoints.save()
    saved = [v.numpy().copy() for v in gan.variables]
    steps(gan, 1)
    assert any((v.numpy().copy() != s).any() for v, s in zip(gan.variables, saved))
    assert checkpoints.restore_newest() == 2
    other = build.gan_from(tiny_config.replace(seed=5))
    Checkpoints(tmp_path, other).restore_newest()
    for restored in (gan, other):
        for variable, expected in zip(restored.variables, saved, strict=True):
            np.testing.assert_array_equal(variable, expected)


def test_keeps_the_newest_and_the_milestones(gan, tmp_path):
    checkpoints = Checkpoints(tmp_path, gan, keep=2, milestone_every=2)
    for _ in range(7):
        steps(gan, 1)
        checkpoints.save()
    assert names(checkpoints) == [
        "step-00000007", "milestone-00000006", "milestone-00000004", "milestone-00000002"
    ]  # fmt: skip
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_a_damaged_newest_falls_back_to_the_one_before(gan, tmp_path, caplog, damage):
    checkpoints = Checkpoints(tmp_path, gan)
    steps(gan, 1)
    checkpoints.save()
    before = [w.numpy().copy() for w in gan.generator.weights]
    steps(gan, 1)
    file = next(checkpoints.save().glob("*.data-*"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    {
        "flip": lambda: file.write_bytes(content),
        "truncate": lambda: file.write_bytes(content[: len(content) // 2]),
        "remove": file.unlink,
    }[damage]()
    logging.getLogger("covid_gan").propagate = True
    assert checkpoints.restore_newest() == 1
    assert "step-00000002 cannot be read" in caplog.text
    assert names(checkpoints) == ["step-00000001"]  # the other one was set aside
    for weight, expected in zip(gan.generator.weights, before):
        np.testing.assert_array_equal(weight, expected)


def test_what_was_damaged_is_saved_anew_and_costs_no_good_one(gan, tmp_path):
    checkpoints = Checkpoints(tmp_path, gan, keep=1)
    for _ in range(2):
        steps(gan, 1)
        checkpoints.save()
        checkpoints.keep = 2
    next((tmp_path / "step-00000002").glob("*.data-*")).write_bytes(b"")
    checkpoints.keep = 1
    assert checkpoints.restore_newest() == 1
    steps(gan, 1)
    checkpoints.save()
    assert names(checkpoints) == ["step-00000002"]
    assert checkpoints.restore_newest() == 2


def test_a_generator_is_restored_alone(gan, tiny_config, tmp_path):
    steps(gan, 2)
    Checkpoints(tmp_path, gan).save()
    for raw, source in ((False, gan.ema_generator), (True, gan.generator)):
        generator, _ = build.networks_from(tiny_config.model)
        generator.build((None, generator.latent_dim))
        assert restore_generator(tmp_path, generator, raw) == 2
        for weight, expected in zip(generator.weights, source.weights, strict=True):
            np.testing.assert_array_equal(weight, expected)


def test_a_checkpoint_from_before_there_were_guards_is_restored_and_healthy(gan, tmp_path):
    older = Checkpoints(tmp_path, gan)
    older._later = {}
    steps(gan, 1)
    older.save()
    gan.restarts.assign(2)
    newer = Checkpoints(tmp_path, gan, watch=Watch(gan, np.zeros([2, 16, 16, 1], np.uint8)))
    assert newer.restore_newest() == newer.restore_healthy() == 1
    assert int(gan.restarts) == 0


def test_a_suspect_checkpoint_is_not_healthy(gan, tmp_path):
    watch = Watch(gan, np.zeros([2, 16, 16, 1], np.uint8))
    checkpoints = Checkpoints(tmp_path, gan, keep=9, watch=watch)
    for suspect in (0, 1, 0, 1):
        steps(gan, 1)
        watch.memory["suspect"][0].assign(suspect)
        checkpoints.save()
    assert checkpoints.healthy_steps() == {1, 3} and checkpoints.restore_healthy() == 3


def test_the_best_is_kept_until_another_is(gan, tmp_path):
    checkpoints = Checkpoints(tmp_path, gan, keep=1, milestone_every=2)
    for best in (1, 1, 3, 3, 2):
        steps(gan, 1)
        checkpoints.save()
        checkpoints.mark_best(best)
    assert names(checkpoints) == ["step-00000005", "milestone-00000004", "best-00000002"]
    checkpoints.mark_best(5)
    assert names(checkpoints) == ["best-00000005", "milestone-00000004", "milestone-00000002"]
    assert checkpoints.save() == tmp_path / "best-00000005"  # there is one of this step already
    checkpoints.mark_best(None)
    assert names(checkpoints)[0] == "step-00000005"


def test_no_readable_checkpoint_is_an_error(gan, tmp_path):
    checkpoints = Checkpoints(tmp_path, gan)
    assert checkpoints.restore_newest() == 0
    steps(gan, 1)
    for file in checkpoints.save().iterdir():
        file.write_bytes(b"")
    with pytest.raises(RunError, match="none of these can be read: "):
        checkpoints.restore_newest()


def test_other_networks_do_not_match(gan, tiny_config, tmp_path):
    steps(gan, 1)
    Checkpoints(tmp_path, gan).save()
    wider = build.gan_from(tiny_config.replace(base_channels=8))
    with pytest.raises(RunError, match="does not fit"):
        Checkpoints(tmp_path, wider).restore_newest()
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]  # and it stays a checkpoint


def test_a_failed_save_leaves_the_ones_before(gan, tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path, gan)
    steps(gan, 1)
    checkpoints.save()
    steps(gan, 1)

    def full(self, path):
        (tmp_path / ".draft-step-00000002" / "half").write_bytes(b"x")
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tf.train.Checkpoint, "write", full)
    with pytest.raises(RunError, match="No space left.*last good checkpoint is .*step-00000001"):
        checkpoints.save()
    assert [p.name for p in tmp_path.iterdir()] == ["step-00000001"]


def test_nbytes_is_the_size_on_disk(gan, tmp_path):
    checkpoints = Checkpoints(tmp_path, gan)
    size = sum(f.stat().st_size for f in checkpoints.save().glob("*.data-*"))
    assert size == pytest.approx(nbytes(gan), abs=20_000)  # the names of the variables
