"""Curves come from the training's own record, or from the checkpoints that were kept."""

import json
import shutil

import numpy as np
import pytest

from covid_gan import runs
from covid_gan.evaluation import EvaluationConfig
from covid_gan.evaluation.curves import curves_of
from covid_gan.evaluation.generated import drawn, generator_at
from covid_gan.judge import Judge
from covid_gan.sampling import Sampler
from covid_gan.training import evaluations


@pytest.fixture
def own_run(run, tmp_path):
    """The tiny run with two kept checkpoints, the first of other weights."""
    from covid_gan import build
    from covid_gan.training.checkpoints import Checkpoints

    new = runs.Run(shutil.copytree(run.path, tmp_path / run.name))
    gan = build.gan_from(new.config)
    gan.step.assign(3)
    rng = np.random.default_rng(1)
    for network in (gan.generator, gan.ema_generator):
        network.set_weights([rng.normal(0, 0.5, w.shape) if w.ndim > 1 else w for w in network.get_weights()])
    Checkpoints(new.checkpoints, gan).save()
    return new


@pytest.fixture
def judge(run):
    real = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 1)).astype(np.uint8)
    return Judge(real)


def write(run, *lines):
    text = "".join(json.dumps({"against": "test", "count": 40} | line) + "\n" for line in lines)
    (run.path / evaluations.FILE).write_text(text)


def test_kept_checkpoints_are_judged_as_the_judge_does(own_run, judge):
    found = curves_of(own_run, judge, "40 scans", EvaluationConfig())
    assert [step for step, _ in found.series["spectrum"]] == [3, 6] and "40 scans" in found.origin
    made = drawn(Sampler(generator_at(own_run, "3")[0]), evaluations.IMAGES, 0)
    assert found.series["spectrum"][0][1] == judge.score(made)["spectrum"]
    assert found.series["spectrum"][0][1] != found.series["spectrum"][1][1]


def test_the_trainings_own_record_comes_first(own_run, judge):
    write(
        own_run,
        {"step": 2, "spectrum": 9.0},
        {"step": 4, "spectrum": 8.0},
        {"step": 6, "failed": "all black"},
    )
    found = curves_of(own_run, judge, "40 scans", EvaluationConfig())
    assert found.series == {"spectrum": ((2, 9.0), (4, 8.0))}
    assert "training itself" in found.origin and "40 scans of test" in found.origin


def test_a_record_without_the_extractors_distance_is_not_enough(own_run, judge, extractor):
    write(own_run, {"step": 2, "kid_ct-ffffff": 9.0}, {"step": 4, "kid_ct-ffffff": 8.0})
    found = curves_of(own_run, Judge(judge.real, extractor(16)), "", EvaluationConfig())
    assert len(found.series["kid_ct-0a1b2c"]) == 2 and "kid_ct-ffffff" not in found.series
    write(own_run, {"step": 2, "kid_ct-0a1b2c": 9.0}, {"step": 4, "kid_ct-0a1b2c": 8.0})
    found = curves_of(own_run, Judge(judge.real, extractor(16)), "", EvaluationConfig())
    assert found.series["kid_ct-0a1b2c"] == ((2, 9.0), (4, 8.0))


@pytest.mark.parametrize("most", [0, 1])
def test_none_where_none_are_asked_for(own_run, judge, most):
    assert curves_of(own_run, judge, "", EvaluationConfig(curve=most)) is None


def test_none_of_one_checkpoint(run, judge):
    assert curves_of(run, judge, "", EvaluationConfig()) is None


def test_a_damaged_checkpoint_is_left_out_with_a_warning(own_run, judge, caplog):
    for path in (own_run.checkpoints / "step-00000006").iterdir():
        path.write_bytes(b"")
    assert curves_of(own_run, judge, "", EvaluationConfig()) is None
    assert "step 6 is left out" in caplog.text
