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
    """Deals groups to the splits, those of each kind in the same proportions.

    Within a kind the groups are put in order and cut by the fractions; what does not come
    out even goes to the largest remainder, and to train first.

    Args:
      groups: a group's name, such as a patient's id -> its kind, such as the labels it has.
      fractions: of train, validation and test; they sum to 1.
      order: makes of a name what it is sorted by.

    Returns:
      A group's name -> its split. One group of a kind goes to train, unless train's share is 0.
    """
    by_kind = collections.defaultdict(list)
    for name, kind in groups.items():
        by_kind[kind].append(name)
    split_of = {}
    for names in by_kind.values():
        names.sort(key=order)
        counts = _shares(len(names), fractions)
        splits = [split for split, count in zip(SPLITS, counts) for _ in range(count)]
        split_of.update(zip(names, splits))
    return split_of


def _shares(count: int, fractions: Sequence[float]) -> list[int]:
    """Parts of `count` in proportion to the fractions, which sum to it."""
    exact = [count * fraction for fraction in fractions]
    shares = [int(part + 1e-9) for part in exact]
    largest_first = sorted(range(len(exact)), key=lambda i: shares[i] - exact[i])
    for i in largest_first[: count - sum(shares)]:
        shares[i] += 1
    if fractions[0] and count and not shares[0]:
        shares[shares.index(max(shares))] -= 1
        shares[0] = 1
    return shares


def block_size(count: int, largest: int = 10) -> int:
    """How many consecutive files make a block: enough blocks to split, as long ones as that allows."""
    return min(max(count // 10, 1), largest)
