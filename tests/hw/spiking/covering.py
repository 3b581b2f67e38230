"""A pairwise covering array: few rows in which every pair of choices that can be, occurs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, product
from typing import Any

Row = dict[str, Any]
Pair = tuple[tuple[str, Any], tuple[str, Any]]

CANDIDATES = 30


def pairs_of(row: Row) -> set[Pair]:
    """All pairs of choices of a row, in the order of its names."""
    return set(combinations(row.items(), 2))


def covering_rows(
    choices: Mapping[str, Sequence[Any]], exclusive: Sequence[str],
    possible: Callable[[Row], bool], seed: int = 0,
) -> tuple[list[Row], set[Pair]]:
    """Rows, and the pairs that no possible row has.

    `exclusive` are the names of which some choices exclude others, and `possible` says of a row of
    those whether it can be. Greedy: of several random rows with the next open pair, the one that
    covers most.
    """
    rng = random.Random(seed)
    allowed = [row for values in product(*(choices[name] for name in exclusive))
               if possible(row := dict(zip(exclusive, values, strict=True)))]
    wanted = [
        ((left, a), (right, b))
        for left, right in combinations(choices, 2)
        for a in choices[left] for b in choices[right]
    ]
    open_pairs = set(wanted)
    rows: list[Row] = []
    impossible: set[Pair] = set()
    for pair in wanted:
        if pair not in open_pairs:
            continue
        fitting = [row for row in allowed
                   if all(row.get(name, value) == value for name, value in pair)]
        if not fitting:
            impossible.add(pair)
            open_pairs.discard(pair)
            continue
        candidates = [{name: rng.choice(values) for name, values in choices.items()}
                      | rng.choice(fitting) | dict(pair) for _ in range(CANDIDATES)]
        best = max(candidates, key=lambda row: len(pairs_of(row) & open_pairs))
        open_pairs -= pairs_of(best)
        rows.append(best)
    return rows, impossible
