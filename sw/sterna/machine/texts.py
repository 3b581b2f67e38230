"""What token streams that take turns on one data path ask of a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.errors import InputError
from sterna.machine.units.head import ranks_words

if TYPE_CHECKING:
    from sterna.machine.machine import Machine

TEXTS = (2, 4)
"""How many there may be."""
AREA = "texts"
"""The part of the area that they add, beside the list of the best, which each has."""
AREA_FACTORS = (415.0, 983.0, 39.5, 4.107), (0.0, 53.0, 6.0, 3.51)
"""Look-up tables and flip-flops for each of `texts_terms`: those of 8 rows of 16 columns, and of 16
rows of 48 with tables and 16 vector lanes, with 2 and 4 texts, as yosys synthesised them for ECP5,
over those of the same machines with one."""


def texts_terms(machine: Machine) -> tuple[float, ...]:
    """Whether there are several, how many beside the first, and rows and bits of a group of those.
    """
    more = machine.texts - 1
    return (more > 0, more, more * machine.ternary.rows, more * machine.vector.group_bits)


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
    ):
        if not right:
            raise InputError(f"machine: texts on one data path take {rule}")
