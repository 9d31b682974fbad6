"""Dealing patients to splits: whole, in proportion, always the same way."""

import collections

import pytest

from tfds_covidct import splits

FRACTIONS = (0.7, 0.15, 0.15)


@pytest.mark.parametrize(
    "count, expected",
    [(1, [1, 0, 0]), (2, [2, 0, 0]), (4, [3, 1, 0]), (7, [5, 1, 1]), (20, [14, 3, 3]), (100, [70, 15, 15])],
)
def test_shares_are_in_proportion_and_train_comes_first(count, expected):
    split_of = splits.assign({f"p{i}": "covid" for i in range(count)}, FRACTIONS)
    sizes = collections.Counter(split_of.values())
    assert [sizes[split] for split in splits.SPLITS] == expected


def test_each_kind_has_its_shares():
    groups = {f"{kind}{i}": kind for kind in ("covid", "healthy") for i in range(20)}
    sizes = collections.Counter((groups[g], split) for g, split in splits.assign(groups, FRACTIONS).items())
    assert all(sizes[kind, "train"] == 14 and sizes[kind, "test"] == 3 for kind in ("covid", "healthy"))


@pytest.mark.parametrize("kinds, count, expected", [(5, 3, [11, 2, 2]), (3, 2, [4, 1, 1]), (20, 1, [14, 3, 3])])
def test_what_does_not_come_out_even_is_made_up_for_by_the_next_kind(kinds, count, expected):
    groups = {f"{kind}-{i}": kind for kind in range(kinds) for i in range(count)}
    sizes = collections.Counter(splits.assign(groups, FRACTIONS).values())
    assert [sizes[split] for split in splits.SPLITS] == expected


def test_the_order_of_the_groups_does_not_matter():
    groups = {f"p{i}": "covid" for i in range(40)}
    assert splits.assign(groups, FRACTIONS) == splits.assign(dict(reversed(groups.items())), FRACTIONS)


def test_the_order_is_by_hash_not_by_name():
    split_of = splits.assign({f"p{i:02d}": "covid" for i in range(40)}, FRACTIONS)
    assert [split_of[f"p{i:02d}"] for i in range(28)] != ["train"] * 28


def test_a_share_of_zero_gets_nobody():
    assert set(splits.assign({f"p{i}": "x" for i in range(9)}, (0.0, 0.0, 1.0)).values()) == {"test"}
    assert set(splits.assign({"p": "x"}, (0.1, 0.9, 0.0)).values()) == {"train"}


@pytest.mark.parametrize("count, size", [(1, 1), (19, 1), (50, 5), (100, 10), (4000, 10)])
def test_blocks_are_many_enough_to_split_and_as_long_as_that_allows(count, size):
    assert splits.block_size(count) == size
