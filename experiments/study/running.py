"""Makes the runs of a study: each stage a process of its own, several at once, stopped kindly."""

import contextlib
import dataclasses
import fcntl
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from covid_gan.errors import Interrupted, RunError
from covid_gan.training.guards import StopSignals
from experiments.study import machine
from experiments.study.progress import Display, Forecast, step_in
from experiments.study.tasks import JUDGING, LOG, TRAINING, Task
from experiments.study.timing import environment

_POLL = 0.2
# Characters that a reason has at most: TensorFlow explains at length.
_MOST_WORDS = 300
# The exit code of a command line that the doors refuse: no run of the study will do better.
_USAGE_ERROR = 2


def threads_for(jobs: int) -> int | None:
    """The threads of each of several processes; None: all, where there is but one."""
    return max(1, machine.cores() // jobs) if jobs > 1 else None


@contextlib.contextmanager
def lock(out: Path, say: Callable[[str], None]):
    """Holds a study's folder for one start, and for the processes that it leaves behind when it is killed.

    Waits for those of an earlier start: they train on, and nothing of it is lost.

    Yields:
        A descriptor that the processes have to inherit.
    """
    out.mkdir(parents=True, exist_ok=True)
    with open(out / ".lock", "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting: another start of this study, or a training it left behind, is at work in {out}.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


@dataclasses.dataclass
class _Stage:
    task: Task
    name: str
    process: subprocess.Popen
    log: Path
    began: float


class Runner:
    """Brings tasks to their end.

    Args:
        tasks: in the order in which they are started.
        jobs: at a time, each with its part of the cores.
        again: the command that goes on with the study, for a person.
        inherited: a descriptor that the processes get.
        display: of the progress.
        on_end: called after each task, so that what is known so far can be shown.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        jobs: int,
        again: str,
        inherited: int,
        display: Display,
        on_end: Callable[[], None] = lambda: None,
    ):
        self._waiting, self._jobs, self._again = list(tasks), jobs, again
        self._inherited, self._display = inherited, display
        self._total, self._done, self._stages, self._on_end = len(tasks), 0, [], on_end
        self._threads = threads_for(jobs)
        self._forecast = Forecast(
            {task.name: task.steps for task in tasks},
            {task.name: task.trained_steps() for task in tasks},
            {task.name: task.seconds_per_step for task in tasks},
            jobs,
        )

    def run(self) -> None:
        """Trains and judges all tasks. One that fails is recorded, and the others go on.

        Raises:
            Interrupted: a signal asked to stop; all that was done is saved.
            RunError: a door refuses the settings.
        """
        with StopSignals().watch() as signals:
            try:
                while self._waiting or self._stages:
                    while self._waiting and len(self._stages) < self._jobs and not signals.received:
                        self._advance(self._waiting.pop(0), after=None)
                    time.sleep(_POLL)
                    for stage in [s for s in self._stages if s.process.poll() is not None]:
                        self._stages.remove(stage)
                        self._end(stage, signals.received)
                    if signals.received:
                        break
                    self._show()
            finally:
                self._stop()
            if signals.received:
                raise Interrupted(f"Stopped, and saved. Go on: {self._again}", signals.received)

    def _advance(self, task, after):
        """Starts the next stage of a task; `after` is the one that has just ended well."""
        command = task.next_command()
        if command is None:
            self._forecast.update(task.name, task.steps)
            self._done += 1
            if after:
                self._on_end()
            return
        name, line = command
        if name == after:
            self._fail(task, name, 0.0, "it ended well, but left nothing behind.")
            return
        task.folder.mkdir(parents=True, exist_ok=True)
        log = task.folder / LOG
        with open(log, "a") as file:
            process = subprocess.Popen(
                line,
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=environment(self._threads),
                # Of their own group, so that Ctrl-C reaches each of them once, from here.
                start_new_session=True,
                pass_fds=(self._inherited,),
            )
        self._stages.append(_Stage(task, name, process, log, time.monotonic()))

    def _end(self, stage, stopped):
        """Notes how a stage ended, and starts the next one."""
        seconds, code = time.monotonic() - stage.began, stage.process.returncode
        if code == 0:
            stage.task.record(stage.name, seconds, None)
            if not stopped:
                self._advance(stage.task, after=stage.name)
            return
        if stopped and code not in (1, _USAGE_ERROR):
            stage.task.record(stage.name, seconds, None)
            return
        reason = _last_line(stage.log) if 0 < code < 128 else f"it was ended by signal {abs(code) % 128}."
        if code == _USAGE_ERROR and stage.name == TRAINING:
            raise RunError(f"{stage.task.name}: {reason}")
        self._fail(stage.task, stage.name, seconds, reason)

    def _fail(self, task, stage, seconds, reason):
        task.record(stage, seconds, f"{stage}: {reason}")
        self._done += 1
        self._forecast.update(task.name, task.steps)
        self._display.say(f"{task.name} failed, {stage}: {reason}")
        self._on_end()

    def _stop(self):
        """Asks what is at work to save and to end, and waits for it."""
        for stage in self._stages:
            with contextlib.suppress(ProcessLookupError):
                stage.process.send_signal(signal.SIGTERM)  # SIGINT may be ignored, as below nohup
        if self._stages:
            self._display.say("Stopping: the runs at work are being saved …")
        for stage in self._stages:
            stage.process.wait()
            stage.task.record(stage.name, time.monotonic() - stage.began, None)

    def _show(self):
        current = []
        for stage in self._stages:
            if stage.name == TRAINING:
                step = step_in(stage.log)
                self._forecast.update(stage.task.name, step)
                current.append(f"{stage.task.name} step {step}/{stage.task.steps}")
            else:
                current.append(f"{JUDGING} {stage.task.name}")
        if current:
            self._display.show(self._done, self._total, current, self._forecast.seconds_left())


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:_MOST_WORDS] if lines else "it said nothing."
