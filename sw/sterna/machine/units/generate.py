"""GENERATE: the board feeds itself with the tokens that it chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sterna.machine.unit import AreaTerms, MemorySpec, Unit
from sterna.machine.units.head import ROW_BITS

if TYPE_CHECKING:
    from sterna.machine.machine import Machine

MOST_ENDS = 8
"""End tokens of a request."""
LONGEST_WINDOW = 1 << 12
"""Ids, which fit one frame with all that is beside them."""
WAITING_BYTES = 128
"""Of frames that come while the one before is carried out, such as the TAKEs that a host sends
behind a START; a power of two."""
PROGRAM_WORDS, TEXT_WORDS = 480, 16
"""Of the processor that answers frames: instructions with constants and variables, and what it
keeps of each token stream."""
VECTOR = "vector"


def input_bits(machine: Machine) -> int:
    """Width of the number of an INPUT word."""
    from sterna.machine.protocol import Space, memory_spec

    return max(1, (memory_spec(machine, Space.INPUT).depth - 1).bit_length())


@dataclass(frozen=True, kw_only=True)
class Generate(Unit):
    """Answers GENERATE and STOP (`sterna.machine.generation`); it executes no instruction.

    It chooses by the law of sampling from what the head of a token stream keeps, and runs the
    program with the row of the chosen token, which is in INPUT. ``window`` ids may be made that the
    host has not acknowledged: 64 hide a round trip of USB, 1024 the 16 ms timer of a serial bridge
    up to 25,000 tokens a second, of which half are asked for at a time.

    Two slots for each token stream hold states of it: all of `Machine.states`, but of the vectors
    only the first ``vectors`` groups, where the compiler has what a program keeps; 0 stands for
    all.
    """

    name = "generate"
    optional = frozenset({"vectors"})

    window: int = 1024
    vectors: int = 0

    def validate(self) -> None:
        self.require(self.window <= LONGEST_WINDOW, "window", f"at most {LONGEST_WINDOW}")

    def check(self, machine: Machine) -> None:
        for name in ("head", "read"):
            machine.unit(name)

    def area_terms(self, machine: Machine) -> AreaTerms:
        return {"generation": (1, machine.streams - 1)}

    def area_factors(self) -> Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]:
        """Of what answers for `demo` with one token stream, and more for another (Yosys, ECP5)."""
        return {"generation": ((2518, 410), (1664, 220))}

    def program_words(self, machine: Machine) -> int:
        """In the memory of the processor."""
        return 1 << (PROGRAM_WORDS + TEXT_WORDS * machine.streams - 1).bit_length()

    def row_bits(self, machine: Machine) -> int:
        """Of an id that is made: it is that of a row, which has an INPUT word."""
        return min(ROW_BITS, input_bits(machine))

    def slot(self, machine: Machine, stream: int) -> tuple[tuple[MemorySpec, int], ...]:
        """The memories of a token stream that a slot holds, and how many words of each."""
        from sterna.machine.machine import path_space

        found = []
        for unit in machine.units:
            if stream and not unit.per_stream:
                continue
            for spec in unit.states(machine):
                words = min(spec.depth, self.vectors or spec.depth)
                found.append((replace(spec, name=path_space(spec.name, stream)),
                              words if unit.name == VECTOR else spec.depth))
        return tuple(found)
