"""What token streams that take turns on one data path ask of a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.errors import InputError
from sterna.machine.units.head import ranks_words

if TYPE_CHECKING:
    from sterna.machine.machine import Machine

TEXTS = (2, 4)
"""How many there may be."""


def check_shared(machine: Machine) -> None:
    """Raise `InputError` for what they cannot have."""
    for right, rule in (
        (machine.streams in TEXTS, f"{' or '.join(map(str, TEXTS))} of them, not "
                                   f"{machine.streams}"),
        (not machine.memory.outside, "weights on the chip; --streams shares those outside"),
        (not machine.compact, "a machine that is not compact"),
        (machine.vector.interval == 1, "vector_interval = 1"),
        (machine.vector.lanes > 1, "at least 2 vector_lanes"),
        (not machine.vector.sums, "no sums of words"),
        (not ranks_words(machine), "rows of the head without gains"),
        (machine.ternary.planes == 1, "matrices of one plane"),
        (machine.ternary.lane != "twin_tables", "lanes of adders or of one set of tables"),
        (not machine.ternary.deep_accumulators, "short blocks: block_groups of at most 16"),
        (not machine.row_memory.outside, "embedding rows on the chip or with the host"),
    ):
        if not right:
            raise InputError(f"machine: texts on one data path take {rule}")
