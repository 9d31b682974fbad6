"""The errors that a user can mend. The doors print them as one line; a program can catch them."""

import re


class ArgumentError(ValueError):
    """A setting is wrong. On the command line the message starts with its flag.

    Args:
        argument: the setting's name, which is also the flag's.
        expected: what is wrong or expected, and what to do: a sentence.
        received: the value.
    """

    def __init__(self, argument: str, expected: str, received):
        super().__init__(f"`{argument}`: {expected} Received: {argument}={received!r}")
        self.argument = argument
        self.expected = expected
        self.received = received


class RunError(RuntimeError):
    """A run cannot go on: its folder, its checkpoints, or the disk below them."""


class DivergenceError(RunError):
    """A loss is NaN or infinite."""


class Interrupted(RunError):
    """A signal asked the run to stop, and it did, in order.

    Args:
        message: what was saved and how to go on.
        signum: the signal's number.
    """

    def __init__(self, message: str, signum: int):
        super().__init__(message)
        self.signum = signum


def reason(error: BaseException) -> str:
    """What an error of the system or of TensorFlow says, in one line without a full stop."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror} ({error.filename})" if error.filename else error.strerror
    lines = [line for line in str(error).strip().splitlines() if line.strip()] or [type(error).__name__]
    # What happened in a graph stands below where its operation was made.
    places = [i for i, line in enumerate(lines[:-1]) if line.lstrip().startswith('File "')]
    line = lines[places[-1] + 1] if places else lines[0]
    return re.sub(r"\{\{.*?\}\}\s*", "", line).strip().rstrip(".")
