"""All measures together: their keys, what they refuse, and the real COVID-CT."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from covid_gan import metrics
from covid_gan.metrics import entropy, ms_ssim

PAIRED = [
    "spectrum_distance",
    "sliced_wasserstein",
    "histogram_distance",
    "diversity_ratio",
    "distinct_count",
    "entropy_difference",
    "ms_ssim_diversity",
]


def test_a_report_has_every_key(textures):
    real, fake = textures(40, 0), textures(70, 1)
    report, skipped = metrics.pixel_report(real, fake, seed=1)
    assert not skipped and list(report) == [
        metrics.SPECTRUM,
        "swd_64",
        "swd_32",
        "swd_16",
        metrics.HISTOGRAM,
        metrics.DIVERSITY,
        metrics.DIVERSITY_BLURRED,
        metrics.DISTINCT,
        "entropy_real",
        "entropy_fake",
        "entropy_difference",
        "ms_ssim_3_scales_real",
        "ms_ssim_3_scales_fake",
        "ms_ssim_3_scales_diversity",
    ]
    assert metrics.swd_keys(64) == ("swd_64", "swd_32", "swd_16")
    assert all(type(value) is float for value in report.values())
    assert report == metrics.pixel_report(real, fake, seed=1)[0]
    assert report[metrics.SPECTRUM] == metrics.spectrum_distance(real, fake)
    assert report[metrics.DIVERSITY_BLURRED] == metrics.diversity_ratio(real, fake, 2.0)


def test_of_the_scans_themselves_it_says_that_they_are_as_good_as_real(textures):
    real = textures(64, 0)
    report, _ = metrics.pixel_report(real, real)
    distances = (metrics.SPECTRUM, *metrics.swd_keys(64), metrics.HISTOGRAM, metrics.entropy_keys()[-1])
    assert [report[key] for key in distances] == [0] * 6
    assert report[metrics.DIVERSITY] == report[metrics.DIVERSITY_BLURRED] == 1
    assert report["ms_ssim_3_scales_diversity"] == 1
    assert report[metrics.DISTINCT] == metrics.distinct_count(real, real, 2.0)


def test_sixty_four_are_drawn_from_all(textures):
    """Of 128 images, the first 64 copies of one and the others not, about half are copies."""
    real, fake = textures(64, 0), textures(128, 1)
    fake[:64] = fake[0]
    assert 20 < metrics.pixel_report(real, fake)[0][metrics.DISTINCT] < 45


@pytest.mark.parametrize("name", PAIRED)
def test_what_cannot_be_measured_is_refused(name, textures):
    measure, good = {**vars(entropy), **vars(ms_ssim), **vars(metrics)}[name], textures(16, 0)
    measure(good, good)
    refused = {
        "`real` needs at least 16 images. Received: 15": (good[:15], good),
        "`fake` needs at least 16 images. Received: 0": (good, good[:0]),
        "`fake` must be uint8": (good, good / 127.5 - 1),
        "`real` must have the shape": (good[..., 0], good),
        "`fake` must have the size of `real`, 64 × 64 pixels. Received: 32 × 32": (good, good[:, ::2, ::2]),
    }
    for message, pair in refused.items():
        with pytest.raises(ValueError, match=message):
            measure(*pair)


@pytest.mark.parametrize("name", ["spectrum_distance", "sliced_wasserstein"])
def test_radii_and_levels_need_squares(name, textures):
    images = textures(16, 0)
    for cut in (images[:, :60], images[:, :6, :6]):
        with pytest.raises(ValueError, match="must be square images of at least [78] pixels"):
            getattr(metrics, name)(cut, cut)


def test_what_has_too_few_images_is_missing_with_its_reason(textures):
    numbers, skipped = metrics.pixel_report(textures(16, 0), textures(63, 1))
    assert metrics.DISTINCT not in numbers and metrics.SPECTRUM in numbers
    assert skipped == {metrics.DISTINCT: "`fake` needs at least 64 images. Received: 63"}
    floor, skipped = metrics.pixel_floor(textures(40, 0), halvings=2)
    assert set(floor) == set(numbers) and list(skipped) == [metrics.DISTINCT]
    assert skipped[metrics.DISTINCT].startswith("between halves: ")
    with pytest.raises(metrics.TooFewError, match="`fake` needs at least 16 images. Received: 15"):
        metrics.pixel_report(textures(16, 0), textures(15, 1))


@pytest.fixture(scope="module")
def covid(covid_ct_files):
    """All 349 COVID images, stretched, uint8 [349, 64, 64, 1]."""
    images = []
    with zipfile.ZipFile(covid_ct_files / "Images-processed" / "CT_COVID.zip") as file:
        for name in sorted(file.namelist()):
            if name.lower().endswith((".png", ".jpg")) and "__MACOSX" not in name:
                image = Image.open(io.BytesIO(file.read(name))).convert("RGB").convert("L")
                images.append(np.asarray(image.resize((64, 64), Image.BILINEAR)))
    assert len(images) == 349
    return np.stack(images)[..., None]


def test_the_halves_of_covid_ct(covid):
    """Two halves measured elsewhere were 0.035 apart, 0.032, 0.025 and 0.031, and 3.5 grey levels."""
    floor, _ = metrics.pixel_floor(covid, halvings=10)
    keys = (metrics.SPECTRUM, *metrics.swd_keys(64), metrics.HISTOGRAM)
    for key, expected in zip(keys, (0.035, 0.032, 0.025, 0.031, 3.5)):
        assert expected / 2 < floor[key].mean < expected * 2, key
        assert abs(floor[key].mean - expected) < 3 * floor[key].spread, key
    for key in (metrics.DIVERSITY, metrics.DIVERSITY_BLURRED):
        assert floor[key].mean == pytest.approx(1, abs=0.05)
    assert 40 <= floor[metrics.DISTINCT].mean <= 64


def test_damage_to_covid_ct_is_above_its_floor(covid, blur):
    floor, _ = metrics.pixel_floor(covid, halvings=5)
    blurred, _ = metrics.pixel_report(covid, blur(covid, 1.0))
    for key in (metrics.SPECTRUM, "swd_64"):
        assert blurred[key] > 5 * floor[key].mean
    brighter, _ = metrics.pixel_report(covid, np.rint(covid * 0.8 + 40).astype(np.uint8))
    assert brighter[metrics.HISTOGRAM] > 5 * floor[metrics.HISTOGRAM].mean
    ten, _ = metrics.pixel_report(covid, covid[np.arange(128) % 10])
    assert ten[metrics.DISTINCT] <= 10
