"""What each classifier is trained on."""

import numpy as np
import pytest

from covid_gan.utility.arms import ARMS, GENERATED, REAL, Arm, Classes, needed, training_set


def numbered(first, count):
    """Images of one grey level each: first, first + 1 …"""
    levels = np.arange(first, first + count, dtype=np.uint8)
    return np.broadcast_to(levels[:, None, None, None], (count, 4, 4, 1))


REAL_IMAGES = Classes(numbered(0, 6), numbered(10, 10))
MADE = Classes(numbered(100, 30), numbered(200, 30))


def levels(arm):
    """The grey levels of an arm's positive and negative images."""
    images, truth = training_set(arm, REAL_IMAGES, MADE)
    assert images.dtype == np.uint8 and truth.dtype == bool
    return [images[truth == own][:, 0, 0, 0].tolist() for own in (True, False)]


def test_the_real_arm_holds_the_real_images_alone():
    assert levels(REAL) == [list(range(6)), list(range(10, 20))]


def test_the_generated_arm_holds_none_of_them_and_the_same_balance():
    assert levels(GENERATED) == [list(range(100, 106)), list(range(200, 210))]


@pytest.mark.parametrize(("ratio", "positive", "negative"), [(0.5, 3, 5), (1, 6, 10), (2, 12, 20)])
def test_generated_images_are_added_by_ratio_in_each_class(ratio, positive, negative):
    arm = Arm("both", True, ratio)
    assert needed(arm, REAL_IMAGES) == (positive, negative)
    assert levels(arm) == [
        [*range(6), *range(100, 100 + positive)],
        [*range(10, 20), *range(200, 200 + negative)],
    ]


def test_a_larger_ratio_adds_to_the_images_of_a_smaller_one():
    sets = [set(sum(levels(arm), [])) for arm in ARMS if arm.adds]
    assert all(smaller < larger for smaller, larger in zip(sets, sets[1:]))


def test_too_few_generated_images_are_refused():
    with pytest.raises(ValueError, match="20 images of a class. Received: 15"):
        training_set(Arm("both", True, 2.0), REAL_IMAGES, Classes(MADE.positive, numbered(200, 15)))


@pytest.mark.parametrize("wrong", [dict(real=False, generated=0.0), dict(real=True, generated=-1.0)])
def test_an_arm_without_images_is_refused(wrong):
    with pytest.raises(ValueError, match="Received"):
        Arm("wrong", **wrong)


def test_the_first_default_arm_is_the_real_one():
    assert ARMS[0] == REAL and sum(arm.adds for arm in ARMS) == 3
