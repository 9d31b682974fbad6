"""Minutes become steps once, and a plan that was made is not changed."""

import dataclasses
import json

import pytest

from covid_gan.errors import ArgumentError
from experiments.study import STEPS, TIME, Arm, planning, timing
from experiments.study.arguments import parse_seeds


def never(configs, minutes):
    raise AssertionError(f"{list(configs)} were timed")


class Clock:
    """A clock that stands still but for the steps that are made."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def step(self, *seconds):
        """A step that takes these seconds in turn, the last ones again and again."""
        left = list(seconds)

        def make():
            self.now += left.pop(0) if len(left) > 1 else left[0]
            return 1

        return make


def test_minutes_become_steps():
    seconds = {"fast": 0.1, "slow": 0.3}
    assert planning.steps_in(2, seconds, TIME) == {"fast": 1200, "slow": 400}
    assert planning.steps_in(2, seconds, STEPS) == {"fast": 600, "slow": 600}
    assert planning.steps_in(0.001, {"slow": 3.0}, TIME) == {"slow": 1}


def test_the_first_steps_and_a_disturbed_round_do_not_count():
    clock = Clock()
    compiling = clock.step(9.0, 0.1)
    disturbed = clock.step(5.0, 0.2, 0.2, *[0.2] * 10, *[4.0] * 10, 0.2)
    found = timing.seconds_per_step({"a": compiling, "b": disturbed}, clock=clock)
    assert found == {"a": pytest.approx(0.1), "b": pytest.approx(0.2)}


def test_several_steps_in_a_call_are_counted():
    clock = Clock()
    step = clock.step(1.6)
    assert timing.seconds_per_step({"a": lambda: 16 * step()}, clock=clock) == {"a": pytest.approx(0.1)}


def test_arms_are_timed_in_turn():
    clock, order = Clock(), []

    def stepper(name):
        step = clock.step(1.0)

        def take():
            order.append(name)
            return step()

        return take

    timing.seconds_per_step({"a": stepper("a"), "b": stepper("b")}, rounds=3, seconds_a_round=2, clock=clock)
    assert "".join(order[6:]) == "aabb" * 3


def test_a_plan_is_made_once(tmp_path, study, configs):
    first = planning.make(
        tmp_path, study, configs, ["relu"], [0], 1.0, None, lambda c, m: dict.fromkeys(c, 0.1)
    )
    assert first.arms["relu"]["steps"] == 600 and first.arms["relu"]["seconds_per_step"] == 0.1
    again = planning.make(tmp_path, study, configs, ["relu"], [1], None, None, never)
    assert again.arms == first.arms and again.seeds == [0, 1] == planning.load(tmp_path).seeds
    more = planning.make(
        tmp_path, study, configs, ["swish"], [0], None, None, lambda c, m: dict.fromkeys(c, 0.2)
    )
    assert more.arms["swish"]["steps"] == 300 and more.arms["relu"] == first.arms["relu"]


def test_given_steps_are_not_timed(tmp_path, study, configs):
    plan = planning.make(
        tmp_path, study, configs, ["relu", "swish"], [0], None, {"relu": 5, "swish": 7}, never
    )
    assert [arm["steps"] for arm in plan.arms.values()] == [5, 7] and plan.minutes is None
    with pytest.raises(ArgumentError, match="has the arm relu with 5 steps"):
        planning.make(tmp_path, study, configs, ["relu"], [0], None, 6, never)
    with pytest.raises(ArgumentError, match="says nothing of the arm swish"):
        planning.make(tmp_path / "b", study, configs, ["relu", "swish"], [0], None, {"relu": 5}, never)


def test_an_arm_that_comes_later_has_as_many_steps_where_steps_are_equal(tmp_path, study, configs):
    study = dataclasses.replace(study, equal=STEPS)
    planning.make(tmp_path, study, configs, ["relu"], [0], 1.0, None, lambda c, m: dict.fromkeys(c, 0.1))
    plan = planning.make(tmp_path, study, configs, ["swish"], [0], None, None, never)
    assert plan.arms["swish"]["steps"] == 600


def test_steps_and_minutes_are_not_mixed(tmp_path, study, configs):
    planning.make(tmp_path, study, configs, ["relu"], [0], 1.0, None, lambda c, m: dict.fromkeys(c, 0.1))
    planning.make(tmp_path, study, configs, ["relu"], [0], None, 600, never)  # what the plan says itself
    with pytest.raises(ArgumentError, match="the plan has 1 minutes"):
        planning.make(tmp_path, study, configs, ["swish"], [0], None, {"swish": 5}, never)
    equal, other = dataclasses.replace(study, equal=STEPS), {"relu": 5, "swish": 6}
    with pytest.raises(ArgumentError, match="one number for all arms"):
        planning.make(tmp_path / "b", equal, configs, ["relu", "swish"], [0], None, other, never)


@pytest.mark.parametrize("change, argument", [
    (dict(image_size=32), "image_size"), (dict(learning_rate=1e-3), "learning_rate"),
])  # fmt: skip
def test_other_settings_are_refused_also_of_arms_that_are_not_run(tmp_path, study, configs, change, argument):
    planning.make(tmp_path, study, configs, ["relu"], [0], None, 5, never)
    other = {arm: config.replace(**change) for arm, config in configs.items()}
    with pytest.raises(ArgumentError, match="has the arm relu with .* give another --out") as caught:
        planning.make(tmp_path, study, other, ["swish"], [0], None, 5, never)
    assert caught.value.argument == argument
    assert list(planning.load(tmp_path).arms) == ["relu"]


def test_where_files_lie_may_change(tmp_path, study, configs):
    planning.make(tmp_path, study, configs, ["relu"], [0], None, 5, never)
    moved = {arm: config.replace(manual_dir="/elsewhere") for arm, config in configs.items()}
    planning.make(tmp_path, study, moved, ["relu"], [0], None, 5, never)


def test_another_budget_or_study_is_refused(tmp_path, study, configs):
    planning.make(tmp_path, study, configs, ["relu"], [0], 2.0, None, lambda c, m: dict.fromkeys(c, 0.1))
    with pytest.raises(ArgumentError, match="was planned with 2 minutes"):
        planning.make(tmp_path, study, configs, ["relu"], [0], 3.0, None, never)
    for change in (dict(name="other"), dict(equal=STEPS)):
        with pytest.raises(ArgumentError, match="holds the study toy"):
            planning.make(
                tmp_path, dataclasses.replace(study, **change), configs, ["relu"], [0], None, None, never
            )


@pytest.mark.parametrize("text", ["{", '{"format": 2}', '{"format": 1}', "[]"])
def test_a_damaged_plan_is_named(tmp_path, text):
    (tmp_path / planning.FILE).write_text(text)
    with pytest.raises(ArgumentError, match="study.json cannot be read"):
        planning.load(tmp_path)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ArgumentError, match="holds files that are no study"):
        planning.load(tmp_path)
    with pytest.raises(ArgumentError, match="is a file"):
        planning.load(tmp_path / "notes.txt")


@pytest.mark.parametrize("text, seeds", [
    ("3", [0, 1, 2]), ("1", [0]), ("4,", [4]), ("0,", [0]), ("7,2,7", [2, 7]),
])  # fmt: skip
def test_seeds(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["0", "", "-1", "a", "1,b", ",", "1.5"])
def test_wrong_seeds_are_refused(text):
    with pytest.raises(ArgumentError, match="how many"):
        parse_seeds(text)


def test_steps_are_for_all_arms_or_for_each():
    arms = ["a", "+b"]
    assert planning.parse_steps(None, arms) is None
    assert planning.parse_steps("20", arms) == 20
    assert planning.parse_steps("a:5,+b:6", arms) == {"a": 5, "+b": 6}
    for text in ("0", "a:0", "a", "c:5", "", "-3"):
        with pytest.raises(ArgumentError):
            planning.parse_steps(text, arms)


def test_a_plan_outlives_the_disk(tmp_path, plan):
    plan.save(tmp_path)
    assert planning.load(tmp_path) == plan
    assert json.loads((tmp_path / planning.FILE).read_text())["seeds"] == [0, 1]


def test_what_a_study_varies_is_not_for_the_command_line(study):
    assert study.config_of("relu", {"image_size": 32}).model.image_size == 32
    with pytest.raises(ArgumentError, match="what this study varies"):
        study.config_of("swish", {"activation": "gelu"})


def test_a_preset_lies_below_all_else(study):
    study = dataclasses.replace(study, arms={"plain": Arm(preset="plain", dropout=0.5)})
    config = study.config_of("plain", {"batch_size": 8})
    assert (config.model.image_size, config.model.dropout, config.training.batch_size) == (16, 0.5, 8)
    assert config.training.ema_decay == 0.0 and config.training.epochs is None


def test_a_plan_of_before_a_setting_goes_on(tmp_path, configs, study):
    """Settings that came later stand for what was done before there were any."""
    configs = {arm: config.replace(upsample="transpose") for arm, config in configs.items()}
    wanted = (tmp_path, study, configs, list(configs), [0], None, 10, never)
    plan = planning.make(*wanted)
    text = json.loads((tmp_path / planning.FILE).read_text())
    for arm in text["arms"].values():
        del arm["settings"]["allow_batch_norm"], arm["settings"]["upsample"]
    (tmp_path / planning.FILE).write_text(json.dumps(text))
    assert planning.make(*wanted).arms == plan.arms
