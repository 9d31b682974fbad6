"""The verdict from given numbers."""

import dataclasses
import re

import numpy as np
import pytest

from covid_gan.privacy import CANNOT_TELL, MEMORISED, NO_SIGN, Exact, Space
from covid_gan.privacy.copies import Copies
from covid_gan.privacy.patients import Patients
from covid_gan.privacy.share import Share
from covid_gan.privacy.verdict import judge

PATIENTS = Patients(np.arange(100), np.arange(100) >= 60, known=True)
NO_EXACT = Exact(0, 0, 0.0)
NO_COPIES = Copies(0, 0, 0.0, 0.0, 0.005, 0.5, 25, 0.0, 100, 0, 1.0, 1.0, 0.99)


def space(excess_low, excess_high, chance_low=0.45):
    found = Share(0.7, 0.6, 0.8, 0.55, chance_low, 0.65, 0.15, excess_low, excess_high, 0.99)
    return Space(found, NO_COPIES, *[np.zeros(1)] * 4, copied=np.zeros(1, bool))


@pytest.mark.parametrize(
    "found, verdict, reason",
    [
        (space(-0.05, 0.35), NO_SIGN, "No image is a copy"),
        (space(0.05, 0.25), MEMORISED, "By their pixels more images lie nearer"),
        (space(0.05, 0.25, chance_low=0.52), CANNOT_TELL, "differ from held-out ones as a whole"),
        (space(-0.2, 0.4), CANNOT_TELL, r"±0.30"),
    ],
)
def test_the_share_alone(found, verdict, reason):
    said, why, details = judge(NO_EXACT, {"pixels": found}, 1000, PATIENTS)
    assert said == verdict and why.count(". ") <= 1
    assert details.endswith("0.70 (0.60 to 0.80) where 0.55 is chance.")
    assert re.search(reason, why), why


def test_without_patients_leaning_is_no_proof():
    unknown = dataclasses.replace(PATIENTS, known=False)
    said, why, _ = judge(NO_EXACT, {"pixels": space(0.05, 0.25)}, 1000, unknown)
    assert said == CANNOT_TELL and "may, as patients are not known, differ" in why


def test_one_space_is_enough_for_an_alarm_and_for_a_doubt():
    calm, alarm, doubt = space(-0.05, 0.35), space(0.05, 0.25), space(-0.2, 0.4)
    assert judge(NO_EXACT, {"pixels": calm, "features": alarm}, 1000, PATIENTS)[0] == MEMORISED
    assert judge(NO_EXACT, {"pixels": calm, "features": doubt}, 1000, PATIENTS)[0] == CANNOT_TELL
    assert judge(NO_EXACT, {"pixels": doubt, "features": alarm}, 1000, PATIENTS)[0] == MEMORISED


@pytest.mark.parametrize("spaces", [{}, {"pixels": space(-0.05, 0.35)}, {"pixels": space(-0.2, 0.4)}])
def test_one_exact_copy_is_enough(spaces):
    said, why, details = judge(Exact(1, 1, 0.001), spaces, 1000, PATIENTS)
    assert said == MEMORISED
    assert why == "1 of 1000 generated images is a copy of 1 training scan, nearly pixel by pixel."
    assert details.startswith("1 of 1000 generated images are within 4 grey levels of a training scan.")
