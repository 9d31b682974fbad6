"""What `evaluate --utility` hands on to the measurement, and what it refuses."""

from types import SimpleNamespace

import pytest

from covid_gan.errors import ArgumentError
from covid_gan.evaluation import results
from covid_gan.evaluation.config import EvaluationConfig


def ask(pair, **settings):
    """The use of the first run, with the second as --utility."""
    source = SimpleNamespace(generated=SimpleNamespace(run=pair[0]))
    return results._utility(source, EvaluationConfig(utility=str(pair[1].path), **settings))


@pytest.mark.parametrize("checkpoint", ["newest", "best"])
def test_both_runs_are_read_at_the_checkpoint_asked_for(pair, monkeypatch, checkpoint):
    calls = []
    monkeypatch.setattr(results, "measure_utility", lambda *runs, **given: calls.append((runs, given)))
    ask(pair, checkpoint=checkpoint, utility_seeds=4, seed=7)
    ((runs, given),) = calls
    assert [run.path for run in runs] == [run.path for run in pair]
    assert given == {"seeds": 4, "seed": 7, "checkpoint": checkpoint}


@pytest.mark.parametrize(
    "settings", [{"checkpoint": "6"}, {"raw": True}, {"raw": True, "checkpoint": "best"}]
)
def test_a_step_and_raw_weights_are_refused(pair, monkeypatch, settings):
    monkeypatch.setattr(results, "measure_utility", lambda *runs, **given: pytest.fail("began"))
    with pytest.raises(ArgumentError, match="leave out --raw, and give no step") as caught:
        ask(pair, **settings)
    assert caught.value.argument == "utility"


def test_a_checkpoint_that_is_missing_is_named(pair):
    with pytest.raises(ArgumentError, match="its checkpoint best is not in .*; there are step-") as caught:
        ask(pair, checkpoint="best")
    assert caught.value.argument == "utility"
