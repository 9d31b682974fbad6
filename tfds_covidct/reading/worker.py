"""What a worker process runs: tasks from its standard input, their items to its standard output.

It is started as a script, apart from the package: `workers.py` is its other end.
"""

import importlib
import io
import os
import pickle
import signal
import struct
import sys
import types
from collections.abc import Callable
from typing import Any

# The kinds of message: a worker gets tasks, after the first that sets it up, and sends the others.
TASK, READY, BROKEN, ITEM, FAILURE, MISSING, DONE = range(7)

_LENGTH = struct.Struct("<BQ")

# Counted as data by the kernel, but not so: the code of the libraries.
_CODE_BYTES = 64 * 2**20

_START_SECONDS = 120


def send(stream: io.RawIOBase, kind: int, content: bytes = b""):
    """Writes one message; raises OSError if nobody reads any more."""
    for piece in (_LENGTH.pack(kind, len(content)), content):
        view = memoryview(piece)
        while view:
            view = view[stream.write(view) :]


def receive(stream: io.BufferedReader) -> tuple[int, bytes]:
    """Reads one message; raises EOFError if the other end is gone, in the middle of it too."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    kind, length = _LENGTH.unpack(head)
    content = stream.read(length)
    if len(content) < length:
        raise EOFError
    return kind, content


def serve():
    """Answers tasks until the parent is gone."""
    tasks, items = _take_pipes()
    try:
        _alarm(_START_SECONDS)
        _, setup = receive(tasks)
        setup = pickle.loads(setup)
        sys.path[:] = setup["path"]
        _skip_package(*setup["package"])
        _limit(setup["memory"])
        importlib.import_module(setup["module"])
    except Exception as error:  # noqa: BLE001
        send(items, BROKEN, f"{type(error).__name__}: {error}".encode("utf-8", "replace"))
        return
    finally:
        _alarm(0)
    send(items, READY)
    while True:
        _, content = receive(tasks)
        kind, why = _answer(content, items, setup)
        if why:
            send(items, kind, why.encode("utf-8", "backslashreplace"))
        send(items, DONE)


def _answer(content: bytes, items: io.RawIOBase, setup: dict[str, Any]) -> tuple[int, str]:
    """Sends a task's items; returns `FAILURE` or, where a package is not installed, `MISSING`, and why or "".

    Of a foreign exception only the type is told: its text may quote the file, and so a patient.
    """
    from tfds_covidct.errors import DataError, MissingExtraError

    try:
        _alarm(setup["seconds"])
        function, task = pickle.loads(content)
        _send_items(function, task, items, setup["seconds"])
    except BrokenPipeError:
        raise
    except MissingExtraError as error:
        return MISSING, str(error)
    except DataError as error:
        return FAILURE, str(error)
    except MemoryError:
        return FAILURE, f"needs more than {setup['memory'] / 2**30:.3g} GiB of memory"
    except Exception as error:  # noqa: BLE001
        return FAILURE, f"cannot be read ({type(error).__name__})"
    finally:
        _alarm(0)
    return FAILURE, ""


def _send_items(function: Callable, task: Any, items: io.RawIOBase, seconds: float):
    for item in function(task):
        content = pickle.dumps(item, pickle.HIGHEST_PROTOCOL)
        _alarm(0)  # The reader may take its time.
        send(items, ITEM, content)
        _alarm(seconds)


def _alarm(seconds: float):
    """Ends this process after so many seconds, whatever it hangs in; 0 calls that off."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _take_pipes() -> tuple[io.BufferedReader, io.RawIOBase]:
    """Keeps the pipes from what a library may read or print."""
    tasks, items = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    return os.fdopen(tasks, "rb"), os.fdopen(items, "wb", buffering=0)


def _skip_package(name: str, path: str):
    """Stands in for the package, whose own import registers data sets: that takes longer than all the rest."""
    package = types.ModuleType(name)
    package.__path__ = [path]
    sys.modules[name] = package


def _limit(memory: int):
    """Limits the memory; no dump of it, which would show a patient, is left by a crash."""
    import resource

    for kind, limit in ((resource.RLIMIT_DATA, memory - _CODE_BYTES), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(kind)[1]
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (limit, hard))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        serve()
    except (EOFError, BrokenPipeError):
        pass
    # Without the interpreter's clean-up, which a decoder may have spoilt.
    os._exit(0)
