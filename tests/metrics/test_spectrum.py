"""Power spectra: their scale, what contrast and blur do to them, and what has none."""

import numpy as np
import pytest

from covid_gan.metrics.spectrum import radial_spectrum, spectrum_distance


def test_white_noise_is_flat_at_its_variance(noise):
    """Rounding to whole grey levels adds a variance of 1/12."""
    spectrum = radial_spectrum(noise(200, 0, deviation=20))
    assert spectrum.shape == (31,)
    expected = (20**2 + 1 / 12) * 64**2
    np.testing.assert_allclose(spectrum / expected, 1, atol=0.08)  # 8 frequencies of 200 images at radius 1
    assert spectrum.mean() == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("cycles", [1, 5, 31])
def test_a_wave_has_its_power_at_its_frequency(cycles):
    wave = 128 + 100 * np.cos(2 * np.pi * cycles * np.arange(64) / 64)
    spectrum = radial_spectrum(np.rint(np.broadcast_to(wave[:, None, None], (4, 64, 64, 1))).astype(np.uint8))
    assert spectrum.argmax() == cycles - 1
    frequency = np.fft.fftfreq(64, 1 / 64)
    ring = (np.rint(np.hypot(frequency[:, None], frequency)) == cycles).sum()
    assert spectrum[cycles - 1] == pytest.approx(2 * (100 * 64**2 / 2) ** 2 / ring, rel=0.01)


@pytest.mark.parametrize("factor", [2, 3])
def test_a_factor_of_contrast_is_twice_its_log(textures, factor):
    images = textures(20, 0) // 3
    assert spectrum_distance(images, images * np.uint8(factor)) == pytest.approx(2 * np.log(factor), rel=1e-9)


def test_brightness_and_order_do_not_count(textures):
    images = textures(20, 0) // 2
    assert spectrum_distance(images, images[::-1] + np.uint8(50)) == pytest.approx(0, abs=1e-9)
    assert spectrum_distance(images, images) == 0


def test_each_step_of_blur_is_further(textures, blur):
    real, other = textures(100, 0), textures(100, 1)
    found = [spectrum_distance(real, other)] + [spectrum_distance(real, blur(other, s)) for s in (0.5, 1, 2)]
    assert found == sorted(found) and found[1] > 3 * found[0]


def test_it_is_symmetric(textures, noise):
    a, b = textures(20, 0), noise(30, 1)
    assert spectrum_distance(a, b) == spectrum_distance(b, a) > 0.5


def test_constant_images_have_no_spectrum(textures):
    black = np.zeros((20, 64, 64, 1), np.uint8)
    with pytest.raises(ValueError, match="`fake` must have structure.*constant"):
        spectrum_distance(textures(20, 0), black)


def test_blocks_change_nothing(textures, monkeypatch):
    images = textures(50, 0)
    whole = radial_spectrum(images)
    monkeypatch.setattr("covid_gan.metrics.spectrum._BLOCK", 7)
    np.testing.assert_allclose(radial_spectrum(images), whole, rtol=1e-12)
