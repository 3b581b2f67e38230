"""Words of the parameters of neurons, a group of lanes each: once what comes again and again.

Populations that windows lead to keep the channels of a position side by side, so that their words
come again at every position.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sterna.compiler.populations import Population, groups_of

MOST_TRIED = 64
"""Words like the first, of which it is looked whether all comes again from there on."""
Rows = NDArray[np.int64]


def parameter_rows(place: Population, repetition: int, names: Sequence[str], lanes: int) -> Rows:
    """The parameters of a population [groups, names, lanes], 0 where a group has no neuron."""
    length = place.item.length
    full = dict(place.numbers(repetition).expanded(length).items())
    size = groups_of(length, lanes) * lanes
    return np.stack([np.pad(full[name], (0, size - length)).reshape(-1, lanes) for name in names],
                    1)


def period(place: Population, names: Sequence[str], lanes: int) -> int:
    """Groups after which the parameters of a population come again, in every repetition of its
    section; as many as it has, where they do not. What has no neuron does not count."""
    rows = np.concatenate([parameter_rows(place, repetition, names, lanes)
                           for repetition in range(place.section.repeat)], 1)
    groups, beyond = len(rows), -place.item.length % lanes
    again = np.flatnonzero((rows[1:groups - 1] == rows[0]).all((1, 2))) + 1
    for after in [*again[:MOST_TRIED].tolist(), *range(max(1, groups - 1), groups)]:
        if (np.array_equal(rows[after:groups - 1], rows[:groups - 1 - after])
                and np.array_equal(rows[-1, :, :lanes - beyond],
                                   rows[groups - 1 - after, :, :lanes - beyond])):
            return after
    return groups
