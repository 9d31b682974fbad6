"""Plans, tasks and reports of a study that nobody has trained."""

import json

import numpy as np
import pytest
from PIL import Image

from covid_gan.config import Config
from covid_gan.evaluation import keys
from covid_gan.evaluation.config import EvaluationConfig
from experiments.study import Arm, Study
from experiments.study.planning import Plan
from experiments.study.tasks import Task

SCANS = {"name": "drawn", "version": "1.0.0", "split": "train", "classes": ["covid"], "count": 99,
         "counts": {"drawn": {"covid": 99}}, "sha256": "ab" * 32, "image_size": 16,
         "resize": "pad"}  # fmt: skip
MACHINE = {"processor": "P", "cores": 2, "memory_gb": 8, "accelerators": [], "load": 0.1, "versions": {}}
JUDGED_BY = EvaluationConfig(count=64, features="none", curve=0)


def measured(value, **more):
    return (
        dict.fromkeys(keys.OF_MEASURE)
        | {keys.VALUE: value, keys.FLOOR: 0.01, keys.FLOOR_SPREAD: 0.001}
        | more
    )


@pytest.fixture
def study():
    arms = {"relu": Arm(activation="relu"), "swish": Arm(activation="swish")}
    return Study("toy", "Which?", arms, common={"image_size": 16}, measures=("spectrum",))


@pytest.fixture
def configs(study):
    return {arm: study.config_of(arm, {}) for arm in study.arms}


@pytest.fixture
def task(tmp_path):
    """Returns a function: the task of an arm and a seed in a study of 10 steps."""

    def make(arm="relu", seed=0, steps=10):
        return Task(arm, seed, Config().replace(activation=arm, steps=steps, seed=seed), tmp_path, JUDGED_BY)

    return make


@pytest.fixture
def pretend():
    """Returns a function that leaves behind what a training to its end and an evaluation do."""

    def leave(task, step=None, **measures):
        run = task.folder / "00000-run"
        step = task.steps if step is None else step
        (run / "checkpoints" / f"step-{step:08d}").mkdir(parents=True, exist_ok=True)
        (run / "config.json").write_text(task.config.to_json())
        (run / "data.json").write_text(json.dumps(SCANS))
        if not measures:
            return
        folder = run / "evaluation" / f"step-{step:08d}"
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        for name in ("real.png", "generated.png"):
            Image.fromarray(np.full((96, 96), 100, np.uint8)).save(folder / "figures" / name)
        found = {keys.FORMAT: 1, keys.TIME: "2026-01-01T00:00:00+0000", keys.NAME: task.name, keys.STEP: step,
                 keys.DATA: SCANS, keys.SETTINGS: vars(task.evaluation), keys.EXTRACTOR: None,
                 keys.PRIVACY: {"verdict": "cannot tell"},
                 keys.MEASURES: {key: measured(value) for key, value in measures.items()}}  # fmt: skip
        (folder / "metrics.json").write_text(json.dumps(found))

    return leave


@pytest.fixture
def plan(study, configs):
    """Ten steps of both arms with two seeds."""
    arms = {
        arm: {"settings": json.loads(json.dumps(c.settings())), "steps": 10, "seconds_per_step": None}
        for arm, c in configs.items()
    }
    return Plan("toy", "time", None, arms, [0, 1], MACHINE, "2026-01-01T00:00:00+0000")
