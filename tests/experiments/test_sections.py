"""What single studies have in their reports beside the tables of all."""

import importlib
import json

import numpy as np
import pytest

from covid_gan.evaluation import keys
from experiments import data_size, other_images
from experiments.sections import over_training, ratios, slides
from experiments.study import results
from experiments.study.door import make_tasks


@pytest.fixture
def found(study, plan, configs, task, pretend, tmp_path):
    """Results of two arms and two seeds, all judged."""
    configs = {arm: config.replace(steps=10) for arm, config in configs.items()}
    tasks = make_tasks(plan, configs, tmp_path, task().evaluation)
    for place, one in enumerate(tasks):
        pretend(one, spectrum=0.1 * (place + 1))
    return lambda: results.read(study, plan, tasks, tmp_path)


def test_curves_are_those_of_the_training(found, tmp_path):
    for place, result in enumerate(found().all):
        lines = [
            {
                "step": step,
                "against": "validation",
                "count": 60,
                "spectrum": 1.0 / step + place,
                "kid_ct-1_low": 0.0,
            }
            for step in (2, 4, 10)
        ]
        (result.run.path / "evaluations.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    first = found().all[0]
    assert over_training.curves_of(first) == {"spectrum": [(2, 0.5), (4, 0.25), (10, 0.1)]}
    text = "\n".join(over_training.sections(found(), tmp_path))
    # Best, last and mean jump of the seeds 0 and 2 of all four.
    assert "| `relu` | 1.10 | 1.10 | 0.200 |" in text and (tmp_path / "curves.png").stat().st_size > 1000


def test_runs_without_scores_say_so(found, tmp_path):
    assert "too short" in over_training.sections(found(), tmp_path)[0]


def test_ratios_take_the_worst_level(found, tmp_path):
    for result in found().of("relu"):
        path = result.report.folder / "metrics.json"
        report = json.loads(path.read_text())
        blank = report[keys.MEASURES]["spectrum"]
        report[keys.MEASURES] = {f"swd_{n}": blank | {keys.RATIO: r} for n, r in ((16, 0.5), (8, 0.25))}
        path.write_text(json.dumps(report))
    (text,) = ratios.sections(found(), tmp_path)
    assert "| `relu` |" in text and "| 0.25 ± 0 |" in text


def test_the_slides_are_drawn_of_the_arms_that_there_are(found, tmp_path):
    assert slides.sections(found(), tmp_path) and (tmp_path / "slides.png").exists()


def test_without_an_arm_of_the_slides_there_is_no_figure(found, tmp_path, monkeypatch):
    monkeypatch.setattr(slides, "SLIDES", ("gelu_70",))
    assert slides.sections(found(), tmp_path) == [] and not (tmp_path / "slides.png").exists()


class Values:
    """Flags that were parsed."""

    def __init__(self, **values):
        self.__dict__.update(values)


def test_a_second_data_set_makes_an_arm_more():
    study = data_size.adapt(data_size.STUDY, Values(scanner_dir="/scans", manual_dir="/copy"))
    config = study.config_of(data_size.MIXED, {"manual_dir": "/copy"})
    assert config.data.manual_dirs == ("/copy", "/scans") and config.data.split == "all"
    assert study.config_of("50", {"manual_dir": "/copy"}).data.manual_dir == "/copy"
    assert data_size.adapt(data_size.STUDY, Values(scanner_dir=None, manual_dir=None)) is data_size.STUDY


def test_the_other_set_is_what_the_flags_name():
    given = Values(other_dataset="mnist", other_manual_dir=None, other_classes="3,5")
    study = other_images.adapt(other_images.STUDY, given)
    others, scans = (study.config_of(arm, {"dataset": "covid_ct"}) for arm in ("others", "scans"))
    assert (others.data.dataset, others.data.classes) == ("mnist", ("3", "5"))
    assert scans.data.dataset == "covid_ct" and others.replace(dataset="covid_ct", classes=None) == scans


def test_photographs_are_cut_once(tmp_path):
    from PIL import Image

    folder = other_images.write_photographs(tmp_path / "tiles")
    tiles = sorted(folder.rglob("*.png"))
    assert len(tiles) == 208 and len({path.parent for path in tiles}) == 2
    shown = np.asarray(Image.open(tiles[0]))
    assert shown.shape == (48, 48) and shown.std() > 1
    tiles[0].unlink()
    other_images.write_photographs(folder)
    assert len(list(folder.rglob("*.png"))) == 207


def test_a_study_is_repeated_with_its_own_flags():
    from absl import flags

    from experiments.study import arguments, door

    values = flags.FlagValues()
    door._define(values, data_size.STUDY)
    data_size.define(values)
    values(["study", "--scanner_dir=/scans", "--image_size=32", "--count=100", "--noflip", "--steps=5"])
    given = arguments.given_flags(values, ["scanner_dir"])
    assert given == ["--flip=false", "--image_size=32", "--count=100", "--scanner_dir=/scans"]


@pytest.mark.parametrize(
    "name", ["activations", "data_size", "defaults", "long_run", "other_images", "recipe", "upsampling"]
)
def test_a_study_names_a_module_that_is_there(name):
    study = importlib.import_module(f"experiments.{name}").STUDY
    assert study.sections is None or callable(
        importlib.import_module(f"experiments.sections.{study.sections}").sections
    )
