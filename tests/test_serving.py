"""The export: it loads without covid_gan, draws what `sample` draws, and refuses wrong requests."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from covid_gan import gallery, runs, sampling, serving
from covid_gan.errors import ArgumentError

COUNT, SEED, TRUNCATION = 21, 7, 0.7


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory) -> Path:
    return serving.export(run, tmp_path_factory.mktemp("serving") / "model")


@pytest.fixture(scope="module")
def signatures(exported):
    loaded = tf.saved_model.load(str(exported))
    yield loaded.signatures  # `loaded` must live as long as they do


@pytest.fixture(scope="module")
def pngs(run, tmp_path_factory) -> np.ndarray:
    """The pixels that `covid_gan.sample` writes for the same request."""
    folder = gallery.sample(run, COUNT, SEED, tmp_path_factory.mktemp("samples"), TRUNCATION)
    return np.stack([np.asarray(Image.open(folder / f"{i:05d}.png"))[..., None] for i in range(COUNT)])


@pytest.fixture(scope="module")
def latents() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(3, 8)).astype("float32")


@pytest.fixture(scope="module")
def expected(run, latents) -> np.ndarray:
    """What the run's averaged generator makes of `latents`."""
    generator, _ = gallery.generator_of(run)
    return sampling.Sampler(generator)(latents)


def request(count=COUNT, seed=SEED, truncation=TRUNCATION) -> dict:
    return {
        "count": tf.constant(count, tf.int32),
        "seed": tf.constant(seed, tf.int64),
        "truncation": tf.constant(truncation, tf.float32),
    }


def assert_same_pixels(found, expected):
    """Equal to the last level, in images that are not flat."""
    assert np.asarray(expected).std() > 30
    np.testing.assert_array_equal(found, expected)


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_versions_are_counted_and_hold_every_file(run, tmp_path):
    out = tmp_path / "deeper" / "model"
    assert [serving.export(run, out) for _ in range(2)] == [out / "1", out / "2"]
    assert names(out) == ["1", "2"]
    files = {"saved_model.pb", "variables", "generator.keras", "MODEL_CARD.md"}
    assert all(files <= set(names(out / version)) for version in "12")
    assert (out / "1").stat().st_mode & 0o777 == 0o755


def test_the_next_version_follows_the_highest_number(run, tmp_path):
    for name in ("3", "10", "notes"):
        (tmp_path / name).mkdir()
    assert serving.export(run, tmp_path).name == "11"


def test_signatures_say_what_they_take_and_give(signatures):
    def described(specs):
        return {name: (spec.dtype, spec.shape.as_list()) for name, spec in specs.items()}

    taken = {name: described(f.structured_input_signature[1]) for name, f in signatures.items()}
    given = {name: described(f.structured_outputs) for name, f in signatures.items()}
    latent = {"latent": (tf.float32, [None, 8])}
    wish = {"count": (tf.int32, []), "seed": (tf.int64, []), "truncation": (tf.float32, [])}
    images = {"images": (tf.uint8, [None, 16, 16, 1])}
    assert taken == {"serving_default": latent, "sample": wish, "sample_png": wish}
    assert given == {
        "serving_default": images, "sample": images, "sample_png": {"png_bytes": (tf.string, [None])}
    }  # fmt: skip


def test_serving_default_gives_the_generators_images(signatures, latents, expected):
    found = signatures["serving_default"](latent=tf.constant(latents))["images"]
    assert_same_pixels(found, expected)


def test_a_sample_has_the_pixels_of_the_command_line(signatures, pngs):
    assert_same_pixels(signatures["sample"](**request())["images"], pngs)


def test_png_bytes_are_files_with_the_same_pixels(signatures, pngs):
    files = signatures["sample_png"](**request())["png_bytes"].numpy()
    assert all(file.startswith(b"\x89PNG") for file in files)
    assert_same_pixels([tf.io.decode_png(file) for file in files], pngs)


def test_the_first_of_a_larger_request_are_the_same(signatures, pngs):
    found = signatures["sample"](**request(count=200))["images"]
    assert found.shape == (200, 16, 16, 1)
    assert_same_pixels(found[:COUNT], pngs)


@pytest.mark.parametrize("signature", ["sample", "sample_png"])
@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"count": 0}, "count must be from 1 to 1024"),
        ({"count": -5}, "count must be from 1 to 1024"),
        ({"count": 1025}, "count must be from 1 to 1024"),
        ({"count": 10**6}, "count must be from 1 to 1024"),
        ({"count": 2**31 - 1}, "count must be from 1 to 1024"),
        ({"seed": -1}, "seed must not be negative"),
        ({"truncation": -0.5}, "truncation must be a positive number"),
        ({"truncation": np.nan}, "truncation must be a positive number"),
        ({"truncation": np.inf}, "truncation must be a positive number"),
    ],
    ids=str,
)
def test_wrong_requests_are_refused_with_a_sentence(signatures, signature, wrong, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        signatures[signature](**request(**wrong))


@pytest.mark.parametrize(
    "latent, message",
    [
        (np.zeros((0, 8)), "1 to 1024 rows"),
        (np.zeros((1025, 8)), "1 to 1024 rows"),
        (np.full((2, 8), np.nan), "finite"),
        (np.array([[0.0] * 7 + [np.inf]]), "finite"),
    ],
    ids=["none", "too many", "nan", "inf"],
)
def test_wrong_latents_are_refused_with_a_sentence(signatures, latent, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        signatures["serving_default"](latent=tf.constant(latent, tf.float32))


@pytest.mark.parametrize("shape", [(2, 7), (8,), (1, 1, 8)])
def test_latents_of_another_shape_are_refused(signatures, shape):
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError, TypeError)):
        signatures["serving_default"](latent=tf.zeros(shape))


def test_the_loader_of_tensorflow_1_finds_every_variable(exported, latents, expected):
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        meta = v1.saved_model.loader.load(session, ["serve"], str(exported))
        signature = meta.signature_def["serving_default"]
        feed = {signature.inputs["latent"].name: latents}
        found = session.run(signature.outputs["images"].name, feed)
    assert_same_pixels(found, expected)


@pytest.mark.slow
def test_an_export_loads_where_covid_gan_cannot_be_imported(exported, latents, expected, pngs, tmp_path):
    program = f"""
import sys

sys.modules["covid_gan"] = None  # an import of it would fail now, installed or not
import numpy as np
import tensorflow as tf

model = tf.saved_model.load({str(exported)!r})
latents = tf.constant(np.load("latents.npy"))
wish = dict(count={COUNT}, seed=tf.constant({SEED}, tf.int64), truncation={TRUNCATION})
wish = {{name: tf.constant(value) for name, value in wish.items()}}
np.savez(
    "found.npz",
    served=model.signatures["serving_default"](latent=latents)["images"],
    sampled=model.signatures["sample"](**wish)["images"],
)
assert not any(name.startswith("covid_gan.") for name in sys.modules)
"""
    np.save(tmp_path / "latents.npy", latents)
    subprocess.run([sys.executable, "-I", "-c", program], cwd=tmp_path, check=True, capture_output=True)
    found = np.load(tmp_path / "found.npz")
    assert_same_pixels(found["served"], expected)
    assert_same_pixels(found["sampled"], pngs)


@pytest.mark.slow
def test_saved_model_cli_runs_an_export(exported, latents, expected, tmp_path):
    np.save(tmp_path / "latents.npy", latents)
    command = [
        Path(sys.executable).parent / "saved_model_cli",
        "run",
        f"--dir={exported}",
        "--tag_set=serve",
        "--signature_def=serving_default",
        f"--inputs=latent={tmp_path / 'latents.npy'}",
        f"--outdir={tmp_path}",
    ]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert_same_pixels(np.load(tmp_path / "images.npy"), expected)


def test_generator_keras_gives_the_same(exported, latents, expected):
    generator = keras.saving.load_model(exported / "generator.keras")
    assert_same_pixels(sampling.Sampler(generator)(latents), expected)
    assert generator.latent_dim == 8


def test_raw_exports_the_last_weights(run, exported, latents, tmp_path):
    raw = serving.export(run, tmp_path, raw=True)
    wanted = gallery.generator_of(run, raw=True)[0].get_weights()
    found = keras.saving.load_model(raw / "generator.keras").get_weights()
    average = keras.saving.load_model(exported / "generator.keras").get_weights()
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(found, average))
    assert "those of the last step" in (raw / "MODEL_CARD.md").read_text()


def test_the_model_card_says_what_a_user_must_know(run, exported):
    card = (exported / "MODEL_CARD.md").read_text()
    assert f"| Steps | {run.config.training.steps} |" in card
    assert run.fingerprint["sha256"] in card
    assert "Not for diagnosis" in card
    assert "tiny_scans 1.0.0" in card and "train, covid, 20" in card
    assert "exponential moving average" in card
    assert run.config.to_json().strip() in card
    assert "never seen a scan" not in card


def test_the_card_of_a_model_of_drawings_says_so(run, tmp_path):
    drawings = {**run.fingerprint, "name": "lung_phantom"}
    drawn = runs.create(tmp_path, run.config, drawings)
    assert "This model has never seen a scan of a patient" in serving.model_card(drawn, 6)


def test_a_file_in_the_place_of_the_folder_is_refused_and_kept(run, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ArgumentError) as error:
        serving.export(run, tmp_path / "out")
    assert error.value.argument == "out"
    assert (tmp_path / "out").read_text() == "mine"


def test_a_run_without_a_checkpoint_is_refused_and_leaves_nothing(run, tmp_path):
    empty = runs.create(tmp_path / "runs", run.config, run.fingerprint)
    with pytest.raises(ArgumentError, match="has no checkpoint") as error:
        serving.export(empty, tmp_path / "deeper" / "out")
    assert error.value.argument == "run"
    assert names(tmp_path) == ["runs"]


def test_a_failing_export_leaves_nothing(run, tmp_path, monkeypatch):
    def fail(served, path, **kwargs):
        (Path(path) / "saved_model.pb").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", fail)
    (tmp_path / "old" / "1").mkdir(parents=True)
    for out in (tmp_path / "new", tmp_path / "old"):
        with pytest.raises(ArgumentError, match="No space left") as error:
            serving.export(run, out)
        assert error.value.argument == "out"
    assert names(tmp_path) == ["old"] and names(tmp_path / "old") == ["1"]
