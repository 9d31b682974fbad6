"""Runs tasks in processes that may crash, hang or run out of memory without harm to the caller's."""

import contextlib
import dataclasses
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tfds_covidct.errors import MissingExtraError
from tfds_covidct.reading import worker

_ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


@dataclasses.dataclass(frozen=True)
class Failure:
    """Why a task ended early: it, and no other, cannot be done, so that a caller may pass over it.

    Attributes:
      message: what happened; it begins with a verb, or is a `DataError`'s own text.
    """

    message: str


def named(source: Any, failure: Failure) -> str:
    """Returns what happened to a file, with the file's name in front, once.

    Args:
      source: the `Source` that was read.
      failure: why it could not be.
    """
    name = f"{source.relative}: "
    return name + failure.message.removeprefix(name)


class Workers:
    """Processes that run a function for one task after the other; a context manager, which ends them.

    They are started when there is work, by themselves rather than from the caller's script, so that one
    without `if __name__ == "__main__"` and a notebook may use them. Linux and macOS; macOS does not limit memory.
    """

    def __init__(self, processes: int | None = None, memory: int = 2**30, seconds: float = 60):
        """Starts nothing yet.

        Args:
          processes: how many at most; None: as many as there are cores for this process.
          memory: bytes that each of them may use.
          seconds: how long each item of a task may take.
        """
        self._processes = [_Process(memory, seconds) for _ in range(processes or _cores())]
        self._work: _Work | None = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop()
        for process in self._processes:
            process.end()

    def run(self, function: Callable, tasks: Iterable) -> Iterator[tuple[Any, Any]]:
        """Runs `function(task)` for every task, once, and streams what that yields.

        Args:
          function: of a module that can be imported, not of `__main__`; it yields items that can be
            pickled, and raises DataError for what a user can mend. It runs without this package's own
            `__init__`, so its module is best one of `tfds_covidct.reading`.
          tasks: each can be pickled; taken as they are needed, in another thread.

        Yields:
          (task, item), a task's in their order, the tasks among each other in any; a task that fails
          ends with (task, Failure). No more than two items a process are ahead of the caller.

        Raises:
          MissingExtraError: if a task needs a package that is not installed, as others will too.
          RuntimeError: if no process can be started, if the function cannot be imported there, or if
            an earlier run of these workers is not at its end.
        """
        if function.__module__ == "__main__":
            raise ValueError(f"`function` must be of a module. Received: __main__.{function.__qualname__}")
        if self._work:
            raise RuntimeError("Workers: one run at a time; close the other one first")
        self._work = work = _Work(function, tasks, self._processes)
        try:
            yield from work.results()
        finally:
            if self._work is work:
                self._stop()

    def _stop(self):
        work, self._work = self._work, None
        if work:
            work.stop()


class _Work:
    """A run: a thread for each process, the tasks they take, and the queue their results wait in."""

    def __init__(self, function: Callable, tasks: Iterable, processes: list["_Process"]):
        self._function = function
        self._tasks = iter(tasks)
        self._lock = threading.Lock()
        self._results = queue.Queue(len(processes))
        self._stopped = threading.Event()
        self._is_over = False
        self._threads = {
            threading.Thread(target=self._drive, args=(process,), daemon=True): process
            for process in processes
        }
        for thread in self._threads:
            thread.start()

    def results(self) -> Iterator[tuple[Any, Any]]:
        """Yields (task, item) until all threads are through, or raises what one of them met."""
        running = len(self._threads)
        while running:
            task, item = self._results.get()
            if task is not self:
                yield task, item
            elif item is None:
                running -= 1
            else:
                raise item
        self._is_over = True

    def stop(self):
        """Ends what is still going on; its results are lost."""
        if self._is_over:
            return
        self._stopped.set()
        for thread, process in self._threads.items():
            while thread.is_alive():
                process.kill()
                thread.join(0.05)
            process.end()
        while not self._results.empty():
            self._results.get()
        self._results.put((self, RuntimeError("Workers: ended before the run was at its end")))

    def _drive(self, process: "_Process"):
        """Takes tasks for one process, until there are none."""
        try:
            while (task := self._next_task()) is not self:
                for item in process.run(self._function, task):
                    self._put(task, item)
            self._put(self, None)
        except BaseException as error:  # noqa: BLE001 The caller gets it.
            self._put(self, error)

    def _next_task(self) -> Any:
        with self._lock:
            return self if self._stopped.is_set() else next(self._tasks, self)

    def _put(self, task: Any, item: Any):
        while not self._stopped.is_set():
            try:
                return self._results.put((task, item), timeout=0.1)
            except queue.Full:
                pass


class _Process:
    """One process; it is started when needed, and anew after each crash."""

    def __init__(self, memory: int, seconds: float):
        self._memory, self._seconds = memory, seconds
        self._child: subprocess.Popen | None = None
        self._module = ""

    def run(self, function: Callable, task: Any) -> Iterator[Any]:
        """Yields a task's items, and a Failure last if it fails."""
        content = pickle.dumps((function, task), pickle.HIGHEST_PROTOCOL)
        child = self._started(function.__module__)
        try:
            worker.send(child.stdin, worker.TASK, content)
            child.stdin.flush()
            while (message := worker.receive(child.stdout))[0] != worker.DONE:
                kind, content = message
                if kind == worker.MISSING:
                    self.end()
                    raise MissingExtraError(content.decode())
                yield Failure(content.decode()) if kind == worker.FAILURE else pickle.loads(content)
        except (EOFError, BrokenPipeError):
            yield Failure(self._last_words(self.end()))

    def kill(self):
        """Kills the process, from any thread; the one that runs it notices."""
        child = self._child
        if child:
            child.kill()

    def end(self) -> int | None:
        """Ends the process; returns its exit status, negative for a signal."""
        child, self._child = self._child, None
        if child is None:
            return None
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(1)  # It exits by itself, if it has not done so.
        child.kill()
        child.stdout.close()
        return child.wait()

    def _started(self, module: str) -> subprocess.Popen:
        if self._child and self._module == module and self._child.poll() is None:
            return self._child
        self.end()
        self._module = module
        setup = {
            "path": sys.path,
            "package": ("tfds_covidct", str(Path(__file__).parents[1])),
            "module": module,
            "memory": self._memory,
            "seconds": self._seconds,
        }
        try:
            self._child = child = _start()
            worker.send(child.stdin, worker.TASK, pickle.dumps(setup))
            child.stdin.flush()
            kind, content = worker.receive(child.stdout)
        except (EOFError, OSError, TypeError) as error:  # TypeError: no interpreter is known.
            raise RuntimeError(_broken(f"{type(error).__name__}, exit status {self.end()}")) from error
        if kind != worker.READY:
            self.end()
            raise RuntimeError(_broken(content.decode()))
        return child

    def _last_words(self, status: int | None) -> str:
        if status == -signal.SIGALRM:
            return f"took longer than {self._seconds:g} s"
        how = f"signal {-status}" if status and status < 0 else f"exit status {status}"
        return f"crashed the decoder ({how})"


def _start() -> subprocess.Popen:
    """Starts a process apart from the terminal, whose keys are for the caller's process."""
    return subprocess.Popen(
        [sys.executable, "-P", worker.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | _ONE_THREAD,
        start_new_session=True,
    )


def _broken(why: str) -> str:
    return f"a process for reading files cannot be started with {sys.executable}: {why}"


def _cores() -> int:
    """Returns how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
