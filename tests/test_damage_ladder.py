"""Known damage, and which measure is said to catch it."""

import numpy as np
import pytest

from covid_gan import metrics
from experiments import damage_ladder, damages
from experiments.damage_ladder import Response
from experiments.damages import DAMAGES

# What an amount of each damage is that leaves every image as it was.
NONE = dict.fromkeys(DAMAGES, 0) | {"modes": 24}
del NONE["shuffled"]  # two patches at least


@pytest.fixture(scope="module")
def images():
    """Smooth blobs between black margins, none near white: uint8 [24, 32, 32, 1]."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(40, 200, (24, 4, 4, 1)).repeat(8, axis=1).repeat(8, axis=2)
    return damages.blur(coarse.astype(np.uint8), 4.0, None, 0)


def applied(name, images, amount, seed=0):
    return DAMAGES[name].apply(images, amount, 255 - images, seed)


@pytest.mark.parametrize("name", NONE)
def test_no_amount_no_damage(name, images):
    damaged = applied(name, images, NONE[name])
    assert sorted(i.tobytes() for i in damaged) == sorted(i.tobytes() for i in images)


@pytest.mark.parametrize("name", DAMAGES)
def test_the_greatest_amount_damages_and_the_seed_decides_how(name, images):
    before, amount = images.copy(), DAMAGES[name].amounts[-1]
    damaged = applied(name, images, amount)
    assert damaged.shape == images.shape and damaged.dtype == np.uint8
    assert (damaged != images).any()
    np.testing.assert_array_equal(damaged, applied(name, images, amount))
    np.testing.assert_array_equal(images, before)


def test_damage_is_what_it_says(images):
    grey = images.astype(float)
    assert (applied("noise", images, 8) - grey).std() == pytest.approx(8, rel=0.03)
    board = applied("checkerboard", images, 15) - grey
    assert (np.abs(board) == 15).all() and (board[:, 0, 0] == -board[:, 0, 1]).all()
    halved = applied("contrast", images, 0.5).astype(float)
    assert halved.std(axis=(1, 2)) == pytest.approx(grey.std(axis=(1, 2)) / 2, rel=0.02)
    assert halved.mean() == pytest.approx(grey.mean(), abs=0.5)
    assert applied("gamma", images, 0.4).mean() < grey.mean() - 10
    assert len(np.unique(applied("modes", images, 3), axis=0)) == 3
    assert np.isin(applied("copies", images, 1.0), 255 - images).all()
    np.testing.assert_array_equal(applied("pasted", images, 1.0)[:, :, 16:], images[:, :, :16])
    np.testing.assert_array_equal(applied("upside down", images, 1.0), images[:, ::-1])
    half = applied("upside down", images, 0.5)
    assert (half == images).all(axis=(1, 2, 3)).sum() == 12


def test_shuffling_moves_patches_and_changes_none(images):
    def patches(of):
        return sorted(p.tobytes() for p in of.reshape(4, 8, 4, 8).swapaxes(1, 2).reshape(16, 8, 8))

    moved = applied("shuffled", images, 1.0)
    for before, after in zip(images, moved):
        assert patches(before) == patches(after)
        assert (before != after).mean() > 0.7


def test_a_warp_bends_by_its_amount():
    """The mean change of a ramp of one grey level a pixel is the bend in pixels."""
    ramp = np.tile(np.arange(100, 164, dtype=np.uint8)[:, None, None], (8, 1, 64, 1))
    change = applied("warped", ramp, 2).astype(float) - ramp
    assert np.sqrt((change**2).mean()) == pytest.approx(2, rel=0.15)


def test_caught_means_in_order_and_beyond_chance():
    assert Response(np.array([0.0, 1, 2, 9]), 1.0).caught
    assert Response(np.array([0.1, 0, 2, 3, 9]), 1.0).correlation == 0.9  # one exchange of neighbours
    assert not Response(np.array([0.0, 1, 2, 2.5]), 1.0).caught  # within chance
    assert not Response(np.array([0.0, 5, 3, 9]), 1.0).caught  # not in order
    assert not Response(np.array([9.0, 6, 3, 0]), 1.0).caught  # it finds damage better
    assert Response(np.zeros(4), 0.0).correlation == 0 and not Response(np.zeros(4), 0.0).caught


def test_badness_knows_the_direction():
    levels = [[{metrics.SPECTRUM: 0.1, metrics.DISTINCT: 50.0, metrics.DIVERSITY: 1.0}] * 2,
              [{metrics.SPECTRUM: 0.3, metrics.DISTINCT: 20.0, metrics.DIVERSITY: 0.7}] * 2]  # fmt: skip
    for key in levels[0][0]:
        badness = damage_ladder._response(key, levels[0], levels).badness
        assert badness[1] > badness[0], key
    upwards = [levels[0], [{metrics.DIVERSITY: 1.4}] * 2]
    assert damage_ladder._response(metrics.DIVERSITY, levels[0], upwards).badness[1] == pytest.approx(0.4)


@pytest.fixture(scope="module")
def found():
    """Responses of two measures that catch everything, but for one rung each."""

    def response(good):
        return lambda n: Response(np.arange(n + 1.0) * (1 if good else -1), 0.1)

    return {
        name: {"kid_x-1": response(name != "blur")(len(damage.amounts)),
               "spectrum": response(name != "noise")(len(damage.amounts))}
        for name, damage in DAMAGES.items()
    }  # fmt: skip


def test_what_nobody_catches_is_named(found):
    assert damage_ladder.uncaught(found, "x-1") == []
    assert damage_ladder.uncaught(found, "y-2") == ["shuffled", "pasted", "warped", "upside down"]
    missed = Response(np.zeros(5), 1.0)
    assert damage_ladder.uncaught(found | {"noise": {"kid_x-1": missed}}, "x-1") == ["noise"]


def test_tables_and_figure_show_every_rung(found, tmp_path):
    table = damage_ladder.table(found).splitlines()
    assert len(table) == 2 + len(DAMAGES)
    assert table[2] == "| blur | -1.00 | **1.00** |"
    values = damage_ladder.values_table(found, "kid_x-1").splitlines()
    assert len(values) == 2 + len(DAMAGES) and "30 → 4.000 (40.0)" in values[4]
    damage_ladder.figure(found).savefig(tmp_path / "ladder.png", dpi=80)
    assert 5_000 < (tmp_path / "ladder.png").stat().st_size < 150_000


@pytest.mark.slow
def test_a_short_trained_encoder_sees_damage_to_real_scans(covid_ct_files, tmp_path):
    """Of 60 steps, on scans that it has not seen; the ladder of the report is of 1,200."""
    import io

    from covid_gan import data
    from covid_gan.config import Config
    from covid_gan.features import pretext
    from covid_gan.images import normalise

    config = Config().replace(
        dataset="covid_ct", manual_dir=str(covid_ct_files), data_dir=str(tmp_path), classes=()
    )
    train, test = (data.load(config.replace(split=s))[1].images.numpy() for s in ("train", "test"))
    model = pretext.train(train, seed=0, steps=60, stream=io.StringIO())

    def features(images):
        return model.predict(normalise(images), verbose=0)

    real, other = test[::2], test[1::2]
    for name in ("blur", "checkerboard", "contrast", "shuffled", "pasted"):
        damage, reference = DAMAGES[name], features(real)
        levels = [other, *(damage.apply(other, amount, None, 0) for amount in damage.amounts)]
        kid = np.array([metrics.kernel_distance(reference, features(level)) for level in levels])
        assert Response(kid, spread=0.02).caught, (name, kid)
