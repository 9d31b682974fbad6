"""What is judged, and the scans that it is held against."""

import dataclasses
import logging

import numpy as np

from covid_gan import data
from covid_gan.config import Config
from covid_gan.data.patients import patients_of
from covid_gan.data.scans import Scans
from covid_gan.errors import ArgumentError, RunError
from covid_gan.evaluation.config import EvaluationConfig
from covid_gan.evaluation.generated import Generated, open_generated

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Source:
    """Generated images and the scans that they are held against.

    Attributes:
        generated: where the images come from.
        images: uint8 [n, S, S, 1], generated.
        config: of the data, resolved.
        scans: what the generator was trained on, or is taken to have been.
        training: the same as uint8 [m, S, S, 1].
        held_out: scans of the same classes in other splits, by split.
    """

    generated: Generated
    images: np.ndarray
    config: Config
    scans: Scans
    training: np.ndarray
    held_out: dict[str, data.HeldOut]

    @property
    def unseen(self) -> np.ndarray:
        """All held-out scans, uint8 [k, S, S, 1]; k may be 0."""
        parts = [part.images for part in self.held_out.values()]
        return np.concatenate(parts) if parts else self.training[:0]

    def patients(self) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """Whose the training and the held-out scans are; None where it is not known."""
        held_out_ids = tuple(name for part in self.held_out.values() for name in part.ids)
        patients = patients_of(self.config, self.scans.ids + held_out_ids)
        count = len(self.scans.ids)
        return (patients[:count], patients[count:]) if patients else None


def open_source(run: str | None, images: str | None, given: dict, config: EvaluationConfig) -> Source:
    """Opens what a command line names, reads the scans and draws the images.

    Args:
        run: a run folder or an exported SavedModel; or None.
        images: a folder of images; or None.
        given: settings of the data; a run's own must agree with them.
        config: how many images, of which checkpoint.

    Raises:
        ArgumentError: neither or both are given, there is nothing to judge, or it does not fit the data.
        RunError: a checkpoint or a model cannot be read, or the data are not those of the training.
    """
    generated = open_generated(run, images, config)
    settings, scans = data.load(_settings(generated, given))
    _check_same(generated, scans)
    log.info("%s: drawing %d images …", generated.name, config.count)
    made = generated.draw()
    _check_structure(generated, made)
    return Source(
        generated, made, settings, scans, data.all_images(scans), data.held_out_splits(settings, scans)
    )


def _settings(generated, given):
    """The settings of the data: those of the run, or what is given, at the size of the images."""
    if generated.run:
        return generated.run.continued(given)
    settings = generated.settings.replace(**given)
    try:
        return settings.replace(image_size=generated.size)
    except ArgumentError as error:
        size = f"{generated.size} × {generated.size}"
        message = f"the images are of {size} pixels, and {error.expected}"
        raise ArgumentError(generated.argument, message, generated.path) from error


def _check_same(generated, scans):
    if generated.run:
        generated.run.check_same_data(scans.fingerprint)
    elif generated.fingerprint.get("sha256") not in (None, scans.fingerprint["sha256"]):
        # A model card tells no more of the scans than this.
        raise RunError(
            f"--{generated.argument}={generated.path}: the scans are not those it was trained on; "
            "sha256 changed."
        )


def _check_structure(generated, images):
    """Refuses images that are all flat, such as black ones: no measure says anything of them."""
    flat = images.reshape(len(images), -1)
    if (flat.min(axis=1) == flat.max(axis=1)).all():
        level = f"grey level {flat[0, 0]} in the first"
        raise ArgumentError(
            generated.argument,
            f"all {len(images)} images are constant ({level}); there is nothing to judge.",
            generated.path,
        )
