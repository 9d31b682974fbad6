"""A study in TensorBoard's HParams: one line for each run, the settings that differ and the main measures."""

import shutil
from pathlib import Path

import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from covid_gan.evaluation import keys
from covid_gan.evaluation.words import HEADLINES, base_of
from experiments.study.results import Results

FOLDER = "hparams"


def write(results: Results) -> Path:
    """Writes the folder anew, and returns it: tensorboard --logdir=…

    Settings that all arms share are left out.
    """
    folder = results.out / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    varied = _varied(results)
    for result in results.judged:
        settings = results.plan.arms[result.task.arm]["settings"]
        shown = {"arm": result.task.arm, "seed": result.task.seed, "steps": result.task.steps}
        shown |= {name: _plain(settings.get(name)) for name in varied}
        writer = tf.summary.create_file_writer(str(folder / result.name))
        with writer.as_default(step=result.step):
            hparams.hparams(shown, trial_id=result.name)
            for key, measure in result.report.found[keys.MEASURES].items():
                if base_of(key) in HEADLINES:
                    tf.summary.scalar(key, measure[keys.VALUE])
        writer.close()
    return folder


def _varied(results):
    """The names of the settings in which arms differ."""
    arms = [arm["settings"] for arm in results.plan.arms.values()]
    return [name for name in arms[0] if any(arm.get(name) != arms[0][name] for arm in arms[1:])]


def _plain(value):
    if value is None:
        return "none"
    return ",".join(value) or "none" if isinstance(value, list) else value
