"""The head: the best of the logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sterna.machine.unit import AreaTerms, Unit, is_power_of_two

if TYPE_CHECKING:
    from sterna.machine.machine import Machine

ROW_BITS = 20
"""Bits of a row that is kept among the best."""
CANDIDATES = 16
"""Words that may wait for their place among the best."""
SCALE_WORDS = 2
ENTRY_WORDS = 2
BEST_WORDS = SCALE_WORDS + ENTRY_WORDS
"""Up to the best of all."""


def ranks_words(machine: Machine) -> bool:
    """Whether the vector unit gives a head words."""
    return machine.has(Head.name) and machine.head.gains


@dataclass(frozen=True, kw_only=True)
class Head(Unit):
    """Keeps the ``top_k`` best of the words that a matrix command with destination HEAD gives, or
    VECTOR instructions with ``rank``.

    RESULT: the scale (mantissa u32, exponent i32), then pairs (word i32, row u32), best first.
    """

    name = "head"
    per_stream = True
    later = frozenset({"gains"})

    top_k: int = 8
    """Best logits that the head keeps."""
    head_words: int = 1
    """Words that are compared with the worst of those in a clock, a power of two."""
    gains: bool = False
    """Whether the vector unit gives it words too: those of rows that have gains."""

    def validate(self) -> None:
        self.require(self.top_k <= 64, "top_k", "at most 64")
        self.require(is_power_of_two(self.head_words), "head_words", "a power of two")

    def check(self, machine: Machine) -> None:
        self.require(self.head_words <= machine.vector.lanes, "head_words",
                     "a power of two of at most vector_lanes")

    def area_terms(self, machine: Machine) -> AreaTerms:
        streams, more = machine.streams, (self.head_words - 1) * machine.vector.word_bits
        return {"core.top_k": (streams, streams * self.top_k, streams * more)}

    def result_words(self, machine: Machine) -> int:
        del machine
        return SCALE_WORDS + ENTRY_WORDS * self.top_k

    def result_entries(self, machine: Machine) -> int:
        del machine
        return self.top_k
