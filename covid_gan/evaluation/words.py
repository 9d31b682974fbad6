"""What each measure asks, in plain words, and what its ratio to the floor means."""

from collections.abc import Iterable, Sequence

from covid_gan import metrics
from covid_gan.evaluation.measuring import Measure

# Ratios to the floor from which a measure is good, or fair: a distance may be so many times the floor's,
# while a share or a diversity that is half of the real one is far off.
GOOD, FAIR = {metrics.LOWER: 0.5}, {metrics.LOWER: 0.2}
GOOD_SHARE, FAIR_SHARE = 0.9, 0.7
MARKS = ("✓", "~", "✗")
LEGEND = (
    f"{MARKS[0]}: as real scans or nearly (a distance at most 2 times that of real halves, a share or a "
    f"diversity within 10 %), {MARKS[1]}: near (5 times, 30 %), {MARKS[2]}: farther off"
)


def mark(measure: Measure) -> str:
    """✓, ~ or ✗; empty without a ratio."""
    if measure.ratio is None:
        return ""
    toward = metrics.direction(measure.key)
    good, fair = GOOD.get(toward, GOOD_SHARE), FAIR.get(toward, FAIR_SHARE)
    return MARKS[0 if measure.ratio >= good else 1 if measure.ratio >= fair else 2]


# The start of a measure's key -> its title, and the question that it answers.
QUESTIONS = {
    metrics.KID: ("KID", "Do the images as a whole look like the scans?"),
    metrics.FID: ("FID", "Do they, by mean and covariance of their features?"),
    metrics.PRECISION: ("precision", "Does an image look like some scan?"),
    metrics.DENSITY: ("density", "To how many scans is an image alike?"),
    metrics.COVERAGE: ("coverage", "Is every kind of scan among them?"),
    metrics.RECALL: ("recall", "Do the images reach as far as the scans?"),
    metrics.AUTHENTICITY: (
        "authenticity",
        "Are images farther from their nearest scan than that from its next?",
    ),
    metrics.SPECTRUM: ("spectrum", "Is the texture right, neither blurred nor speckled?"),
    metrics.SWD: ("SWD", "Are details of this size right?"),
    metrics.HISTOGRAM: ("grey levels", "Are there as many dark and bright pixels?"),
    metrics.ENTROPY: ("entropy", "Does an image have as many grey levels as a scan?"),
    metrics.DIVERSITY_BLURRED: ("diversity, blurred", "Do the images differ from each other as scans do?"),
    metrics.DIVERSITY: ("diversity", "Do they, without the blur that forgives noise?"),
    metrics.MS_SSIM: ("MS-SSIM", "Do they, by their structure?"),
    metrics.DISTINCT: ("distinct", "How many images remain if look-alikes are merged?"),
}
# What a reader sees first, and what a comparison shows: of SWD's levels the worst.
HEADLINES = (
    metrics.KID,
    metrics.PRECISION,
    metrics.COVERAGE,
    metrics.SPECTRUM,
    metrics.SWD,
    metrics.HISTOGRAM,
    metrics.DIVERSITY_BLURRED,
)


def base_of(key: str) -> str:
    """The measure that a key belongs to, without the extractor or the level."""
    fitting = [base for base in QUESTIONS if key == base or key.startswith(f"{base}_")]
    return max(fitting, key=len, default=key)


def title_of(key: str) -> str:
    """A measure's name for a person, with its level or extractor."""
    base = base_of(key)
    rest = key[len(base) :].strip("_").replace("_", " ")
    title = QUESTIONS.get(base, (base, ""))[0]
    if base == metrics.SWD:
        return f"{title} at {rest} px"
    return f"{title} ({rest})" if rest else title


def question_of(key: str) -> str:
    """The question that a measure answers; empty for a number that describes one set."""
    return QUESTIONS[base_of(key)][1] if base_of(key) in QUESTIONS and metrics.direction(key) else ""


def in_short(measures: Sequence[Measure]) -> str:
    """How many of the headlines are good, fair and bad, and which is the worst; empty without a floor."""
    known = [m for m in headlines(measures) if m.ratio is not None]
    if not known:
        return ""
    marks = [mark(m) for m in known]
    tally = ", ".join(f"{marks.count(sign)} {sign}" for sign in MARKS if sign in marks)
    worst = min(known, key=lambda m: (-MARKS.index(mark(m)), m.ratio))
    farthest = "" if mark(worst) == MARKS[0] else f" Farthest from real scans: {title_of(worst.key)}."
    excused = [title_of(m.key) for m in known if mark(m) != MARKS[0] and _as_held_out(m)]
    if excused:
        farthest += f" No farther from them than held-out scans: {', '.join(excused)}."
    return f"**Of {len(known)} questions: {tally}.**{farthest}"


def _as_held_out(measure: Measure) -> bool:
    """Whether scans that the generator has not seen do no better: the splits differ by as much."""
    if measure.unseen is None:
        return False
    toward = metrics.direction(measure.key)
    if toward == metrics.REAL:
        return abs(measure.value - 1) <= abs(measure.unseen - 1)
    better = measure.value - measure.unseen
    return better <= 0 if toward == metrics.LOWER else better >= 0


def headlines(measures: Sequence[Measure]) -> list[Measure]:
    """The measures that a reader sees first; of several of one kind the one of the worst ratio."""
    found = []
    for base in HEADLINES:
        own = [m for m in measures if base_of(m.key) == base]
        known = [m for m in own if m.ratio is not None]
        found += [min(known, key=lambda m: m.ratio)] if known else own[:1]
    return found


def curve_groups(keys: Iterable[str]) -> dict[str, list[str]]:
    """The panels of the curves: title -> keys, in the order of `HEADLINES`; other measures have none."""
    groups = {}
    for base in HEADLINES:
        own = [key for key in keys if base_of(key) == base]
        if own:
            groups[QUESTIONS[base][0] if len(own) > 1 else title_of(own[0])] = own
    return groups
