"""What a report says, in words, numbers and pictures."""

import json
import re

import numpy as np
import pytest

from covid_gan.evaluation import EvaluationConfig, figures, keys, results, text, writing
from covid_gan.evaluation.curves import Curves

KEYS = {value for name, value in vars(keys).items() if name.isupper() and name != "OF_MEASURE"}


@pytest.fixture(scope="module")
def blurred(examined, draw, extractor):
    """Results of blurred images, with features."""
    return examined(draw(128, 3, blur=3), extractor())


@pytest.fixture(scope="module")
def folder(blurred, tmp_path_factory):
    """A whole report."""
    folder = tmp_path_factory.mktemp("report")
    writing.write(blurred, folder)
    return folder


def test_the_report_begins_with_what_a_reader_asks(folder):
    report = (folder / "report.md").read_text()
    places = [report.index(part) for part in (
        "# made, judged", "128 generated images", "taken to have been trained on", "**Of 7 questions: ",
        "| question |", "Privacy: ", "figures/grids.png", "## Nearest neighbours", "figures/embedding.png",
        "## All numbers", "## How to read it", "## Settings",
    )]  # fmt: skip
    assert places == sorted(places) and places[5] < 2500
    assert "| ✗ | Is the texture right" in report
    assert all((folder / path).is_file() for path in re.findall(r"!\[.*?\]\((.*?)\)", report))


def test_metrics_json_has_the_documented_keys(folder):
    found = json.loads((folder / "metrics.json").read_text())
    assert set(found) == KEYS - set(keys.OF_MEASURE) - {keys.CURRENT_FORMAT}
    assert all(set(measure) == set(keys.OF_MEASURE) for measure in found[keys.MEASURES].values())
    spectrum = found[keys.MEASURES]["spectrum"]
    assert spectrum[keys.RATIO] < 0.2 and spectrum[keys.FLOOR] > 0
    assert found[keys.PRIVACY]["verdict"] and found[keys.CURVES] is None and found[keys.UTILITY] is None
    assert found[keys.DATA]["image_size"] == 32 and found[keys.DROPPED] == {"test": ["twice"]}
    assert found[keys.EXTRACTOR]["key"] == "ct-0a1b2c" and found[keys.VERSIONS]["numpy"] == np.__version__


def test_the_numbers_in_the_report_are_those_in_the_json(folder):
    found = json.loads((folder / "metrics.json").read_text())[keys.MEASURES]
    report = (folder / "report.md").read_text()
    for key, measure in found.items():
        (row,) = [line for line in report.splitlines() if line.startswith(f"| `{key}` |")]
        assert f"| {text.number(measure[keys.VALUE])} " in row


def test_pictures_are_not_blank(folder):
    from PIL import Image

    names = {path.name for path in (folder / "figures").iterdir()}
    assert names == {"grids.png", "spectra.png", "histograms.png", "embedding.png", "neighbours.png",
                     "real.png", "generated.png"}  # fmt: skip
    for path in (folder / "figures").iterdir():
        with Image.open(path) as image:
            assert np.asarray(image.convert("L")).std() > 10, path.name
            assert image.size[0] >= 6 * 32 and path.stat().st_size < 1_500_000


def test_curves_are_drawn_with_their_floors(blurred):
    found = blurred
    series = {
        "spectrum": ((100, 0.5), (200, 0.3)),
        "swd_32": ((100, 0.2), (200, 0.1)),
        "swd_16": ((100, 0.4),),
    }
    groups = writing.words.curve_groups(series)
    assert groups == {"spectrum": ["spectrum"], "SWD": ["swd_32", "swd_16"]}
    figure = figures.curves(Curves("", series), groups, {m.key: m for m in found.measures})
    first, second = (axes for axes in figure.axes if axes.has_data())
    np.testing.assert_array_equal(first.lines[0].get_xydata(), series["spectrum"])
    assert first.lines[1].get_ydata()[0] == found.find("spectrum").floor
    assert len(second.lines) == 4


def test_the_embedding_is_of_the_scans(blurred):
    """Images far off lie far off: the plane is that of the scans, and does not turn to the images."""
    axes = figures.embedding(blurred.subjects, "ct-0a1b2c", 0).axes[0]
    training, unseen, generated = (points.get_offsets() for points in axes.collections)
    assert (len(training), len(unseen), len(generated)) == (160, 80, 128)
    assert np.abs(np.concatenate([training, unseen]).mean(axis=0)).max() < 1e-5


def test_names_cannot_break_a_table(source_of, draw, tmp_path):
    source = source_of(draw(64, 3), name="a|b`\n# c", path="x|y")
    config = EvaluationConfig(halvings=2)
    writing.write(results.examine(source, lambda: None, config), tmp_path)
    report = (tmp_path / "report.md").read_text()
    assert "\n# c" not in report and "| judged | `x¦y` |" in report


@pytest.mark.parametrize("value, shown", [
    (0.0, "0"), (None, "–"), (0.0123456, "0.0123"), (123.456, "123"), (-0.0004, "-0.00040"), (1, "1.00"),
])  # fmt: skip
def test_numbers(value, shown):
    assert text.number(value) == shown


def test_intervals_and_lists():
    assert text.interval(0.061234, 0.0812) == "[0.061, 0.081]" and text.interval(None, 1) == ""
    assert text.interval(-0.004, 0.1) == "[-0.0040, 0.1000]"
    assert [text.listed(list("abc")[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
