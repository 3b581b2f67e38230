"""A pairwise covering array: few rows in which every pair of choices that can be, occurs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

Row = dict[str, Any]
Pair = tuple[tuple[str, Any], tuple[str, Any]]

ATTEMPTS = 3000
CANDIDATES = 30


def pairs_of(row: Row) -> set[Pair]:
    """All pairs of choices of a row, in the order of its names."""
    return set(combinations(row.items(), 2))


def covering_rows(
    choices: Mapping[str, Sequence[Any]], possible: Callable[[Row], bool], seed: int = 0
) -> tuple[list[Row], set[Pair]]:
    """Rows, and the pairs for which no possible row was found.

    Greedy: of several random possible rows with the next open pair, the one that covers most.
    """
    rng = random.Random(seed)
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
        candidates: list[Row] = []
        for _ in range(ATTEMPTS):
            row = {name: rng.choice(values) for name, values in choices.items()} | dict(pair)
            if possible(row):
                candidates.append(row)
                if len(candidates) == CANDIDATES:
                    break
        if not candidates:
            impossible.add(pair)
            open_pairs.discard(pair)
            continue
        best = max(candidates, key=lambda row: len(pairs_of(row) & open_pairs))
        open_pairs -= pairs_of(best)
        rows.append(best)
    return rows, impossible
