"""The vector unit: element operations on groups of words, and their reductions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sterna.law.arithmetic import CODE_LIMIT, SHIFT_STEP, TABLE_INDEX_BITS, TABLE_SHIFT
from sterna.machine.emulator.path import Path
from sterna.machine.emulator.scalars import as_multiplier
from sterna.machine.units.vector import MultiplierSelect, SourceA

Integers = NDArray[np.int64]
Places = slice | NDArray[np.int64]
"""Groups of a memory or stream, one for each group of an operation."""

_FIXED = {MultiplierSelect.ONE: 1, MultiplierSelect.MINUS_ONE: -1, MultiplierSelect.ZERO: 0}


def places(numbers: NDArray[np.int64]) -> Places:
    """A slice if the numbers follow each other, for which nothing is copied."""
    first = int(numbers[0])
    if np.array_equal(numbers, np.arange(first, first + len(numbers))):
        return slice(first, first + len(numbers))
    return numbers


@dataclass
class VectorOperation:
    """A VECTOR instruction, in one turn or in all turns of a loop whose turns do not meet.

    Groups of operands and results are named by their places: in the vector memory, among the
    constants, the accumulators, the input rows and the states of the run.
    """

    fields: dict[str, int]
    a: Places
    b: Places | None
    result: Places | None
    constants: Places | None
    previous: Places | None
    state: Places | None
    traced: Places
    tables: tuple[Integers, Integers] = field(repr=False)
    """Base and slope [tables, segments]."""
    word_bits: int
    sent: Places | None = None
    partner: str = ""

    def __post_init__(self) -> None:
        fields = self.fields
        self._source = SourceA(fields["a_source"])
        self._select = MultiplierSelect(fields["multiplier"])
        self._shift = SHIFT_STEP * fields["shift"]
        self._limit = (1 << self.word_bits - 1) - 1
        self._negative = self._select is MultiplierSelect.SCALAR_NEGATIVE
        self._factor: Callable[[Path], tuple[Integers | int, int]] = {
            MultiplierSelect.MEMORY: self._of_memory,
            MultiplierSelect.CONSTANT: self._of_constants,
            MultiplierSelect.SCALAR: self._of_scalar,
            MultiplierSelect.SCALAR_NEGATIVE: self._of_scalar,
        }.get(self._select, self._fixed)

    def __call__(self, path: Path) -> None:
        """Execute on a data path."""
        fields, a = self.fields, self._operand(path)
        if self._select is MultiplierSelect.TABLE:
            value = self._look_up(a)
        else:
            factor, shift = self._factor(path)
            value = a * factor
            if shift:
                value += 1 << shift - 1
                value >>= shift
            if fields["add_b"]:
                value += path.memory[self.b]
        np.minimum(value, self._limit, out=value)
        np.maximum(value, -self._limit, out=value)
        self._deliver(path, value)

    def _operand(self, path: Path) -> Integers:
        if self.previous is not None and path.handed is not None:
            return path.handed[self.previous]
        if self._source is SourceA.ACCUMULATORS:
            return path.accumulators[self.a]
        if self._source is SourceA.INPUT:
            return path.inputs[self.a]
        if self._source is SourceA.UNIT:
            return path.given[self.partner][self.a]
        return path.memory[self.a]

    def _of_memory(self, path: Path) -> tuple[Integers | int, int]:
        return path.memory[self.b], self._shift

    def _of_constants(self, path: Path) -> tuple[Integers | int, int]:
        return path.constants[self.constants], self._shift

    def _of_scalar(self, path: Path) -> tuple[Integers | int, int]:
        factor, shift = as_multiplier(path.registers[self.fields["scalar"]], self.word_bits)
        return -factor if self._negative else factor, shift

    def _fixed(self, path: Path) -> tuple[Integers | int, int]:
        del path
        return _FIXED[self._select], self._shift

    def _look_up(self, a: Integers) -> Integers:
        base, slope = (table[self.fields["table"]] for table in self.tables)
        bits = self.word_bits - TABLE_INDEX_BITS
        position = a + (1 << self.word_bits - 1)
        index = position >> bits
        position &= (1 << bits) - 1
        value = slope[index] * position
        value += 1 << TABLE_SHIFT - 1
        value >>= TABLE_SHIFT
        value += base[index]
        return value

    def _deliver(self, path: Path, value: Integers) -> None:
        fields = self.fields
        if self.result is not None:
            path.memory[self.result] = value
        if fields.get("rank"):
            path.head.append(value.reshape(-1))
        if self.sent is not None:
            path.sent[self.partner][self.sent] = value
        if fields["codes"]:
            path.codes.append(np.clip(value.reshape(-1), -CODE_LIMIT, CODE_LIMIT))
        if fields["absmax"]:
            register = fields["absmax_register"]
            path.absmax[register] = max(
                path.absmax[register], int(value.max()), -int(value.min()))
        if fields["squares"]:
            entered = value if fields.get("sum") else value * value
            path.squares[fields["squares_register"]] += int(entered.sum())
        if self.state is not None:
            path.states[self.state] = value
        if path.shown is not None:
            path.shown["vector"][self.traced] = value
