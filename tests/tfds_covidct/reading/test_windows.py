"""Windows: known values at their ends, and the ways to name one."""

import numpy as np
import pytest

from tfds_covidct.windows import WINDOWS, Window, apply_window, parse_window


@pytest.mark.parametrize(
    "name, black, white", [("lung", -1350, 150), ("mediastinal", -160, 240), ("bone", -500, 1300)]
)
def test_named_windows_end_where_they_should(name, black, white):
    grey = apply_window(np.array([black - 500.0, black, white, white + 500]), parse_window(name))
    assert grey.tolist() == [0, 0, 255, 255]


def test_a_step_of_grey_is_a_255th_of_the_width():
    grey = apply_window(np.arange(0.0, 256), Window(127.5, 255))
    np.testing.assert_array_equal(grey, np.arange(256))


@pytest.mark.parametrize("window", [*WINDOWS.values(), Window(-37.3, 0.5), Window(12, 65000)])
def test_looking_up_agrees_with_computing(window):
    hu = np.arange(-(2**15), 2**15, dtype=np.int16)
    np.testing.assert_array_equal(apply_window(hu, window), apply_window(hu.astype(np.float64), window))


def test_shape_is_kept():
    assert apply_window(np.zeros((3, 2, 4), np.int16), WINDOWS["lung"]).shape == (3, 2, 4)


@pytest.mark.parametrize("text", ["-600,1500", " -600 , 1.5e3", "lung"])
def test_a_window_by_name_or_numbers(text):
    assert parse_window(text) == Window(-600, 1500)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "brain",
        "Lung",
        "-600",
        "1,2,3",
        "-600,0",
        "-600,-1",
        "nan,1500",
        "-600,nan",
        "-600,inf",
        "inf,1",
        ",",
    ],
)
def test_other_windows_are_refused_with_names_and_form(text):
    with pytest.raises(ValueError, match="lung, mediastinal, bone.*-600,1500.*Received: ") as refusal:
        parse_window(text)
    assert repr(text) in str(refusal.value)


@pytest.mark.parametrize("centre, width", [(0, 0), (0, -1), (float("nan"), 1), (0, float("inf"))])
def test_a_window_is_finite_and_wide(centre, width):
    with pytest.raises(ValueError, match="Received: width="):
        Window(centre, width)
