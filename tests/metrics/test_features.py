"""All measures of features together: their keys, what is left out and why, and their directions."""

import numpy as np
import pytest

from covid_gan import metrics
from covid_gan.metrics import HIGHER, LOWER, REAL, Floor

OVERLAP = [metrics.PRECISION, metrics.RECALL, metrics.DENSITY, metrics.COVERAGE]
NAMES = [metrics.KID, metrics.FID, *OVERLAP, metrics.AUTHENTICITY]


def gaussians(seed, count, dimension=8, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, (count, dimension)).astype(np.float32)


def test_a_report_has_every_number_under_its_extractors_name():
    real, fake = gaussians(0, 60), gaussians(1, 90, shift=0.3)
    numbers, skipped = metrics.feature_report(real, fake, "ct-1a2b3c")
    ends = ["kid_ct-1a2b3c_low", "kid_ct-1a2b3c_high"]
    assert list(numbers) == [f"{name}_ct-1a2b3c" for name in NAMES] + ends and skipped == {}
    assert all(type(value) is float for value in numbers.values())
    assert numbers["kid_ct-1a2b3c"] == metrics.kernel_distance(real, fake)
    assert numbers["fid_ct-1a2b3c"] == metrics.frechet_distance(real, fake)
    assert numbers["coverage_ct-1a2b3c"] == metrics.precision_recall_density_coverage(real, fake).coverage
    assert numbers["authenticity_ct-1a2b3c"] == metrics.authenticity(real, fake)
    assert [numbers[end] for end in ends] == list(metrics.kernel_distance_interval(real, fake))
    other, _ = metrics.feature_report(real, fake, "inception")
    assert not numbers.keys() & other.keys() and list(other.values()) == list(numbers.values())


def test_what_there_are_too_few_images_for_is_left_out_with_the_reason():
    real, fake = gaussians(0, 60, 64), gaussians(1, 90, 64)
    numbers, skipped = metrics.feature_report(real, fake, "ct-0")
    assert list(skipped) == ["fid_ct-0"] and "fid_ct-0" not in numbers
    assert "64 dimensions need at least 65 images" in skipped["fid_ct-0"]
    numbers, skipped = metrics.feature_report(real, fake[:15], "ct-0")
    assert numbers == {} and list(skipped) == [f"{name}_ct-0" for name in NAMES]
    assert "`fake` needs the features of at least 16 images. Received: 15" in skipped["kid_ct-0"]


def test_between_halves_there_are_fewer():
    floors, skipped = metrics.feature_floor(gaussians(0, 100, 64), "ct-0", halvings=3)
    assert list(skipped) == ["fid_ct-0"] and skipped["fid_ct-0"].startswith("between halves: ")
    assert list(floors) == [f"{name}_ct-0" for name in NAMES if name != metrics.FID]
    assert metrics.feature_floor(gaussians(0, 31), "ct-0")[0] == {}
    reasons = metrics.feature_floor(gaussians(0, 31), "ct-0")[1]
    assert len(reasons) == 7 and "at least 32 images. Received: 31" in reasons["recall_ct-0"]


def test_the_floor_is_near_no_distance_and_the_same_for_a_seed():
    real = gaussians(0, 300)
    floors, skipped = metrics.feature_floor(real, "ct-0")
    assert skipped == {} and floors == metrics.feature_floor(real, "ct-0")[0]
    assert floors != metrics.feature_floor(real, "ct-0", seed=1)[0]
    assert abs(floors["kid_ct-0"].mean) < 2 * floors["kid_ct-0"].spread
    assert floors["density_ct-0"].mean == pytest.approx(1, abs=0.1)
    for shift, low, high in ((0, 0.7, 1), (3, 0, 0.1)):
        numbers, _ = metrics.feature_report(real, gaussians(1, 300, shift=shift), "ct-0")
        for name in (metrics.KID, metrics.FID, *OVERLAP):
            key = f"{name}_ct-0"
            assert low <= metrics.ratio(key, numbers[key], floors[key]) <= high, key


def test_copies_of_the_training_scans_are_as_good_as_real_but_for_authenticity():
    real = gaussians(0, 100)
    numbers, _ = metrics.feature_report(real, real.copy(), "ct-0")
    floors, _ = metrics.feature_floor(real, "ct-0")
    ratios = {
        name: metrics.ratio(f"{name}_ct-0", numbers[f"{name}_ct-0"], floors[f"{name}_ct-0"]) for name in NAMES
    }
    assert ratios.pop(metrics.AUTHENTICITY) == 0
    assert min(ratios.values()) > 0.85


def test_a_collapsed_generator_is_measured():
    real = gaussians(0, 100)
    numbers, skipped = metrics.feature_report(real, np.repeat(real[:1], 64, axis=0), "ct-0")
    assert skipped == {} and numbers["recall_ct-0"] == 0 and numbers["kid_ct-0_low"] > 0.1


@pytest.mark.parametrize("measure", ["kernel_distance", "frechet_distance", "authenticity", "feature_report"])
def test_what_cannot_be_measured_is_refused(measure):
    good = gaussians(0, 40)
    broken = good.copy()
    broken[3, 2], broken[7, 0] = np.nan, np.inf
    refused = {
        "`real` must be features, floats. Received: int64": (np.arange(80).reshape(40, 2), good),
        "`fake` must be features, floats. Received: list": (good, good.tolist()),
        "`fake` must have the shape": (good, good[0]),
        "`fake` must be finite. Received: NaN or infinity in 2 of 40": (good, broken),
        "`fake` must have the features of `real`, 8 of them. Received: 7": (good, good[:, :7]),
        "`real` must hold scans that differ": (np.ones((40, 8)), good),
    }
    more = ["ct-0"] if measure == "feature_report" else []
    for message, pair in refused.items():
        with pytest.raises(ValueError, match=message) as error:
            getattr(metrics, measure)(*pair, *more)
        assert not isinstance(error.value, metrics.TooFewError)


@pytest.mark.parametrize("key", ["", "ct_1a", "ct 1", "ct/1"])
def test_an_extractors_key_cannot_be_mistaken(key):
    good = gaussians(0, 40)
    with pytest.raises(ValueError, match="`key`"):
        metrics.feature_report(good, good, key)


def test_every_number_has_a_direction_or_describes():
    images = np.random.default_rng(0).integers(0, 256, (70, 64, 64, 1)).astype(np.uint8)
    keys = [
        *metrics.pixel_report(images, images)[0],
        *metrics.feature_report(gaussians(0, 40), gaussians(1, 40), "ct-0")[0],
    ]
    describe = {key for key in keys if metrics.direction(key) is None}
    assert describe == {
        *metrics.entropy_keys()[:2],
        *metrics.ms_ssim_keys(64)[:2],
        "kid_ct-0_low",
        "kid_ct-0_high",
    }
    assert metrics.direction("swd_16") == metrics.direction("kid_ct-0") == LOWER
    assert metrics.direction("diversity_blurred") == metrics.direction("ms_ssim_2_scales_diversity") == REAL
    assert metrics.direction("distinct_of_64") == metrics.direction("authenticity_inception") == HIGHER
    assert metrics.ratio("entropy_real", 5.0, Floor(5.0, 0.1)) is None
    with pytest.raises(ValueError, match="`key` must be one of a report. Received: 'kids'"):
        metrics.direction("kids")
