"""Copies are found whatever was done to them, and other chests are not taken for copies."""

import dataclasses
import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from covid_gan.inspection import duplicates, looks, measuring
from covid_gan.inspection.duplicates import ALIKE, EXACT, NEAR
from covid_gan.inspection.matching import Matcher, correlation


def compress(image, quality=40):
    """The image after a JPEG file."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def resize(image, height, width):
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


COPIES = {
    "compressed": compress,
    "smaller": lambda image: resize(image, 90, 120),
    "larger": lambda image: resize(image, 240, 320),
    "stretched": lambda image: resize(image, 150, 240),
    "darker": lambda image: (image * 0.7 + 10).astype(np.uint8),
    "shifted": lambda image: np.roll(image, (3, -4), axis=(0, 1)),
    "black margin": lambda image: np.pad(image, ((0, 0), (30, 30))),
    "white margin": lambda image: np.pad(image, ((25, 5), (0, 0)), constant_values=255),
    "trimmed": lambda image: image[4:-4, 5:-5],
}


def pairs_of(scans):
    return duplicates.find(measuring.measure(scans).images)


def names(pair):
    return {pair.first.name, pair.second.name}


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_has_a_hash_and_a_structure_like_it(kind, chests):
    for image in chests[:8]:
        one, other = looks.thumbnail(image), looks.thumbnail(COPIES[kind](image))
        assert (looks.perceptual_hash(one) != looks.perceptual_hash(other)).sum() <= 28
        assert Matcher([one, other]).score(0, 1) >= duplicates.NEAR_SCORE


def test_chests_of_different_patients_are_not_alike(chests):
    matcher = Matcher([looks.thumbnail(image) for image in chests])
    scores = [matcher.score(i, j) for i in range(len(chests)) for j in range(i)]
    assert max(scores) < duplicates.ALIKE_SCORE


def test_score_is_symmetric_and_one_for_the_same(chests):
    matcher = Matcher([looks.thumbnail(image) for image in chests[:3]])
    assert matcher.score(0, 0) == pytest.approx(1, abs=1e-5)
    assert matcher.score(0, 1) == pytest.approx(matcher.score(1, 0), abs=0.05)


def test_correlation_of_known_arrays():
    ramp = np.arange(12.0).reshape(3, 4)
    assert correlation(ramp, 3 * ramp + 5) == pytest.approx(1)
    assert correlation(ramp, -ramp) == pytest.approx(-1)
    assert correlation(ramp, np.ones((3, 4))) == 0


def test_alike_by_hash_is_what_counting_bits_gives():
    hashes = np.random.default_rng(0).random((600, 128)) < 0.5
    hashes[550] = hashes[3]
    hashes[550, :5] ^= True
    found = looks.alike_by_hash(hashes, 48, 600, np.zeros(600))
    apart = (hashes[:, None] != hashes[None]).sum(axis=2)
    expected = {(i, j) for i, j in np.argwhere(apart <= 48).tolist() if i < j}
    assert set(map(tuple, found.tolist())) == expected
    assert found[0].tolist() == [3, 550]
    distances = apart[tuple(found.T)]
    assert (np.diff(distances) >= 0).all()


def test_each_image_keeps_its_nearest_at_home_and_elsewhere():
    """Hashes of 0, 1, 2, … bits: an image's nearest are those beside it."""
    hashes = np.tri(40, 128, -1, dtype=bool)
    homes = np.arange(40) // 20
    found = set(map(tuple, looks.alike_by_hash(hashes, 128, 1, homes).tolist()))
    assert all((i, i + 1) in found or (i - 1, i) in found for i in range(1, 39))
    assert {(19, 20), (0, 20), (19, 39)} <= found
    assert all(abs(i - j) == 1 or 20 in (i, j) or 19 in (i, j) for i, j in found)


def test_thousands_of_alike_images_do_not_fill_the_memory():
    """All 12 million pairs of 5,000 images are alike; their places alone would take 200 MB."""
    hashes = np.random.default_rng(0).random((5000, 128)) < 0.02
    tracemalloc.start()
    found = looks.alike_by_hash(hashes, 28, 20, np.arange(5000) % 4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6
    assert len(np.unique(found)) == 5000
    assert len(found) <= 2 * 20 * 5000


def test_trim_cuts_flat_margins_only(chests):
    image = chests[0]
    padded = np.pad(image, ((0, 7), (11, 0)), constant_values=255)
    assert np.array_equal(looks.trim(padded), looks.trim(image))
    flat = np.full((20, 30), 9, np.uint8)
    assert looks.trim(flat) is flat


def test_planted_pairs_are_found_worst_first_and_nothing_else(scans, chests):
    planted = [
        dataclasses.replace(scans[4], image_id="equal.png"),
        dataclasses.replace(scans[6], image=compress(chests[6]), image_id="split.png", split="test"),
        dataclasses.replace(scans[8], image=resize(chests[8], 100, 133), image_id="class.png", label="covid"),
        dataclasses.replace(scans[10], image=COPIES["trimmed"](chests[10]), image_id="same.png"),
    ]
    pairs = pairs_of([*scans, *planted])
    assert [names(pair) for pair in pairs] == [
        {"scan-08.png", "class.png"},
        {"scan-06.png", "split.png"},
        {"scan-04.png", "equal.png"},
        {"scan-10.png", "same.png"},
    ]
    assert [pair.kind for pair in pairs] == [NEAR, NEAR, EXACT, NEAR]
    assert [(pair.crosses_class, pair.crosses_split) for pair in pairs] == [
        (True, False),
        (False, True),
        (False, False),
        (False, False),
    ]


def test_three_equal_images_are_two_pairs(chests, scan_of):
    pairs = pairs_of([scan_of(chests[0], image_id=name) for name in "abc"])
    assert [(pair.first.name, pair.second.name, pair.kind) for pair in pairs] == [
        ("a", "b", EXACT),
        ("a", "c", EXACT),
    ]


@pytest.mark.parametrize("test_is", ["first", "second"])
def test_what_is_near_equal_images_is_paired_with_the_one_that_makes_it_worst(test_is, chests, scan_of):
    splits = ("test", "train") if test_is == "first" else ("train", "test")
    scans = [scan_of(chests[0], image_id=split, split=split) for split in splits]
    near = scan_of(compress(chests[0]), image_id="near", split="train")
    pairs = pairs_of([*scans, near])
    assert [(names(pair), pair.kind) for pair in pairs] == [
        ({"train", "test"}, EXACT),
        ({"test", "near"}, NEAR),
    ]
    assert all(pair.crosses_split for pair in pairs)


def test_the_same_pixels_in_another_shape_are_not_equal(scan_of):
    flat = np.full((40, 60), 7, np.uint8)
    assert not pairs_of([scan_of(flat, image_id="a"), scan_of(flat.reshape(60, 40), image_id="b")])


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_images_for_a_pair(count, scans):
    assert pairs_of(scans[:count]) == []


def half_alike(image):
    """The same coarse picture, its fine structure disturbed."""
    blobs = gaussian_filter(np.random.default_rng(9).normal(size=image.shape), 2.0)
    return np.clip(image + 15 * blobs / blobs.std(), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [({}, []), ({"split": "test"}, [ALIKE]), ({"label": "other"}, [ALIKE]), ({"patient_id": "2"}, [ALIKE])],
)
def test_alike_images_are_told_of_only_where_it_matters(changes, kinds, chests, scan_of):
    first = scan_of(chests[0], image_id="a", patient_id="1")
    second = scan_of(half_alike(chests[0]), **{"image_id": "b", "patient_id": "1", **changes})
    matcher = Matcher([looks.thumbnail(first.image), looks.thumbnail(second.image)])
    assert duplicates.ALIKE_SCORE < matcher.score(0, 1) < duplicates.NEAR_SCORE
    assert [pair.kind for pair in pairs_of([first, second])] == kinds


def test_groups_join_patients_and_pairs(chests, scan_of):
    scans = [
        scan_of(chests[0], image_id="a", patient_id="1"),
        scan_of(chests[1], image_id="b", patient_id="1"),
        scan_of(chests[1], image_id="copy of b", patient_id="2"),
        scan_of(chests[2], image_id="c", patient_id="2"),
        scan_of(chests[3], image_id="d"),
        scan_of(chests[4], image_id="e"),
        scan_of(chests[5], image_id="f", patient_id="1", dataset="other"),
    ]
    images = measuring.measure(scans).images
    groups = duplicates.grouped(images, duplicates.find(images))
    assert len(set(groups[:4])) == 1
    assert len(set(groups)) == 4


def test_ids_shared_by_two_data_sets_are_told_apart(chests, scan_of):
    scans = [scan_of(chests[i], image_id="1.png", dataset=name) for i, name in enumerate(("one", "two"))]
    images = measuring.measure([*scans, scan_of(chests[2], image_id="")]).images
    assert [image.name for image in images] == ["one:1.png", "two:1.png", "#2"]
    assert [image.image_id for image in images] == ["1.png", "1.png", ""]
