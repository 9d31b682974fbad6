"""A trained generator as a SavedModel that TensorFlow Serving and plain TensorFlow load.

exported/1/
    saved_model.pb, variables/   loads without covid_gan
    generator.keras              needs covid_gan to load
    MODEL_CARD.md
"""

import json
from pathlib import Path

import keras
import tensorflow as tf

import covid_gan
from covid_gan import randomness, sampling, storage
from covid_gan.config import PHANTOM
from covid_gan.gallery import generator_of
from covid_gan.outputs import draft_in
from covid_gan.runs import NEWEST, Run

# More images in one request are refused: it would take the server's memory.
MAX_IMAGES = 1024


class ServedGenerator(tf.Module):
    """The three signatures of an export.

    Wrong requests raise `InvalidArgumentError`: a count outside 1…1024, latents that are
    not finite or of another length, a negative seed or truncation.

    Args:
        generator: latents [n, latent_dim] → images in [-1, 1].
    """

    def __init__(self, generator: keras.Model):
        super().__init__()
        self._generate = lambda latent: sampling.images_of(generator, latent)
        self._latent_dim = generator.latent_dim
        # A loader without covid_gan finds only what is tracked as a plain variable.
        self._weights = [variable.value for variable in generator.variables]
        request = [
            tf.TensorSpec([], tf.int32, "count"),
            tf.TensorSpec([], tf.int64, "seed"),
            tf.TensorSpec([], tf.float32, "truncation"),
        ]
        latents = tf.TensorSpec([None, self._latent_dim], tf.float32, "latent")
        self.serve = tf.function(self._serve, input_signature=[latents])
        self.sample = tf.function(self._sample, input_signature=request)
        self.sample_png = tf.function(self._sample_png, input_signature=request)

    def signatures(self) -> dict:
        return {
            "serving_default": self.serve,
            "sample": self.sample,
            "sample_png": self.sample_png,
        }

    def _serve(self, latent):
        """float32 [n, latent_dim] → `images`, uint8 [n, H, W, 1]."""
        n = tf.shape(latent)[0]
        checks = [
            tf.debugging.Assert(
                (n >= 1) & (n <= MAX_IMAGES), [f"latent must have 1 to {MAX_IMAGES} rows", n]
            ),
            tf.debugging.Assert(
                tf.reduce_all(tf.math.is_finite(latent)), ["latent must hold finite numbers"]
            ),
        ]
        with tf.control_dependencies(checks):
            return {"images": self._generate(tf.identity(latent))}

    def _sample(self, count, seed, truncation):
        """count, seed, truncation (0: none) → `images`, uint8 [count, H, W, 1]."""
        return {"images": self._draw(count, seed, truncation)}

    def _sample_png(self, count, seed, truncation):
        """count, seed, truncation (0: none) → `png_bytes`, [count] encoded PNG files."""
        drawn = self._draw(count, seed, truncation)
        return {"png_bytes": tf.map_fn(tf.io.encode_png, drawn, fn_output_signature=tf.string)}

    def _draw(self, count, seed, truncation):
        checks = [
            tf.debugging.Assert(
                (count >= 1) & (count <= MAX_IMAGES), [f"count must be from 1 to {MAX_IMAGES}, not", count]
            ),
            tf.debugging.Assert(seed >= 0, ["seed must not be negative:", seed]),
            tf.debugging.Assert(
                tf.math.is_finite(truncation) & (truncation >= 0),
                ["truncation must be a positive number, or 0 for none:", truncation],
            ),
        ]
        with tf.control_dependencies(checks):
            # A refused count must not be allocated before the check has refused it.
            count = tf.clip_by_value(tf.identity(count), 0, MAX_IMAGES)
        latents = randomness.sample_latents(count, self._latent_dim, seed, truncation)
        return self._generate(latents)


def export(run: Run, out: str | Path, raw: bool = False, checkpoint: str = NEWEST) -> Path:
    """Exports a checkpoint of a run as the next version below `out`.

    Args:
        run: a run folder.
        out: the model's base folder; versions in it are 1, 2, …
        raw: export the generator's last weights instead of their moving average.
        checkpoint: "newest", "best" or a step.

    Returns:
        The version's folder, which is there whole or not at all.

    Raises:
        ArgumentError: (`run`) there is no checkpoint; (`checkpoint`) it is not there; (`out`) the folder
            cannot be written.
    """
    out = storage.path(out)
    generator, step = generator_of(run, raw, checkpoint)
    with draft_in(out) as draft:
        served = ServedGenerator(generator)
        tf.saved_model.save(served, str(draft), signatures=served.signatures())
        generator.save(draft / "generator.keras")
        (draft / "MODEL_CARD.md").write_text(model_card(run, step, raw))
        draft.chmod(0o755)
        version = out / str(_next_version(out))
        try:
            storage.move(draft, version)
        except BaseException:
            storage.remove(version)
            raise
        return version


def model_card(run: Run, step: int, raw: bool = False) -> str:
    """What a person must know before using an exported generator, as Markdown."""
    data = run.fingerprint
    origin = (
        "**lung_phantom: drawings made by a program. This model has never seen a scan of a patient.**"
        if data["name"] == PHANTOM
        else f"{data['name']} {data['version']}"
    )
    facts = {
        "Images it was trained on": origin,
        "Split, classes, count": f"{data['split']}, {', '.join(data['classes']) or 'all'}, {data['count']}",
        "SHA-256 of their ids and pixels": f"`{data['sha256']}`",
        "Run": run.name,
        "Steps": step,
        "Weights": "those of the last step" if raw else "their exponential moving average",
        "Output": f"grey images of {run.config.model.image_size}² pixels, uint8",
        "Made with": f"covid_gan {covid_gan.__version__}, tensorflow {tf.__version__}, keras {keras.__version__}",
    }
    rows = "\n".join(f"| {name} | {value} |" for name, value in facts.items())
    config = json.dumps(json.loads(run.config.to_json()), indent=2)
    return f"""# Model card: {run.name}

| | |
|---|---|
{rows}

## Intended use
Research and teaching on generative models of lung CT.

## Limits
- **Not for diagnosis**, nor for any decision about a patient.
- It was trained on few images. It may repeat some of them, and it does not cover what they do not show.
- Its images are made up. Their grey levels are not Hounsfield units.

## Files
- `saved_model.pb`, `variables/`: load with TensorFlow alone. Signatures: `serving_default` (`latent`
  float32 [n, {run.config.model.latent_dim}] → `images`), `sample` and `sample_png` (`count`, `seed`, `truncation`; 0 for none).
- `generator.keras`: `keras.saving.load_model`, after `import covid_gan.networks.{run.config.model.network}`.

## Config
```json
{config}
```
"""


def _next_version(out: Path) -> int:
    return max((int(p.name) for p in out.iterdir() if p.name.isdigit()), default=0) + 1
