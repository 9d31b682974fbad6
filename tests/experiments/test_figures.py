"""The figures that every study has."""

import numpy as np
import pytest
from PIL import Image

from experiments.study import figures


@pytest.mark.parametrize("far, ends, said", [(0.4, 0.4, []), (9.0, 0.24, ["9 →"])])
def test_an_arm_far_off_does_not_flatten_the_others(far, ends, said):
    values = [[0.1], [0.2, 0.1], [], [far], [0.15], [-0.01]]
    axes = figures.figure(2, 2).subplots()
    axes.barh(range(6), [max(of_arm, default=0.0) for of_arm in values])
    figures.keep_in_sight(axes, values)
    assert axes.get_xlim()[1] == pytest.approx(ends, rel=0.06)
    assert [text.get_text() for text in axes.texts] == said


@pytest.mark.parametrize("values", [[], [[], []], [[-0.1], [-0.2], [5.0]], [[0.0], [0.0], [1.0]]])
def test_without_a_scale_to_be_far_from_a_panel_stays(values):
    axes = figures.figure(2, 2).subplots()
    before = axes.get_xlim()
    figures.keep_in_sight(axes, values)
    assert axes.get_xlim() == before and not axes.texts


def test_a_figure_is_written_small_at_its_size_and_with_its_colours(tmp_path):
    drawing = figures.figure(4, 2)
    drawing.subplots().imshow(np.random.default_rng(0).uniform(size=(64, 64)), cmap="viridis")
    figures.save(drawing, tmp_path / "new" / "figure.png")
    with Image.open(tmp_path / "new" / "figure.png") as image:
        assert image.size == (4 * figures.DPI, 2 * figures.DPI) and image.mode == "P"
        written = np.asarray(image.convert("RGB"), int)
    drawn = np.asarray(drawing.canvas.buffer_rgba(), int)[..., :3]
    assert abs(written - drawn).max() < 48  # black letters stay black
