"""Phantoms in three dimensions: one patient from apex to base, coherent from slice to slice."""

from pathlib import Path

import numpy as np
import pytest

from tfds_covidct.lung_phantom import make_volume
from tfds_covidct.lung_phantom.volumes import patches, trees
from tfds_covidct.lung_phantom.volumes.space import ball, make_space, smooth_path, tube

SHAPE = (48, 48, 48)
REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "volumes"


@pytest.fixture(scope="module")
def healthy():
    return [make_volume(index, shape=SHAPE) for index in range(5)]


@pytest.fixture(scope="module")
def ill():
    return [make_volume(index, covid=True, shape=SHAPE) for index in range(5)]


@pytest.fixture(scope="module")
def worse():
    severities = (0.0, 0.2, 0.5, 0.8, 1.0)
    return [make_volume(2, covid=True, severity=severity, shape=SHAPE) for severity in severities]


def test_shapes_types_and_ranges(healthy, ill):
    for volume in healthy + ill:
        assert volume.hu.dtype == np.int16 and volume.hu.shape == SHAPE
        assert volume.hu.min() < -950 and 300 < volume.hu.max() <= 3071
        for mask in (volume.lung_mask, volume.lesion_mask):
            assert mask.dtype == np.uint8 and mask.shape == SHAPE
            assert set(np.unique(mask)) <= {0, 1}
        thickness, rows, columns = volume.spacing
        assert rows == columns and 300 < 48 * rows < 520 and 220 < 48 * thickness < 480


@pytest.mark.parametrize("shape", [(64, 64, 64), (48, 128, 128)])
def test_the_sizes_of_the_data_set(shape):
    volume = make_volume(1, covid=True, severity=0.4, shape=shape)
    assert volume.hu.shape == volume.lung_mask.shape == volume.lesion_mask.shape == shape


def test_the_same_arguments_give_the_same_bytes(ill):
    again = make_volume(3, covid=True, shape=SHAPE)
    for name in ("hu", "lung_mask", "lesion_mask"):
        assert getattr(again, name).tobytes() == getattr(ill[3], name).tobytes()
    assert make_volume(3, seed=1, covid=True, shape=SHAPE).hu.tobytes() != again.hu.tobytes()


def test_neighbouring_slices_look_alike_but_are_not_the_same(healthy):
    for volume in healthy:
        grey = np.clip(volume.hu, -1000, 400).reshape(len(volume.hu), -1)
        near = [np.corrcoef(pair)[0, 1] for pair in zip(grey, grey[1:])]
        assert 0.92 < min(near) and np.mean(near) < 0.995
        assert np.corrcoef(grey[10], grey[38])[0, 1] < min(near)


def _mean_correlation(slices):
    """Returns the mean correlation of neighbours among [D, H, W] in HU."""
    grey = np.clip(slices, -1000, 400).reshape(len(slices), -1)
    return np.mean([np.corrcoef(pair)[0, 1] for pair in zip(grey, grey[1:])])


def test_slices_follow_each_other_as_in_real_scans():
    """At about 3 mm by 5 mm; measured: 0.95 to 0.97 in the scans, 0.98 in the phantoms."""
    nibabel = pytest.importorskip("nibabel")
    files = [path for path in sorted(REAL.glob("*.nii.gz")) if "lung" not in path.name]
    if not files:
        pytest.skip(f"no real CT volumes in {REAL}")
    real = [_mean_correlation(np.moveaxis(nibabel.load(path).get_fdata(), 2, 0)) for path in files]
    drawn = [_mean_correlation(make_volume(index, shape=(64, 128, 128)).hu) for index in range(2)]
    assert np.mean(drawn) == pytest.approx(np.mean(real), abs=0.03)


def _part_sizes(mask):
    """Returns how many voxels each connected part of a mask has, the largest first."""
    names = np.pad(np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0), 1)
    before = None
    while before is None or (names != before).any():
        before = names.copy()
        for axis in range(3):
            for step in (-1, 1):
                names = np.where(names > 0, np.maximum(names, np.roll(names, step, axis)), 0)
    return np.sort(np.unique(names[names > 0], return_counts=True)[1])[::-1]


def test_lungs_are_two_whole_bodies_of_a_chests_size(healthy):
    for volume in healthy:
        litres = _part_sizes(volume.lung_mask) * np.prod(volume.spacing) / 1e6
        if len(litres) > 1 and litres[1] > 0.3:  # Where they touch in front of the heart they are one.
            assert litres[0] < 2.5 * litres[1]
        assert 2.0 < litres.sum() < 8.0 and litres[:2].sum() > 0.97 * litres.sum()
        right = volume.lung_mask[:, :, :24].sum() / volume.lung_mask.sum()
        assert 0.35 < right < 0.7


def test_lungs_taper_to_the_apex_and_end_above_the_last_slice(healthy):
    for volume in healthy:
        areas = volume.lung_mask.sum((1, 2))
        assert areas[0] == 0 and areas[-1] < 0.1 * areas.max()
        top, widest = np.flatnonzero(areas)[0], int(areas.argmax())
        assert areas[top] < 0.25 * areas.max() and 0.4 < widest / len(areas) < 0.85
        assert (np.diff(areas[top : widest - 8]) > -0.05 * areas.max()).all()


def test_the_first_slice_is_the_uppermost_and_the_rows_go_to_the_back(healthy):
    """The liver is below and on the right of the patient, which is the left of a slice; the spine behind."""
    for volume in healthy:
        assert volume.hu[-4, 14:34, 12:22].mean() > 20
        rows, columns = np.nonzero((volume.hu > 200).sum(0) > 20)  # bone in many slices: the spine
        assert rows.mean() > 26 and 20 < columns.mean() < 28


def test_windpipe_runs_through_the_upper_slices(healthy):
    for volume in healthy:
        air = (volume.hu < -500) & (volume.lung_mask == 0)
        middle = air[4:14, 14:30, 18:30]
        assert middle.any((1, 2)).all()


def test_ribs_slope_and_spine_repeats(healthy):
    """Bone comes and goes along the side of the chest; in the spine it stays."""
    for volume in healthy:
        bone = volume.hu > 250
        spine = bone[6:42, 26:42, 20:28].any((1, 2))
        assert spine.mean() > 0.9
        assert len(_part_sizes(bone[:, :, :12])) >= 4


def test_lesions_lie_in_the_lungs_and_are_denser(ill):
    for volume in ill:
        lesion, lung = volume.lesion_mask == 1, volume.lung_mask == 1
        assert lesion.any() and not (lesion & ~lung).any()
        assert np.median(volume.hu[lesion]) > np.median(volume.hu[lung & ~lesion]) + 150


def test_healthy_has_no_lesions_and_the_same_lungs(healthy, ill):
    for before, after in zip(healthy, ill):
        assert before.severity == 0 and not before.lesion_mask.any()
        np.testing.assert_array_equal(before.lung_mask, after.lung_mask)


def test_lesions_are_bodies_rather_than_slices(worse):
    for volume in worse[1:]:
        between = volume.lesion_mask[1:] & volume.lesion_mask[:-1]
        assert between.sum() > 0.6 * volume.lesion_mask.sum()


def test_lesions_grow_with_severity_and_none_heals(worse):
    volumes = [int(volume.lesion_mask.sum()) for volume in worse]
    assert all(less < more for less, more in zip(volumes, volumes[1:]))
    for milder, graver in zip(worse, worse[1:]):
        assert not (milder.lesion_mask & ~graver.lesion_mask & 1).any()


def test_severity_is_a_known_share_of_the_lungs(worse):
    for volume in worse:
        share = volume.lesion_mask.sum() / volume.lung_mask.sum()
        assert share == pytest.approx(patches.lesion_share(volume.severity), abs=0.002)


def test_a_finer_grid_shows_the_same_patient():
    coarse = make_volume(4, shape=(32, 32, 32))
    fine = make_volume(4, shape=(64, 64, 64))
    litres = [v.lung_mask.sum() * np.prod(v.spacing) / 1e6 for v in (coarse, fine)]
    assert litres[0] == pytest.approx(litres[1], rel=0.06)
    np.testing.assert_allclose(np.multiply(coarse.spacing, 0.5), fine.spacing, rtol=1e-6)


@pytest.fixture(scope="module")
def space():
    return make_space((20, 24, 28), 2.0, 3.0, -28.5, (0.0, 0.0), 0.3)


def test_ball_has_its_volume_and_a_tilt_keeps_it(space):
    voxel = space.spacing**2 * space.thickness
    for tilt, lean in ((0, 0), (0.7, 0), (0.7, 0.4)):
        inside = ball(space, (0, 0, 0), (18, 14, 12), tilt=tilt, lean=lean) > 0
        assert inside.sum() * voxel == pytest.approx(4 / 3 * np.pi * 18 * 14 * 12, rel=0.03)


def test_tube_knows_the_distance(space):
    depth = tube(space, [(0, 0, -40), (0, 0, 40)], 5.0)
    np.testing.assert_allclose(depth, 5 - np.hypot(space.x, space.y), atol=1e-4)
    tapered = tube(space, [(0, 0, -28.5), (0, 0, 28.5)], [3.0, 9.0])
    assert (np.diff((tapered > 0).sum((1, 2))) >= 0).all()


def test_smooth_path_goes_through_its_points():
    points = [(0, 0, 0), (5, 1, 0), (7, 7, 2), (0, 9, 4)]
    path = smooth_path(points, steps=4)
    np.testing.assert_allclose(path[::4], points, atol=1e-12)
    assert len(path) == 13


def test_noise_is_coherent_over_its_scale(space):
    big = make_space((40, 64, 64), 3.0, 5.0, 0.0, (0.0, 0.0), 0.0)
    noise = big.noise(np.random.default_rng(0), 30)
    assert abs(noise.mean()) < 0.3 and 0.7 < noise.std() < 1.3
    along_z = np.corrcoef(noise[:-1].ravel(), noise[1:].ravel())[0, 1]
    along_x = np.corrcoef(noise[..., :-5].ravel(), noise[..., 5:].ravel())[0, 1]  # 15 mm
    assert along_z > 0.9 and 0.2 < along_x < along_z


def test_deposits_are_kept_where_they_fall(space):
    points = space.to_voxels(np.array([[space.x[4, 5, 6], space.y[4, 5, 6], space.z[4, 0, 0]]]))
    np.testing.assert_allclose(points, [[4, 5, 6]], atol=1e-4)
    total = trees.deposit(space.shape, np.array([[4.2, 5.25, 6.0], [0, 0, 0], [50, 0, 0]]), np.ones(3))
    assert total.sum() == pytest.approx(2) and total[0, 0, 0] == 1
    assert total[4, 5, 6] == pytest.approx(0.75) and total[4, 6, 6] == pytest.approx(0.25)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"covid": True, "severity": -0.1}, "severity"),
        ({"severity": 0.5}, "severity"),
        ({"shape": (64, 64)}, "shape"),
        ({"shape": (8, 64, 64)}, "shape"),
    ],
)
def test_refuses_what_makes_no_sense(arguments, message):
    with pytest.raises(ValueError, match=f"`{message}`.*Received"):
        make_volume(0, **arguments)
