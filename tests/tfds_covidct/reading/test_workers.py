"""Worker processes: what they deliver, what becomes of crashes and hangs, and that none is left over."""

import contextlib
import importlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tfds_covidct.errors import MissingExtraError
from tfds_covidct.reading import workers
from tfds_covidct.reading.sources import Source
from tfds_covidct.reading.workers import Failure, Workers, named

DEEDS = """
    import ctypes, os, sys, time
    from tfds_covidct.errors import DataError, MissingExtraError

    def do(task):
        deed, *rest = task
        yield from globals()[deed](*rest)

    def echo(*items): yield from items
    def pid(): yield os.getpid()
    def fault(): yield 1; ctypes.string_at(0)
    def abort(): os.abort()
    def leave(): os._exit(3)
    def loop():
        yield 1
        while True: pass
    def block(): yield ctypes.CDLL(None).sleep(1000)
    def eat(mib): yield len(bytearray(mib * 2**20))
    def mend(): yield 1; raise DataError("a.png: is broken; mend it")
    def lack(): yield 1; raise MissingExtraError('a.nii: needs nibabel: pip install "x[nifti]"')
    def quote(): raise KeyError("Mustermann^Max")
    def unsendable(): yield lambda: 0
    def chatter(): print("x" * 2**20); sys.stderr.write("y" * 2**20); yield input() if 0 else sys.stdin.read()
    def many(count, size):
        for i in range(count): yield i.to_bytes(4) + bytes(size)
    def marked(folder):
        for i in range(100): open(f"{folder}/{i}", "x").close(); yield bytes(2**18)
    def state():
        import resource
        yield [name for name in ("tensorflow", "tensorflow_datasets", "tfds_covidct.covid_ct") if name in sys.modules]
        yield {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        yield resource.getrlimit(resource.RLIMIT_CORE)[0]
"""


@pytest.fixture
def deeds(tmp_path, monkeypatch):
    """A module in a folder that only this process's `sys.path` knows of."""
    (tmp_path / "worker_deeds.py").write_text(textwrap.dedent(DEEDS))
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("worker_deeds")
    del sys.modules["worker_deeds"]


@pytest.fixture
def run(deeds):
    """Runs deeds, each by its name and arguments, and returns {task: its items}."""

    def run(*tasks, **settings):
        results = {task: [] for task in tasks}
        with Workers(**{"processes": 2} | settings) as pool:
            for task, item in pool.run(deeds.do, tasks):
                results[task].append(item)
        assert children() == []
        return results

    return run


def children(parent: int | None = None) -> list[int]:
    """The worker processes of a process, those that have ended but were not waited for too."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == (parent or os.getpid()) and (b"worker.py" in command or fields[0] == "Z"):
            found.append(int(folder.name))
    return found


def test_every_task_is_done_once_and_its_items_keep_their_order(run):
    tasks = [("echo", i, i + 1, i + 2) for i in range(500)]
    assert run(*tasks) == {task: list(task[1:]) for task in tasks}


def test_a_task_may_have_no_items_and_there_may_be_no_task(run):
    assert run(("echo",)) == {("echo",): []}
    assert run() == {}


def test_a_mendable_error_is_told_in_its_own_words(run):
    assert run(("mend",)) == {("mend",): [1, Failure("a.png: is broken; mend it")]}


def test_a_missing_package_ends_the_run_as_what_it_is(deeds):
    with Workers(processes=2) as pool:
        with pytest.raises(MissingExtraError, match=r'^a.nii: needs nibabel: pip install "x\[nifti\]"$'):
            list(pool.run(deeds.do, [("echo", 1), ("lack",), *[("echo", 2)] * 50]))
        assert list(pool.run(deeds.do, [("echo", 3)])) == [(("echo", 3), 3)]
    assert children() == []


@pytest.mark.parametrize(
    "message, told",
    [
        ("a/b.png: is broken; mend it", "a/b.png: is broken; mend it"),
        ("took longer than 60 s", "a/b.png: took longer than 60 s"),
        ("b.png: is broken", "a/b.png: b.png: is broken"),
        ("a/b.png.zip: is broken", "a/b.png: a/b.png.zip: is broken"),
    ],
)
def test_a_failure_names_its_file_once(message, told):
    assert named(Source("a/b.png", "/data/a/b.png", 1), Failure(message)) == told


def test_a_foreign_exception_is_told_by_its_type_alone(run):
    assert run(("quote",))["quote",] == [Failure("cannot be read (KeyError)")]
    (failure,) = run(("unsendable",))["unsendable",]
    assert failure.message.startswith("cannot be read (") and "lambda" not in failure.message


@pytest.mark.parametrize("deed, items, sign", [("fault", [1], 11), ("abort", [], 6)])
def test_a_crash_ends_its_own_task_only(run, deed, items, sign):
    others = [("echo", i) for i in range(20)]
    results = run(*others[:10], (deed,), *others[10:], processes=1)
    assert results.pop((deed,)) == [*items, Failure(f"crashed the decoder (signal {sign})")]
    assert results == {task: [task[1]] for task in others}


def test_an_exit_is_a_crash_too(run):
    assert run(("leave",), processes=1)["leave",] == [Failure("crashed the decoder (exit status 3)")]


@pytest.mark.parametrize("deed, items", [("loop", [1]), ("block", [])])
def test_a_hanging_task_is_ended(run, deed, items):
    start = time.monotonic()
    results = run((deed,), ("echo", 1), seconds=0.5, processes=1)
    assert results == {(deed,): [*items, Failure("took longer than 0.5 s")], ("echo", 1): [1]}
    assert time.monotonic() - start < 5


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory")
def test_memory_is_limited(run):
    too_much = [Failure("needs more than 0.5 GiB of memory")]
    results = run(("eat", 500), ("eat", 10**5), ("eat", 300), memory=2**29, processes=1)
    assert results == {("eat", 500): too_much, ("eat", 10**5): too_much, ("eat", 300): [300 * 2**20]}


def test_a_slow_caller_does_not_count_as_a_hang(deeds):
    with Workers(processes=1, seconds=0.5) as pool:
        lengths = []
        for _, item in pool.run(deeds.do, [("many", 20, 2**18)]):
            lengths.append(len(item))
            time.sleep(1 if len(lengths) in (1, 5) else 0)
    assert lengths == [2**18 + 4] * 20


def test_what_is_printed_reaches_nobody_and_harms_nothing(run, capfd):
    assert run(("chatter",)) == {("chatter",): [""]}
    assert capfd.readouterr() == ("", "")


def test_results_do_not_pile_up(deeds, tmp_path):
    (tmp_path / "marks").mkdir()
    with Workers(processes=1) as pool:
        results = pool.run(deeds.do, [("marked", str(tmp_path / "marks"))])
        next(results)
        time.sleep(0.5)
        assert len(list((tmp_path / "marks").iterdir())) <= 6
        assert 1 + sum(1 for _ in results) == 100


def test_tasks_are_taken_as_they_are_needed(deeds):
    taken = []

    def tasks():
        for i in range(1000):
            taken.append(i)
            yield "echo", i

    with Workers(processes=2) as pool:
        results = pool.run(deeds.do, tasks())
        next(results)
        time.sleep(0.2)
        assert len(taken) < 20
        assert 1 + sum(1 for _ in results) == 1000


def test_large_tasks_and_large_items_pass_each_other(run):
    large = tuple(bytes([i]) * 3 * 2**20 for i in range(4))
    tasks = [("echo", i, *large) for i in range(6)]
    assert run(*tasks) == {task: list(task[1:]) for task in tasks}


def test_an_error_of_the_tasks_reaches_the_caller(deeds):
    def tasks():
        yield "echo", 1
        raise LookupError("no more")

    with Workers(processes=2) as pool, pytest.raises(LookupError, match="no more"):
        list(pool.run(deeds.do, tasks()))
    assert children() == []


@pytest.mark.parametrize("leave", ["close", "error", "exit"])
def test_no_process_is_left_when_the_caller_stops_early(deeds, leave):
    with Workers(processes=2) as pool:
        results = pool.run(deeds.do, [("loop",), ("many", 10**6, 2**16), *[("echo", 1)] * 50])
        next(results)
        assert 1 <= len(children()) <= 2
        if leave == "close":
            results.close()
            assert children() == []
            assert [item for _, item in pool.run(deeds.do, [("echo", i) for i in range(50)])] != []
        if leave == "error":
            with pytest.raises(KeyboardInterrupt):
                results.throw(KeyboardInterrupt)
            assert children() == []
    assert children() == []
    if leave == "exit":
        with pytest.raises(RuntimeError, match="ended before"):
            list(results)


def test_after_an_early_end_nothing_of_it_is_left(deeds):
    with Workers(processes=2) as pool:
        for _ in range(10):
            results = pool.run(deeds.do, [("echo", 1, 2, 3)] * 50)
            next(results)
            results.close()
            again = list(pool.run(deeds.do, [("echo", i) for i in range(20)]))
            assert sorted(again) == [(("echo", i), i) for i in range(20)]


def test_one_run_at_a_time(deeds):
    with Workers(processes=1) as pool:
        results = pool.run(deeds.do, [("echo", 1)] * 5)
        next(results)
        with pytest.raises(RuntimeError, match="one run at a time"):
            next(pool.run(deeds.do, [("echo", 1)]))
        assert sum(1 for _ in results) == 4


def test_processes_are_kept_from_one_run_to_the_next(deeds):
    with Workers(processes=1) as pool:
        first, second = (list(pool.run(deeds.do, [("pid",)])) for _ in range(2))
        assert first == second
        os.kill(first[0][1], signal.SIGKILL)
        time.sleep(0.2)
        (third,) = pool.run(deeds.do, [("pid",)])
        assert isinstance(third[1], int) and third != first[0]


def test_a_process_is_light_and_leaves_no_core(run):
    modules, threads, core = run(("state",))["state",]
    assert modules == []
    assert threads == {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    assert core == 0


def test_a_function_that_cannot_be_imported_there_is_one_error(deeds, tmp_path):
    (tmp_path / "worker_deeds.py").write_text("import no_such_module")
    start = time.monotonic()
    says = "cannot be started with .*ModuleNotFoundError.*no_such_module"
    with pytest.raises(RuntimeError, match=says), Workers(processes=2) as pool:
        list(pool.run(deeds.do, [("echo", 1)] * 100))
    assert time.monotonic() - start < 10 and children() == []


@pytest.mark.parametrize("executable", ["/bin/false", "/no/such/python", None])
def test_a_python_that_does_not_start_is_one_error(deeds, monkeypatch, executable):
    monkeypatch.setattr(sys, "executable", executable)
    with pytest.raises(RuntimeError, match="cannot be started with"), Workers(processes=2) as pool:
        list(pool.run(deeds.do, [("echo", 1)] * 100))
    assert children() == []


def test_a_function_of_main_is_refused():
    def function(task):
        yield task

    function.__module__ = "__main__"
    with pytest.raises(ValueError, match="`function` must be of a module"), Workers() as pool:
        next(pool.run(function, [1]))


# No `if __name__ == "__main__"`: starting a process must not run the script again. What a shell starts in the
# background, these tests too, is born with SIGINT ignored.
SCRIPT = """
    import signal, sys, types
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path[:0] = {path!r}
    import worker_deeds
    from tfds_covidct.reading.workers import Workers
    with Workers(processes=2, seconds=2) as pool:
        print([item for _, item in pool.run(worker_deeds.do, [("echo", 5)])], flush=True)
        for _ in pool.run(worker_deeds.do, [("many", 10**9, 2**16), ("loop",)]):
            {then}
"""


@contextlib.contextmanager
def started_script(tmp_path, then):
    package = str(Path(workers.__file__).parents[2])
    script = textwrap.dedent(SCRIPT).format(path=[str(tmp_path), package], then=then)
    (tmp_path / "script.py").write_text(script)
    command = [sys.executable, tmp_path / "script.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_script_without_a_main_guard_runs_once(deeds, tmp_path):
    with started_script(tmp_path, "break") as script:
        assert script.communicate(timeout=60) == ("[5]\n", "")


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_processes_end_with_the_caller(deeds, tmp_path, sign):
    with started_script(tmp_path, "pass") as script:
        assert script.stdout.readline() == "[5]\n"
        wait_until(lambda: len(children(script.pid)) == 2)
        started = children(script.pid)
        script.send_signal(sign)
        script.wait(60)
    wait_until(lambda: not any(is_running(pid) for pid in started))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
