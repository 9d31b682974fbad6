"""The rows of the benchmark's table."""

import dataclasses

from covid_gan.evaluation.text import MISSING, table
from experiments.bench.timing import Spread

HEAD = ("training", "what", "images a second", "ratio", "of what", "goal")


@dataclasses.dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        cell: what is trained.
        what: was measured of it.
        speed: images a second.
        ratio: to something that was measured in turn with it.
        of: what the ratio relates.
        goal: the least ratio that is aimed at.
        value: instead of a speed, as text.
    """

    cell: str
    what: str
    speed: Spread | None = None
    ratio: Spread | None = None
    of: str = ""
    goal: float | None = None
    value: str = MISSING

    def cells(self) -> list[str]:
        """The row's texts, in the order of `HEAD`."""
        goal = MISSING
        if self.goal is not None:
            met = self.ratio.median >= self.goal
            goal = f"≥ {self.goal:g} {'✓' if met else '✗'}"
        return [
            self.cell,
            self.what,
            self.speed.text() if self.speed else self.value,
            self.ratio.text() if self.ratio else MISSING,
            self.of or MISSING,
            goal,
        ]


class Printed:
    """Prints the table row by row as they are measured: whatever ends the benchmark, they are there."""

    def __init__(self):
        self.notes = []
        self._began = False

    def __call__(self, row: Row) -> None:
        head, line, text = table(HEAD, [row.cells()]).splitlines()
        print(*((text,) if self._began else (head, line, text)), sep="\n", flush=True)
        self._began = True

    def note(self, text: str) -> None:
        """Keeps a sentence for below the table."""
        self.notes.append(text)

    def end(self) -> None:
        print("", *(f"- {note}" for note in self.notes), sep="\n", flush=True)
