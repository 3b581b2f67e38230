"""Registers between the steps of a computation, placed by the words that each step takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Const, Signal, Value, signed

MULTIPLIER_BITS = 18
"""Signed operands of a hardware multiplier of the common families; 16 on iCE40."""


@dataclass(frozen=True, eq=False)
class Word:
    """A value and the stage at which it is there; a constant is there at every stage."""

    name: str
    value: Value
    stage: int
    constant: int | None = None


def constant(number: int) -> Word:
    """A constant as a signed word of its least width."""
    bits = max(number, ~number).bit_length() + 1
    return Word("constant", Const(number, signed(bits)), 0, number)


class Pipeline:
    """Collects the registers of one lane: one result a clock, never stalled.

    A word at stage ``s`` belongs to what entered ``s`` clocks before. Statements for the clocked
    domain are in ``statements``.

    Attributes:
        multipliers: hardware multipliers of the computations so far. bits: those of the registers.

    Args:
        multiplier_bits: width of the signed operands of a hardware multiplier.
    """

    def __init__(self, multiplier_bits: int = MULTIPLIER_BITS) -> None:
        self.multiplier_bits = multiplier_bits
        self.multipliers = 0
        self.bits = 0
        self.statements: list[Any] = []
        self._delayed: dict[tuple[Word, int], Value] = {}

    def at(self, word: Word, stage: int) -> Value:
        """The word's value at this or a later stage; delays are shared."""
        if word.constant is not None or stage == word.stage:
            return word.value
        assert stage > word.stage, f"{word.name} is not there before stage {word.stage}"
        key = word, stage
        if key not in self._delayed:
            before = self.at(word, stage - 1)
            self._delayed[key] = self._register(f"{word.name}_{stage}", before)
        return self._delayed[key]

    def compute(self, name: str, function: Callable[..., Value], *words: Word) -> Word:
        """Register ``function`` of the words, aligned to the last of them; its width is exact."""
        stage = max(word.stage for word in words)
        result = function(*(self.at(word, stage) for word in words))
        return Word(name, self._register(f"{name}_{stage + 1}", result), stage + 1)

    def _register(self, name: str, value: Value) -> Signal:
        register = Signal(value.shape(), name=name, reset_less=True)
        self.statements.append(register.eq(value))
        self.bits += len(register)
        return register
