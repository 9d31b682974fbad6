"""Files made from a trained run: which, with which pixels, and nothing where it fails."""

import numpy as np
import pytest
from PIL import Image, ImageSequence

from covid_gan import gallery, images, runs
from covid_gan.errors import ArgumentError


@pytest.fixture(scope="module")
def samples(run, tmp_path_factory):
    """Five images of seed 7."""
    return gallery.sample(run, 5, 7, tmp_path_factory.mktemp("gallery") / "samples")


@pytest.fixture(scope="module")
def empty_run(trained_run, tmp_path_factory):
    """A run that has not trained yet."""
    return runs.create(tmp_path_factory.mktemp("runs"), trained_run.config, trained_run.fingerprint)


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_same_pixels(found, expected):
    """Equal but for a level where a last bit decided the rounding, in images that are not flat."""
    found, expected = np.asarray(found, int), np.asarray(expected, int)
    assert expected.std() > 30
    np.testing.assert_allclose(found, expected, atol=1)
    assert (found == expected).mean() > 0.99


def pixels(path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.mode == "L"
        return np.asarray(image)


def test_a_sample_is_numbered_images_and_a_sheet_of_them(samples):
    assert names(samples) == ["00000.png", "00001.png", "00002.png", "00003.png", "00004.png", "grid.png"]
    singles = np.stack([pixels(samples / name) for name in names(samples)[:5]])
    assert singles.shape == (5, 16, 16)
    assert len(np.unique(singles, axis=0)) == 5 and singles.std() > 30
    np.testing.assert_array_equal(pixels(samples / "grid.png"), images.grid(singles[..., None])[..., 0])


def test_the_same_seed_writes_the_same_bytes(run, samples, tmp_path):
    again = gallery.sample(run, 5, 7, tmp_path)
    assert names(again) == names(samples)
    assert all((again / name).read_bytes() == (samples / name).read_bytes() for name in names(samples))


def test_the_first_of_a_larger_count_are_the_same(run, samples, tmp_path):
    fewer = gallery.sample(run, 2, 7, tmp_path)
    assert names(fewer) == ["00000.png", "00001.png", "grid.png"]
    for name in ("00000.png", "00001.png"):
        assert (fewer / name).read_bytes() == (samples / name).read_bytes()


@pytest.mark.parametrize("change", [{"seed": 8}, {"truncation": 0.5}, {"raw": True}], ids=str)
def test_another_seed_truncation_or_generator_gives_other_images(change, run, samples, tmp_path):
    other = gallery.sample(run, **{"count": 5, "seed": 7, "out": tmp_path, **change})
    assert (pixels(other / "grid.png") != pixels(samples / "grid.png")).any()


def test_a_filled_folder_keeps_what_else_is_in_it(run, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    gallery.sample(run, 1, 0, tmp_path)
    assert names(tmp_path) == ["00000.png", "grid.png", "notes.txt"]


@pytest.mark.parametrize(
    "argument, value",
    [
        ("count", 0),
        ("count", -1),
        ("count", 10**6),
        ("seed", -1),
        ("seed", 2**31),
        ("truncation", -0.1),
        ("truncation", float("nan")),
        ("truncation", float("inf")),
    ],
)
def test_wrong_arguments_are_refused_and_leave_nothing(argument, value, run, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(ArgumentError) as error:
        gallery.sample(run, **{"count": 1, "seed": 0, "out": out, argument: value})
    assert error.value.argument == argument
    assert not out.exists()


@pytest.mark.parametrize(
    "argument, value",
    [
        ("frames", 1),
        ("frames", 1001),
        ("from_seed", -1),
        ("to_seed", 2**31),
        ("method", "cubic"),
    ],
)
def test_wrong_arguments_of_a_path_are_refused_and_leave_nothing(argument, value, run, tmp_path):
    out = tmp_path / "out"
    settings = {"from_seed": 0, "to_seed": 1, "frames": 3, "out": out, argument: value}
    with pytest.raises(ArgumentError) as error:
        gallery.interpolate(run, **settings)
    assert error.value.argument == argument
    assert not out.exists()


MAKERS = {
    "sample": lambda run, out: gallery.sample(run, 2, 0, out),
    "interpolate": lambda run, out: gallery.interpolate(run, 0, 1, 2, out),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_run_without_a_checkpoint_is_refused_and_leaves_nothing(make, empty_run, tmp_path):
    with pytest.raises(ArgumentError, match="has no checkpoint") as error:
        make(empty_run, tmp_path / "deeper" / "out")
    assert error.value.argument == "run"
    assert names(tmp_path) == []


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("below", [False, True])
def test_a_file_in_the_place_of_the_folder_is_refused_and_kept(make, below, run, tmp_path):
    file = tmp_path / "out"
    file.write_text("mine")
    with pytest.raises(ArgumentError) as error:
        make(run, file / "deeper" if below else file)
    assert error.value.argument == "out"
    assert file.read_text() == "mine" and names(tmp_path) == ["out"]


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_failure_while_writing_leaves_nothing(make, run, tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(images, "grid", fail)  # when single images are written already
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "notes.txt").write_text("mine")
    for out in (tmp_path / "new", tmp_path / "old"):
        with pytest.raises(ArgumentError, match="No space left") as error:
            make(run, out)
        assert error.value.argument == "out"
    assert names(tmp_path) == ["old"] and names(tmp_path / "old") == ["notes.txt"]


def test_a_folder_with_the_name_of_an_image_is_an_error_about_out(run, tmp_path):
    (tmp_path / "grid.png").mkdir()
    with pytest.raises(ArgumentError) as error:
        gallery.sample(run, 1, 0, tmp_path)
    assert error.value.argument == "out"


@pytest.mark.parametrize("method", ["linear", "spherical"])
def test_a_progression_is_frames_a_strip_and_an_animation(method, run, tmp_path):
    out = gallery.interpolate(run, 3, 4, 4, tmp_path / "out", method)
    frames = [f"frame-{i:02d}.png" for i in range(4)]
    assert names(out) == [*frames, "progression.gif", "strip.png"]
    found = np.stack([pixels(out / name) for name in frames])
    assert found.shape == (4, 16, 16)
    np.testing.assert_array_equal(pixels(out / "strip.png"), np.concatenate(found, axis=1))
    with Image.open(out / "progression.gif") as gif:
        animation = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(gif)]
    np.testing.assert_array_equal(animation, found[[0, 1, 2, 3, 2, 1]])
    for seed, frame in ((3, found[0]), (4, found[-1])):
        first = pixels(gallery.sample(run, 1, seed, tmp_path / str(seed)) / "00000.png")
        assert_same_pixels(frame, first)


def test_a_straight_and_a_round_way_differ_between_the_ends(run, tmp_path):
    middles = [
        pixels(gallery.interpolate(run, 3, 4, 3, tmp_path / method, method) / "frame-01.png")
        for method in ("linear", "spherical")
    ]
    assert (middles[0] != middles[1]).any()


def test_frames_sort_by_name_however_many_there_are(run, tmp_path):
    out = gallery.interpolate(run, 3, 4, 101, tmp_path)
    strip = pixels(out / "strip.png")
    by_name = np.concatenate([pixels(path) for path in sorted(out.glob("frame-*.png"))], axis=1)
    np.testing.assert_array_equal(by_name, strip)


def test_the_generator_is_that_of_the_newest_checkpoint(run):
    average, step = gallery.generator_of(run)
    raw, _ = gallery.generator_of(run, raw=True)
    assert step == run.config.training.steps
    assert any((a != r).any() for a, r in zip(average.get_weights(), raw.get_weights()))
