"""Who goes to which split: patients, or blocks of files, whole and in a fixed order."""

import collections
import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence

SPLITS = ("train", "validation", "test")


def by_hash(name: str) -> bytes:
    """An order that has nothing to do with what a name says."""
    return hashlib.sha256(name.encode()).digest()


def assign(
    groups: Mapping[str, Hashable], fractions: Sequence[float], order: Callable = by_hash
) -> dict[str, str]:
    """Deals groups to the splits, those of each kind in the same proportions as far as they go.

    Within a kind the groups are put in order and cut by the fractions. What does not come out
    even goes where most is lacking so far, and to train first.

    Args:
      groups: a group's name, such as a patient's id -> its kind, such as the labels it has.
      fractions: of train, validation and test; they sum to 1.
      order: makes of a name what it is sorted by.

    Returns:
      A group's name -> its split. Train has at least one, unless its fraction is 0.
    """
    by_kind = collections.defaultdict(list)
    for name in sorted(groups, key=order):
        by_kind[groups[name]].append(name)
    split_of, lacking = {}, [0.0] * len(SPLITS)
    for kind in sorted(by_kind, key=str):
        names = by_kind[kind]
        counts = _shares(len(names), fractions, lacking)
        splits = [split for split, count in zip(SPLITS, counts) for _ in range(count)]
        split_of.update(zip(names, splits))
    if fractions[0] and split_of and SPLITS[0] not in split_of.values():
        split_of[min(split_of, key=order)] = SPLITS[0]
    return split_of


def _shares(count: int, fractions: Sequence[float], lacking: list[float]) -> list[int]:
    """Parts of `count`; `lacking`, by how much each split is short of its fraction so far, is kept up."""
    for i, fraction in enumerate(fractions):
        lacking[i] += count * fraction
    shares = [int(count * fraction + 1e-9) for fraction in fractions]
    for _ in range(count - sum(shares)):
        neediest = max(range(len(shares)), key=lambda i: round(lacking[i] - shares[i], 9))
        shares[neediest] += 1
    for i, share in enumerate(shares):
        lacking[i] -= share
    return shares


def block_size(count: int, largest: int = 10) -> int:
    """How many consecutive files make a block: enough blocks to split, as long ones as that allows."""
    return min(max(count // 10, 1), largest)
