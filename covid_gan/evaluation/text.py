"""Pieces of Markdown that a report and a comparison are made of."""

import math
from collections.abc import Iterable, Sequence

MISSING = "–"


def table(head: Sequence[str], rows: Iterable[Sequence]) -> str:
    """A table; line breaks and bars in a cell are replaced."""
    lines = [head, ["---"] * len(head), *rows]
    cells = ([" ".join(str(cell).split()).replace("|", "¦") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def code(name: str) -> str:
    """A name as it is, in code type."""
    name = str(name).replace("`", "'").replace("|", "¦")
    return f"`{' '.join(name.split())}`"


def number(value: float | None, digits: int = 3) -> str:
    """A number to some significant digits, without an exponent."""
    if value is None:
        return MISSING
    if value == 0 or not math.isfinite(value):
        return f"{value:.0f}" if value == 0 else str(value)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(decimals, 5)}f}"


def interval(low: float | None, high: float | None) -> str:
    """The ends of an interval in brackets, or nothing."""
    if low is None or high is None:
        return ""
    decimals = max(len(number(end, 2).partition(".")[2]) for end in (low, high))
    return f"[{low:.{min(decimals, 4)}f}, {high:.{min(decimals, 4)}f}]"


def count(amount: int, noun: str) -> str:
    """An amount of things: 1 scan, 2,000 scans."""
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


def listed(parts: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
