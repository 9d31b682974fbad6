"""Classes by name, across data sets that spell them differently."""

import re
from collections.abc import Sequence

from covid_gan.errors import ArgumentError

DEFAULT_CLASS = "covid"


def names_of(builder) -> tuple[str, ...]:
    """The label names of a TFDS builder; () where it has none."""
    features = builder.info.features
    label = features["label"] if "label" in features else None
    return tuple(getattr(label, "names", None) or ())


def same(first: str, second: str) -> bool:
    """Whether two names mean one class: case and punctuation aside, as in non_covid and NonCOVID."""
    return _plain(first) == _plain(second)


def resolve(builders: Sequence, wanted: tuple[str, ...] | None) -> tuple[str, ...]:
    """The label names to keep; () stands for all.

    Args:
        builders: of the data sets that are mixed.
        wanted: None: `covid` where every data set has it, else all.

    Raises:
        ArgumentError: (`classes`) no data set has a label of that name.
    """
    names = [names_of(builder) for builder in builders]
    if wanted is None:
        everywhere = all(any(same(DEFAULT_CLASS, name) for name in own) for own in names)
        return (DEFAULT_CLASS,) if everywhere else ()
    known = list(dict.fromkeys(name for own in names for name in own))
    for name in wanted:
        if not any(same(name, other) for other in known):
            there = f"it has {', '.join(known)}" if known else "it has no label names"
            of = " and ".join(builder.name for builder in builders)
            raise ArgumentError("classes", f"{name!r} is no label of {of}: {there}.", wanted)
    return tuple(wanted)


def kept(builder, classes: tuple[str, ...]) -> list[int]:
    """The indices of a builder's labels that are kept."""
    return [i for i, name in enumerate(names_of(builder)) if any(same(name, other) for other in classes)]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
