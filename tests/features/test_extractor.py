"""What every extractor keeps: an image's features are its own."""

import numpy as np
import pytest

from covid_gan import features
from covid_gan.errors import ArgumentError
from covid_gan.features import network
from covid_gan.features.extractor import BLOCK, Extractor
from covid_gan.images import normalise


@pytest.fixture(scope="module")
def extractor():
    model = network.build(16, seed=0)
    return Extractor("test", "test-1", "0" * 64, network.DIM, 16, lambda x: model(normalise(x)).numpy())


def test_features_do_not_depend_on_company_place_or_number(extractor, chests):
    images = chests(BLOCK + 9)
    together = extractor(images)
    assert together.shape == (BLOCK + 9, network.DIM) and together.dtype == np.float32
    order = np.random.default_rng(0).permutation(len(images))
    np.testing.assert_array_equal(extractor(images[order]), together[order])
    np.testing.assert_array_equal(extractor(images[3:4]), together[3:4])
    np.testing.assert_array_equal(extractor(images[-20:]), together[-20:])


def test_what_cannot_be_described_is_refused(extractor, chests):
    images = chests(4)
    refused = {
        "must have the size of the extractor test-1, 16 × 16 pixels. Received: 32 × 32": chests(2, size=32),
        "must be uint8": np.full((2, 16, 16, 1), np.nan, np.float32),
        "must have the shape": images[..., 0],
        "needs at least 1 images": images[:0],
    }
    for message, wrong in refused.items():
        with pytest.raises(ValueError, match=message):
            extractor(wrong)


def test_an_unknown_name_is_refused_with_those_that_are_there(tiny_config):
    with pytest.raises(ArgumentError, match="one of ct, inception"):
        features.get("vgg", tiny_config)
