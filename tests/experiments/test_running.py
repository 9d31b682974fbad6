"""Runs of a study, in turn and side by side, that fail, stop and go on. The trainings are scripts."""

import dataclasses
import fcntl
import io
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from covid_gan.errors import Interrupted, RunError
from experiments.study import machine, running
from experiments.study.progress import Display
from experiments.study.running import Runner
from experiments.study.tasks import JUDGING, TRAINING, Task

# What a training does, as far as the runner sees it.
DOES = {
    "well": "import time; time.sleep(0.2); done()",
    "diverge": "print('--steps: training diverged at step 3: d_loss is nan.'); raise SystemExit(1)",
    "usage": "print('--manual_dir=x: there is no such folder.'); raise SystemExit(2)",
    "killed": "import os; os.kill(os.getpid(), 9)",
    "nothing": "pass",
    "long": (
        "import signal, time; signal.signal(signal.SIGTERM, lambda *_: (saved(), exit(143))); started(); "
        "time.sleep(60)"
    ),
    "descriptors": (
        "import os\nfor n in range(64):\n  try: print('inode', os.fstat(n).st_ino)\n  except OSError: 0\ndone()"
    ),
    # Waits for another one to be at work too.
    "meet": (
        "import glob, time\nstarted()\nfor _ in range(100):\n  time.sleep(0.1)\n"
        "  if len(glob.glob(runs + '/*/started')) == 2: done(); break\nelse: raise SystemExit(1)"
    ),
    "group": "import os; print(os.getpgrp()); done()",
    "threads": "import os; print(os.environ.get('TF_NUM_INTRAOP_THREADS')); done()",
}


@dataclasses.dataclass(frozen=True)
class Script(Task):
    """A task whose training is one of `DOES`, and leaves a file behind."""

    does: str = "well"

    def trained_steps(self):
        return self.steps if (self.folder / "trained").exists() else 0

    def next_command(self):
        leave = f"runs = {str(self.folder.parent)!r}\n"
        leave += "".join(
            f"{name} = lambda: open({str(self.folder / file)!r}, 'w').close()\n"
            for name, file in {"done": "trained", "saved": "saved", "started": "started"}.items()
        )
        if not self.trained_steps():
            return TRAINING, [sys.executable, "-c", leave + DOES[self.does]]
        if not (self.folder / "judged").exists():
            return JUDGING, [sys.executable, "-c", f"open({str(self.folder / 'judged')!r}, 'w').close()"]
        return None


@pytest.fixture
def script(task):
    def make(does, seed=0):
        made = task(seed=seed)
        return Script(made.arm, seed, made.config, made.out, made.evaluation, None, does)

    return make


@pytest.fixture
def runner(tmp_path):
    """Returns a function of tasks that runs them, and gives what was shown."""

    def run(tasks, jobs=1):
        shown = io.StringIO()
        with running.lock(tmp_path, print) as inherited:
            Runner(tasks, jobs, "python -m again", inherited, Display(shown)).run()
        return shown.getvalue()

    return run


def test_tasks_are_trained_and_judged_and_not_again(script, runner):
    tasks = [script("well", seed) for seed in range(2)]
    runner(tasks)
    for task in tasks:
        assert (task.folder / "judged").exists() and task.state()["failed"] is None
        assert task.state()[TRAINING] > 0.2 > 0 < task.state()[JUDGING]
    before = [task.state() for task in tasks]
    runner(tasks)
    assert [task.state() for task in tasks] == before


def test_a_failure_is_noted_and_the_others_go_on(script, runner):
    bad, killed, empty, good = tasks = [
        script(does, n) for n, does in enumerate(("diverge", "killed", "nothing", "well"))
    ]
    shown = runner(tasks)
    assert bad.state()["failed"] == "training: --steps: training diverged at step 3: d_loss is nan."
    assert killed.state()["failed"] == "training: it was ended by signal 9."
    assert "left nothing behind" in empty.state()["failed"]
    assert (good.folder / "judged").exists() and good.state()["failed"] is None
    assert "relu-seed0 failed, training: --steps: training diverged" in shown


def test_a_failed_run_is_tried_again(script, runner):
    runner([script("diverge")])
    again = script("well")
    runner([again])
    assert again.state()["failed"] is None and (again.folder / "judged").exists()


def test_a_command_line_that_is_refused_ends_the_study(script, runner):
    with pytest.raises(RunError, match="relu-seed0: --manual_dir=x: there is no such folder"):
        runner([script("usage"), script("well", 1)])


def test_jobs_share_the_cores(script, runner, monkeypatch):
    monkeypatch.setattr(machine, "cores", lambda: 6)
    tasks = [script("threads", seed) for seed in range(2)]
    runner(tasks, jobs=2)
    assert {(task.folder / "log.txt").read_text() for task in tasks} == {"3\n"}
    assert running.threads_for(1) is None and running.threads_for(8) == 1


def test_jobs_run_side_by_side(script, runner):
    tasks = [script("meet", seed) for seed in range(2)]
    runner(tasks, jobs=2)
    assert [task.state()["failed"] for task in tasks] == [None, None]


def test_no_more_than_the_jobs_run_at_once(script, runner):
    """Two that wait to be stopped are at work, and the third has not begun."""
    tasks = [script("long", seed) for seed in range(3)]
    stop_when(lambda: all((task.folder / "started").exists() for task in tasks[:2]))
    with pytest.raises(Interrupted):
        runner(tasks, jobs=2)
    assert not tasks[2].folder.exists()


def stop_when(ready, signum=signal.SIGINT):
    def wait():
        while not ready():
            time.sleep(0.02)
        os.kill(os.getpid(), signum)

    threading.Thread(target=wait, daemon=True).start()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_kindly_and_says_how_to_go_on(script, runner, signum):
    task = script("long")
    stop_when((task.folder / "started").exists, signum)
    with pytest.raises(Interrupted, match="Go on: python -m again") as caught:
        runner([task, script("well", 1)])
    assert caught.value.signum == signum
    assert (task.folder / "saved").exists() and task.state()["failed"] is None
    assert not script("well", 1).folder.exists()
    resumed = script("well")
    runner([resumed])
    assert (resumed.folder / "judged").exists()


def test_a_study_waits_for_trainings_that_a_killed_one_left_behind(tmp_path):
    with running.lock(tmp_path, print) as inherited:
        line = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        left = subprocess.Popen(line, stdin=subprocess.PIPE, pass_fds=(inherited,))
    said = []

    def say(text):
        said.append(text)
        left.stdin.close()  # only now it ends

    with running.lock(tmp_path, say):
        assert "Waiting" in said[0] and left.wait(timeout=10) == 0


def test_trainings_inherit_the_lock(script, runner, tmp_path):
    runner([script("descriptors")])
    inode = (tmp_path / ".lock").stat().st_ino
    assert f"inode {inode}\n" in (script("descriptors").folder / "log.txt").read_text()


def test_ctrl_c_reaches_trainings_from_here_alone(script, runner):
    runner([script("group")])
    assert int((script("group").folder / "log.txt").read_text()) != os.getpgrp()


def test_the_lock_is_let_go(tmp_path):
    with running.lock(tmp_path, print):
        with open(tmp_path / ".lock") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with open(tmp_path / ".lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
