"""Pairs of CT and MR-like slices: one anatomy, pixel by pixel, and two ways to see it."""

import numpy as np
import pytest

from tfds_covidct.lung_phantom import geometry, make_pair, make_phantom, resonance
from tfds_covidct.lung_phantom.tissues import Canvas, Tissue

SIZE = 160
FAT, MUSCLE = (-140, -60), (30, 70)


@pytest.fixture(scope="module")
def pairs():
    return [make_pair(index, covid=index % 2 == 1, size=SIZE) for index in range(12)]


def test_shapes_and_types(pairs):
    for pair in pairs:
        assert 0.5 < pair.spacing < 5
        for array in (pair.mr, pair.body_mask, pair.bone_mask):
            assert array.dtype == np.uint8 and array.shape == pair.ct.hu.shape
        assert set(np.unique(pair.body_mask)) <= {0, 1} and set(np.unique(pair.bone_mask)) == {0, 1}
        assert pair.mr.min() < 30 and pair.mr.max() == 255


def test_the_ct_is_that_of_the_slices(pairs):
    for index, pair in enumerate(pairs[:4]):
        phantom = make_phantom(index, covid=index % 2 == 1, size=SIZE)
        assert pair.ct.hu.tobytes() == phantom.hu.tobytes()
        assert pair.ct.lesion_mask.tobytes() == phantom.lesion_mask.tobytes()
        assert (pair.ct.display, pair.ct.severity) == (phantom.display, phantom.severity)


def test_the_same_arguments_give_the_same_bytes(pairs):
    again = make_pair(3, covid=True, size=SIZE)
    for name in ("mr", "body_mask", "bone_mask"):
        assert getattr(again, name).tobytes() == getattr(pairs[3], name).tobytes()


def test_masks_lie_within_each_other(pairs):
    for pair in pairs:
        assert not (pair.ct.lung_mask & ~pair.body_mask & 1).any()
        assert not (pair.bone_mask & ~pair.body_mask & 1).any()
        assert not (pair.bone_mask & pair.ct.lung_mask).any()
        assert np.median(pair.ct.hu[pair.bone_mask == 1]) > 150


def _edges(picture, where):
    """Returns the edge strength of a picture at the pixels of a mask's outline, over that elsewhere."""
    down, across = np.gradient(picture.astype(float))
    strength = np.hypot(down, across)
    return strength[where].mean() / strength.mean()


def test_both_pictures_lie_on_the_same_pixels(pairs):
    for pair in pairs:
        mask = pair.ct.lung_mask.astype(bool)
        outline = mask ^ np.roll(mask, 1, 0) | mask ^ np.roll(mask, 1, 1)
        for picture in (pair.ct.image, pair.mr):
            assert _edges(picture, outline) > 1.3 * _edges(picture, np.roll(outline, 6, (0, 1)))


def _median_mr(pair, low, high):
    hu, inside = pair.ct.hu, pair.body_mask & (1 - pair.ct.lung_mask) & (1 - pair.bone_mask)
    return np.median(pair.mr[(hu > low) & (hu < high) & (inside == 1)])


def test_mr_is_no_monotone_function_of_ct(pairs):
    """Fat outshines muscle, which outshines lung: up and down again as HU grow."""
    for pair in pairs:
        lung = np.median(pair.mr[pair.ct.lung_mask == 1])
        fat, muscle = _median_mr(pair, *FAT), _median_mr(pair, *MUSCLE)
        assert fat > 1.4 * muscle and muscle > 1.5 * lung


def test_cortical_bone_is_dark_in_mr_and_bright_in_ct(pairs):
    for pair in pairs:
        cortex = (pair.ct.hu > 450) & (pair.bone_mask == 1)
        fat = _median_mr(pair, *FAT)
        assert np.median(pair.mr[cortex]) < 0.7 * fat


def test_lesions_are_brighter_than_lung_in_both(pairs):
    for pair in pairs[1::2]:
        lesion, spared = pair.ct.lesion_mask == 1, (pair.ct.lung_mask == 1) & (pair.ct.lesion_mask == 0)
        for picture in (pair.ct.hu, pair.mr):
            assert picture[lesion].mean() > picture[spared].mean()


def test_noise_of_the_two_scanners_is_independent():
    pair = make_pair(0, size=SIZE)
    air = (pair.body_mask == 0) & (pair.ct.hu < -950)
    assert abs(np.corrcoef(pair.ct.hu[air], pair.mr[air])[0, 1]) < 0.1


def test_a_coil_adds_rician_noise():
    """In air a magnitude's noise is Rayleigh: its mean over its spread is sqrt(pi / (4 - pi)) = 1.913."""
    x, y = np.meshgrid(np.arange(256, dtype=np.float32), np.arange(256, dtype=np.float32))
    plane = geometry.Plane(x, y, 1.0)
    noise = resonance.receive(np.random.default_rng(0), plane, np.zeros((256, 256), np.float32), 0.7)
    assert noise.min() >= 0
    assert noise.mean() / noise.std() == pytest.approx(np.sqrt(np.pi / (4 - np.pi)), rel=0.02)


def test_shares_add_up_to_one():
    canvas, half = Canvas((2, 3), mixed=True), np.full((2, 3), 0.5, np.float32)
    canvas.paint(half, -100.0, Tissue.FAT)
    canvas.paint_denser(half, 50.0, Tissue.MUSCLE)
    canvas.paint_denser(half, -500.0, Tissue.LUNG)  # Nothing there is less dense.
    np.testing.assert_allclose(canvas.hu, 0.5 * (0.5 * -1000 + 0.5 * -100) + 0.5 * 50)
    np.testing.assert_allclose(canvas.shares.sum(0), 1)
    np.testing.assert_allclose(
        canvas.shares[[Tissue.AIR, Tissue.FAT, Tissue.MUSCLE], 0, 0], [0.25, 0.25, 0.5]
    )


def test_refuses_what_makes_no_sense():
    with pytest.raises(ValueError, match="`severity`.*Received"):
        make_pair(0, severity=0.5)
    with pytest.raises(ValueError, match="`size`.*Received"):
        make_pair(0, size=8)
