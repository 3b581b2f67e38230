"""Gains of populations that differ in nothing but their shift: with one shift they share an engine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from sterna.families.spiking.integers import Population

MOST_LOST = 2.0**-10
"""Of any gain, that a common shift may cost: rounding its weights to eight bits costs more."""


def with_common_shifts(populations: Iterable[Population]) -> tuple[Population, ...]:
    """The populations, with the least shift of those of one definition where gains stay fine."""
    made = {item.name: item for item in populations}
    alike: dict[object, list[Population]] = defaultdict(list)
    for item in made.values():
        alike[replace(item.definition, gain_shift=0, sum_bits=2)].append(item)
    for items in alike.values():
        left = sorted(items, key=lambda item: item.definition.gain_shift)
        while left:
            shift, others = left[0].definition.gain_shift, []
            for item in left:
                found = _cut(item, item.definition.gain_shift - shift)
                if found is None:
                    others.append(item)
                else:
                    made[item.name] = found
            left = others
    return tuple(made.values())


def _cut(item: Population, bits: int) -> Population | None:
    """With a shift less by so many bits; None where that changes a gain by too much."""
    gain = item.parameters.gain
    found = np.rint(gain / (1 << bits)).astype(np.int64)
    if (np.abs((found << bits) - gain) > MOST_LOST * np.abs(gain)).any():
        return None
    definition = replace(item.definition, gain_shift=item.definition.gain_shift - bits)
    return replace(item, definition=definition, parameters=replace(item.parameters, gain=found))
