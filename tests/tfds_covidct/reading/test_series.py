"""Grouping files into series and volumes, their order, and what is odd about them."""

import itertools
from pathlib import Path

import pytest

from tfds_covidct.reading.scan import Header, read_header
from tfds_covidct.reading.series import group
from tfds_covidct.reading.sources import Source, list_sources

REAL_SERIES = Path(__file__).parents[4] / "shared/data/dicom-series"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


def scan(name, position=None, *, label="covid", kind="dicom", series="1.2.3", patient="p", **header):
    """A slice that lies `position` mm to the left, to the back and to the head."""
    source = Source(f"{label}/{name}", f"/data/{label}/{name}", 1, None, label)
    facts = {"frames": 1, "height": 64, "width": 64, "orientation": AXIAL} | header
    positions = () if position is None else ((position,) * 3,)
    return source, Header(kind=kind, patient=patient, series=series, **{"positions": positions} | facts)


def volume(positions, **header):
    """A series of which slice number i, in the order of the files, has the i-th position."""
    (unit,) = group([scan(f"{i:03d}", z, **header) for i, z in enumerate(positions)])
    return unit


def heights(*numbers):
    """Positions that many mm towards the head."""
    return tuple((0.0, 0.0, height) for height in numbers)


def names(unit):
    return [source.relative.partition("/")[2] for source, _ in unit.slices]


def test_a_series_is_ordered_by_position_not_by_name_or_number():
    scans = [scan("a", 4.0, instance=1), scan("b", -2.0, instance=2), scan("c", 1.0, instance=3)]
    (unit,) = group(scans)
    assert names(unit) == ["b", "c", "a"]
    assert unit.is_volume and unit.findings == () and unit.patient == "p"


# Rows from right to left or left to right, and whatever else a scanner may do.
@pytest.mark.parametrize(
    "orientation, axis",
    [
        (AXIAL, 2),
        ((-1, 0, 0, 0, 1, 0), 2),
        ((1, 0, 0, 0, -1, 0), 2),
        ((0, 1, 0, 0.5, 0, -0.866), 0),
        (CORONAL, 1),
        ((-1, 0, 0, 0, 0, -1), 1),
        ((0, 1, 0, 0, 0, -1), 0),
        ((0, -1, 0, 0, 0, -1), 0),
    ],
)
def test_slices_go_to_the_head_or_the_left_or_the_back(orientation, axis):
    places = [tuple(place if i == axis else 7.0 for i in range(3)) for place in (-3.0, 5.0, 1.0)]
    scans = [scan(name, positions=(place,), orientation=orientation) for name, place in zip("abc", places)]
    (unit,) = group(scans)
    assert names(unit) == ["a", "c", "b"]


def test_slices_of_a_hair_s_breadth_of_tilt_keep_their_distances():
    tilts = [0.0, 0.009, -0.009, 0.005, -0.005]
    scans = [
        scan(str(i), positions=((-250.0, -250.0, float(i)),), orientation=(1.0, 0.0, tilt, 0.0, 1.0, -tilt))
        for i, tilt in enumerate(tilts)
    ]
    (unit,) = group(scans)
    assert names(unit) == list("01234") and unit.findings == ()


@pytest.mark.parametrize("orientation", [(0,) * 6, (1, 0, 0, 1, 0, 0), (1e200,) * 6, (1, 0, 0), ()])
def test_directions_without_a_normal_give_no_position(orientation):
    scans = [scan(name, 0.0, orientation=orientation, instance=i) for i, name in enumerate("ba")]
    (unit,) = group(scans)
    assert names(unit) == ["b", "a"] and unit.findings == ("slices without a position",)


def test_the_units_of_one_acquisition_have_one_name():
    scans = [
        scan("a", 0.0, series="1", study="9"), scan("b", 0.0, series="2", study="9"),
        scan("c", 1.0, series="1", study="9"), scan("d", 1.0, series="3"),
        scan("e", frames=2, series="4", study="9", patient=""), scan("f", kind="image", series=""),
    ]  # fmt: skip
    units = group(scans)
    assert [names(unit)[0] for unit in units] == ["a", "b", "d", "e", "f"]
    assert [unit.series for unit in units] == ["9", "9", "3", "9", ""]


def test_without_positions_the_instance_number_orders_and_without_that_the_name():
    (unit,) = group([scan("a", instance=3), scan("b", instance=1), scan("c", 0.0, instance=2)])
    assert names(unit) == ["b", "c", "a"]
    assert unit.findings == ("slices without a position",)
    (unit,) = group([scan("a", instance=3), scan("b")])
    assert names(unit) == ["a", "b"]


def test_positions_that_are_no_numbers_are_not_known():
    assert volume([float("nan"), 1.0]).findings == ("slices without a position",)
    assert volume([float("inf"), 1.0]).findings == ("slices without a position",)


def test_series_patients_and_labels_are_kept_apart():
    scans = [scan("a", 0.0), scan("b", 1.0, series="4"), scan("c", 2.0, patient="q"), scan("d", 3.0)]
    assert [names(unit) for unit in group(scans)] == [["a", "d"], ["b"], ["c"]]
    assert [unit.is_volume for unit in group(scans)] == [True, False, False]


def test_one_series_in_two_classes_is_reported():
    units = group([scan("a", 0.0), scan("b", 1.0, label="other"), scan("c", 2.0, series="4")])
    assert [names(unit) for unit in units] == [["a"], ["b"], ["c"]]
    assert [unit.findings for unit in units] == [("slices in more than one class",)] * 2 + [()]


def test_mixed_orientations_and_sizes_are_taken_apart_and_reported():
    tilted = (0.9999, 0.005, 0.0, -0.005, 0.9999, 0.0)
    scans = [
        scan("a", 0.0), scan("b", 5.0, orientation=CORONAL), scan("c", 1.0, orientation=tilted),
        scan("d", 2.0, height=32), scan("e", 3.0, orientation=()), scan("f", 6.0, orientation=CORONAL),
    ]  # fmt: skip
    units = group(scans)
    assert [names(unit) for unit in units] == [["a", "c"], ["b", "f"], ["d"], ["e"]]
    assert all("mixed orientations or sizes" in unit.findings[0] for unit in units)


def test_pictures_and_files_without_a_series_stay_alone():
    scans = [
        scan("a", kind="image", series="", patient=""),
        scan("b", kind="image", series="", patient=""),
        scan("c", 0.0, series=""),
        scan("d", 1.0, series=""),
    ]
    assert [names(unit) for unit in group(scans)] == [["a"], ["b"], ["c"], ["d"]]
    assert not any(unit.is_volume or unit.findings for unit in group(scans))


def test_a_file_of_many_slices_is_a_unit_in_the_order_of_positions():
    scans = [
        scan("enhanced", frames=3, positions=heights(2.0, 0.0, 1.0)),
        scan("nifti", kind="nifti", frames=2, series="", positions=heights(0.0, 1.0)),
        scan("pages", kind="image", frames=3, series="", orientation=()),
        scan("single", 0.0),
    ]
    units = group(scans)
    frames = [[frame for _, frame in unit.slices] for unit in units]
    assert frames == [[1, 2, 0], [0, 1], [0, 1, 2], [0]]
    assert [unit.is_volume for unit in units] == [True, True, True, False]
    assert not any(unit.findings for unit in units)


def test_files_without_a_slice_are_left_out():
    assert group([scan("report", frames=0, passed_over="report")]) == []


def test_missing_slices_are_counted():
    assert volume([0.0, 2.0, 4.0, 10.0, 12.0, 16.0]).findings == ("slices missing: 3",)
    assert volume([0.0, 0.6, 1.2, 1.81, 2.39]).findings == ()


def test_slices_at_one_position_are_kept_and_counted():
    unit = volume([0.0, 1.0, 1.0, 2.0, 2.001, 2.0, 3.0])
    assert unit.findings == ("slices at a position already taken: 3",)
    assert len(unit.slices) == 7
    assert volume([5.0, 5.0]).findings == ("slices at a position already taken: 1",)


def test_uneven_distances_are_reported():
    assert volume([0.0, 1.0, 2.0, 3.5, 4.5]).findings == ("slices at uneven distances",)
    assert volume([0.0, 1.0, 2.0, 1e300]).findings == ("slices at uneven distances",)
    assert volume([-1e308, 1.0, 2.0, 1e308]).findings == ("slices at uneven distances",)


def test_what_a_header_says_shows_nowhere():
    units = group(
        [
            scan("a", 0.0, patient="Mustermann", series="9.8.7"),
            scan("b", 9.0, height=9, series="9.8.7", study="6.5.4"),
        ]
    )
    assert not any(mark in repr(units) for mark in ("Mustermann", "9.8.7", "6.5.4"))


@pytest.mark.parametrize("name, step", [("covid-ct-md-P002", 2.0), ("ibsi-phantom/image", 3.0)])
def test_a_real_series_is_whole(name, step):
    folder = REAL_SERIES / name
    if not folder.is_dir():
        pytest.skip(f"the real series is not in {folder}")
    headers = {source: read_header(source) for source in reversed(list_sources(folder).sources)}
    (unit,) = group(list(headers.items()))
    positions = [headers[source].positions[frame][2] for source, frame in unit.slices]
    gaps = [b - a for a, b in itertools.pairwise(positions)]
    assert gaps == pytest.approx([step] * len(gaps)) and len(gaps) == len(headers) - 1
    assert unit.findings == () and unit.is_volume
