"""The benchmark's table, its parts on tiny networks, and what it says when it cannot go on."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from covid_gan import build
from covid_gan.config import Config
from covid_gan.errors import RunError
from experiments import benchmark
from experiments.bench import fresh, growth, looped, parts, scaling, tutorials
from experiments.bench.cells import BareStep, Cell, all_cells
from experiments.bench.rows import Printed, Row
from experiments.bench.timing import Spread

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def cell(tiny_config):
    return Cell(tiny_config.replace(precision="float32", augment=(), log_every=10))


def rows_of(text):
    return [
        [part.strip() for part in line.strip("|").split("|")] for line in text.splitlines() if "|" in line
    ]


def test_rows_are_printed_as_they_come_and_notes_below(capsys):
    out = Printed()
    out(Row("a", "loop", Spread(10, 9, 11), Spread(0.98, 0.97, 0.99), "to the step", 0.97))
    first = capsys.readouterr().out
    out.note("It was noisy.")
    out(Row("a", "memory", value="1 GB"))
    out(Row("a", "slow loop", None, Spread(0.5, 0.4, 0.6), "to the step", 0.97))
    out.end()
    second = capsys.readouterr().out
    assert rows_of(first)[2] == ["a", "loop", "10.0 (9.00 … 11.0)", "0.980 (0.970 … 0.990)", "to the step",
                                 "≥ 0.97 ✓"]  # fmt: skip
    memory, slow = rows_of(second)
    assert memory[2:] == ["1 GB", "–", "–", "–"] and slow[-1] == "≥ 0.97 ✗"
    assert second.rstrip().endswith("- It was noisy.")


def test_every_part_has_its_name_in_the_door():
    assert benchmark.PARTS == tuple(parts.PARTS)


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--only=cells,speed"], "--only=cells,speed: must be of cells, tutorials"),
        (["--only="], "--only: is empty"),
        (["--rounds=1"], "--rounds"),
        (["--model=dcgan"], "there is no such flag"),
        (["--dataset=no_such_set", "--only=cells", "--quick"], "--dataset=no_such_set"),
    ],
)
def test_a_mistake_is_one_line_and_no_stack_trace(arguments, said, capsys, tmp_path):
    assert benchmark.main([*arguments, f"--data_dir={tmp_path}"]) == 2
    errors = capsys.readouterr().err
    assert said in errors and "Traceback" not in errors


def test_a_failure_keeps_the_rows_measured_before(monkeypatch, capsys):
    def fail(plan, out):
        out(Row("a", "measured", value="1"))
        raise OSError("disk full")

    monkeypatch.setitem(parts.PARTS, "torch", fail)
    assert benchmark.main(["--only=torch"]) == 1
    printed = capsys.readouterr()
    assert rows_of(printed.out)[2][:2] == ["a", "measured"]
    assert "disk full" in printed.err and "Traceback" not in printed.err


def test_cells_are_every_model_at_every_size():
    cells = all_cells(Config())
    assert {c.name for c in cells} >= {
        "dcgan, 64 px, 64 channels, batch 32",
        "wgan_gp, 128 px, 16 channels, batch 32",
    }
    assert len({c.name for c in cells}) == 6
    assert [c.images_per_step for c in cells[:2]] == [32, 32 * 2]


@pytest.mark.slow
def test_the_loop_and_the_loops_of_the_tutorials_take_turns(cell):
    pictures = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 1), np.uint8)
    calls, bare = [], BareStep(cell)
    fit = tutorials.fit(cell, pictures, jit_compile=False)
    arms = {"bare": lambda: calls.append(bare()), "fit": fit, "2020": tutorials.TrainOnBatch(cell, pictures)}
    found = looped.Looped(cell, arms, rounds=4, steps=3, at_most=0)
    fit.close()
    # Out of patience at once: the least number of rounds is made all the same.
    assert len(found.plain) == 3 and all(len(times) == 3 for times in found.arms.values())
    assert len(calls) == 1 + 3 * 3
    assert found.overhead >= 0 and (found.seconds >= found.plain).all()


@pytest.mark.slow
@pytest.mark.parametrize("way", ["fit", "train_on_batch"])
def test_loops_of_the_tutorials_train_both_players(way, cell, monkeypatch):
    made, networks_from = [], build.networks_from
    monkeypatch.setattr(build, "networks_from", lambda model: made.append(networks_from(model)) or made[-1])
    pictures = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 1), np.uint8)
    loop = (
        tutorials.fit(cell, pictures, jit_compile=False)
        if way == "fit"
        else tutorials.TrainOnBatch(cell, pictures)
    )
    players = made[-1]
    before = [player.get_weights() for player in players]
    loop()
    for player, old in zip(players, before, strict=True):
        kernels = [(a, b) for a, b in zip(player.get_weights(), old, strict=True) if a.ndim > 1]
        assert kernels and all((new != was).any() for new, was in kernels)
    if way == "fit":
        loop.close()


@pytest.mark.slow
def test_the_growing_work_is_drawn(cell, tmp_path, capsys):
    smallest = {"batches": (2,), "sizes": (8,), "channels": (4,), "counts": (8, 16)}
    plan = parts.Plan(cell.config, 3, sizes=((16, 4),), growth=smallest, figure=tmp_path / "a" / "b.png")
    parts.as_work_grows(plan, Printed())
    assert (tmp_path / "a" / "b.png").read_bytes().startswith(b"\x89PNG")
    assert rows_of(capsys.readouterr().out)[2][4] == "16 images to 8"


def test_a_step_with_data_takes_another_batch_each_time(cell):
    step = type("Step", (), {"batch": np.zeros((4, 16, 16, 1)), "__call__": lambda self: None})()
    call, seen = growth._with_data(step, cell.config, 8), []
    for _ in range(2):
        call()
        seen.append(step.batch.numpy())
    assert seen[0].shape == (4, 16, 16, 1) and (seen[0] != seen[1]).any()


@pytest.mark.slow
def test_a_process_of_its_own_says_what_it_took(cell):
    found = fresh.measure(cell.config)
    assert set(found) == {fresh.COLD, fresh.WARM, fresh.PEAK, fresh.STEP}
    assert 0 < found[fresh.WARM] < found[fresh.COLD] and found[fresh.STEP] > 0
    assert 1e8 < found[fresh.PEAK] < 1e10


def test_a_process_that_fails_is_one_line(cell):
    with pytest.raises(RunError, match="no_such_set"):
        fresh.measure(cell.config.replace(dataset="no_such_set"))


def test_the_peak_memory_of_a_process_is_its_own():
    ballast = np.ones(60_000_000)  # 480 MB, which ru_maxrss would hand down
    command = "from experiments.bench.fresh import peak_memory; print(peak_memory())"
    told = subprocess.check_output([sys.executable, "-c", command], cwd=REPOSITORY)
    assert float(told) < ballast.nbytes / 2


def test_two_workers_get_one_cluster_and_the_same_batch(monkeypatch):
    asked = []

    class Worker:
        def kill(self): ...

        def wait(self): ...

    def started(config, folder, **environment):
        asked.append((config, environment))
        return Worker()

    monkeypatch.setattr(fresh, "started", started)
    monkeypatch.setattr(fresh, "result", lambda process: {fresh.STEP: 2.0})
    monkeypatch.setattr(
        fresh, "measure", lambda config: {fresh.STEP: {"single": 1.0}.get(config.compute.strategy, 4.0)}
    )
    found = scaling.measure(Config(), rounds=2)
    assert found == {scaling.ONE: [1.0] * 2, scaling.DEVICES: [4.0] * 2, scaling.WORKERS: [2.0] * 2}
    tasks = [json.loads(environment["TF_CONFIG"]) for _, environment in asked[:2]]
    assert tasks[0]["cluster"] == tasks[1]["cluster"] and [t["task"]["index"] for t in tasks] == [0, 1]
    assert len(set(tasks[0]["cluster"]["worker"])) == 2
    assert {config.training.batch_size for config, _ in asked} == {Config().training.batch_size}
