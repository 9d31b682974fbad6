"""Fake scans of two classes with enough to test on, and runs of them whose networks are untrained."""

import numpy as np
import pytest

from covid_gan import build, data, runs
from covid_gan.config import Config
from covid_gan.training.checkpoints import Checkpoints

SPLITS = {"train": 40, "validation": 40, "test": 48}
# The scan of `test` whose patient has scans in `train` too.
LEAKING = "test-07"


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (20, 20, 1), np.uint8)


@pytest.fixture(scope="session")
def paired_data_dir(tmp_path_factory):
    """A folder of TFDS with `paired_scans`: noise of two classes, half each; patients have two scans."""
    import tensorflow_datasets as tfds

    class PairedScans(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        """Fake scans."""

        name = "paired_scans"
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            features = {
                "image": tfds.features.Image(shape=(None, None, 1)),
                "label": tfds.features.ClassLabel(names=["covid", "non_covid"]),
                "image_id": tfds.features.Text(),
                "patient_id": tfds.features.Text(),
            }
            return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

        def _split_generators(self, dl_manager):
            return {split: self._generate_examples(split, count) for split, count in SPLITS.items()}

        def _generate_examples(self, split, count):
            for i in range(count):
                image_id = f"{split}-{i:02d}"
                yield (
                    image_id,
                    {
                        "image": noise(1000 * list(SPLITS).index(split) + i),
                        "label": i // 2 % 2,
                        "image_id": image_id,
                        "patient_id": "train/0" if image_id == LEAKING else f"{split}/{i // 2}",
                    },
                )

    folder = tmp_path_factory.mktemp("tfds")
    PairedScans(data_dir=folder).download_and_prepare()
    return folder


@pytest.fixture(scope="session")
def make_run(paired_data_dir, tmp_path_factory):
    """Returns a function of a class and settings: a run at step 6, with the weights it started with."""

    def make(label, checkpoint=True, **settings):
        tiny = dict(image_size=16, latent_dim=8, base_channels=4, batch_size=4, steps=6, milestone_every=0)
        given = {"dataset": "paired_scans", "data_dir": str(paired_data_dir), "classes": label, **settings}
        config, scans = data.load(build.resolve(Config().replace(**(tiny | given))))
        run = runs.create(tmp_path_factory.mktemp("runs"), config, scans.fingerprint)
        gan = build.gan_from(config)
        gan.step.assign(6)
        if checkpoint:
            Checkpoints(run.checkpoints, gan).save()
        return run

    return make


@pytest.fixture(scope="session")
def pair(make_run):
    """A run of each class."""
    return make_run(("covid",)), make_run(("non_covid",), seed=1)
