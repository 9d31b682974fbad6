"""What a study's numbers allow to be said."""

from collections.abc import Mapping, Sequence

from covid_gan import metrics
from covid_gan.evaluation.text import count, number
from covid_gan.evaluation.words import title_of
from experiments.study.results import mean, spread

# With so many seeds of each, equals are parted by chance one time in ten.
LEAST_SEEDS = 3


def mean_and_spread(values: Sequence[float], digits: int = 3) -> str:
    """As text: 0.123 ± 0.012; of a single value no spread."""
    if not values:
        return number(None)
    text = number(mean(values), digits)
    return text if len(values) < 2 else f"{text} ± {number(spread(values), 2)}"


def badness(key: str, value: float) -> float:
    """A number that is less, the better a measure's value is."""
    toward = metrics.direction(key)
    if toward == metrics.HIGHER:
        return -value
    return abs(value - 1) if toward == metrics.REAL else value


def verdict(key: str, values: Mapping[str, Sequence[float]]) -> str:
    """One or two sentences on which arm is best by a measure, and whether the seeds allow to say so.

    An arm is better than another where each of its seeds is better than each of the other's, with at
    least `LEAST_SEEDS` of both.

    Args:
        key: of the measure.
        values: by arm, one for each seed.
    """
    known = {arm: [badness(key, v) for v in own] for arm, own in values.items() if own}
    if len(known) < 2:
        return "There is nothing to compare yet."
    order = sorted(known, key=lambda arm: mean(known[arm]))
    best, others = order[0], order[1:]
    title = title_of(key)
    shown = f"`{best}`, {mean_and_spread(values[best])}"
    fewest = min(len(own) for own in known.values())
    if fewest < 2:
        return f"Best {title}: {shown}. One seed names no winner."
    seeds = count(fewest, "seed")
    near = [arm for arm in others if max(known[best]) >= min(known[arm])]
    if fewest < LEAST_SEEDS:
        return f"Best {title}: {shown}. {seeds.capitalize()} of each name no winner; {LEAST_SEEDS} may."
    if near:
        names = ", ".join(f"`{arm}` ({mean_and_spread(values[arm])})" for arm in near)
        return f"Best mean {title}: {shown}. Its seeds overlap with those of {names}: not told apart."
    return f"Best {title}: {shown}, in each of its seeds better than any seed of the others."
