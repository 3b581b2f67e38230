"""The matrix states: multiply lanes beside a memory of cells, which decay, grow and are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

from sterna.errors import InputError
from sterna.law.matrix_state import (
    LEAST_DECAY_FRACTION,
    MOST_DECAY_FRACTION,
    MOST_PRODUCT_SHIFT,
    MOST_PRODUCTS,
    MOST_READ_SHIFT,
)
from sterna.machine.unit import AreaTerms, Counter, Fields, Instruction, MemorySpec, TracePort, Unit

if TYPE_CHECKING:
    from sterna.machine.machine import Machine

PORT = "states"
"""Commands of the unit, of which one may wait."""
CELLS = "cells"
"""Name of the memory of cells, where READ names it."""
MOST_LANES = 64
COMMAND_CLOCKS, OPERAND_CLOCKS, START_CLOCKS = 3, 2, 2
"""From the sequencer to the unit, from there or from an operand to the next, and from where another
could come to the first row, without a clock for each lane."""
COLUMN_CLOCKS, CROSSING_CLOCKS = 4, 4
"""Fewest clocks from a strip to the next beside a clock for each lane, and how many more there are
in a unit that reads by columns."""
STEP_CLOCKS, RESULT_CLOCKS, END_CLOCKS = 7, 11, 2
"""From the last row of a strip until it is done, and to a group of results that ends with its first
column; and until the next command can begin."""


class Decay(IntEnum):
    """What a decay has an element for."""

    NONE = 0
    HEAD = 1
    ROW = 2


@dataclass(frozen=True, kw_only=True)
class MatrixStates(Unit):
    """``lanes`` cells a clock: columns of a row side by side, a strip of them down all rows.

    The fields from ``decay`` on are what it is built for (`sterna.law.matrix_state`), and are those
    of every state. A state takes ``heads * ceil(columns / lanes) * rows`` words, strip by strip.
    """

    name = "matrix"
    per_stream = True
    optional = frozenset({"product_shift", "read_shift"})

    lanes: int = 4
    """Cells in a word, and changed a clock."""
    depth: int = 256
    """Words of all states."""
    heads: int = 1
    """Most of a state, as of rows and of columns."""
    rows: int = 64
    columns: int = 64
    operand_depth: int = 16
    """Groups of the vector unit in the longest operand of a pass."""
    decay: bool = True
    products: int = 1
    by_columns: bool = False
    decay_fraction: int = 17
    product_shift: int = 0
    read_shift: int = 0

    def validate(self) -> None:
        self.require(self.lanes <= MOST_LANES, "lanes", f"at most {MOST_LANES}")
        self.require(self.products <= MOST_PRODUCTS, "products", f"at most {MOST_PRODUCTS}")
        self.require(LEAST_DECAY_FRACTION <= self.decay_fraction <= MOST_DECAY_FRACTION,
                     "decay_fraction", f"{LEAST_DECAY_FRACTION} to {MOST_DECAY_FRACTION}")
        self.require(self.product_shift <= MOST_PRODUCT_SHIFT, "product_shift",
                     f"at most {MOST_PRODUCT_SHIFT}")
        self.require(self.read_shift <= MOST_READ_SHIFT, "read_shift",
                     f"at most {MOST_READ_SHIFT}")

    def check(self, machine: Machine) -> None:
        if machine.shared:
            raise InputError("machine: texts on one data path take no matrix states; give each an "
                             "engine of its own")

    @property
    def chosen(self) -> Mapping[str, int]:
        return {self.label("lanes"): self.lanes}

    @property
    def shape(self) -> str:
        return f"{self.lanes} state lanes"

    @property
    def multiplied(self) -> int:
        """Multipliers of a lane: decay, products, and reading."""
        return self.decay + self.products + 1

    @property
    def operands(self) -> int:
        """Vectors that a pass may take."""
        return self.decay + 2 * self.products + 1

    @property
    def shift(self) -> int:
        """Bits below a cell's last that sums are kept with."""
        return max(self.decay_fraction, self.product_shift) if self.decay else self.product_shift

    def strips(self, columns: int) -> int:
        """Strips of lanes that so many columns take."""
        return -(-columns // self.lanes)

    def words(self, heads: int, rows: int, columns: int) -> int:
        """Words of a state."""
        return heads * self.strips(columns) * rows

    def fields(self, machine: Machine) -> Fields:
        """Fields of STATE, a pass over a state.

        Its words begin ``offset`` behind those that the commands of a RUN have left behind, which
        are ``advance`` more after this one. ``decay`` is a `Decay`. Operands come in groups of
        words: the decay, ``heads_groups`` or ``rows_groups``; row and column elements of each of
        the ``products``, ``rows_groups`` and ``columns_groups``; then those to ``read`` with.
        ``clear`` stands alone: all words become zero.
        """
        del machine
        words, groups = self.depth.bit_length(), self.operand_depth.bit_length()
        return (
            ("heads", self.heads.bit_length()), ("rows", self.rows.bit_length()),
            ("columns", self.columns.bit_length()),
            ("heads_groups", groups), ("rows_groups", groups), ("columns_groups", groups),
            ("offset", words), ("advance", words),
            *((("decay", 2),) if self.decay else ()),
            ("products", self.products.bit_length()), ("read", 1),
            *((("by_columns", 1),) if self.by_columns else ()),
            ("store", 1), ("clear", 1),
        )

    def instructions(self, machine: Machine) -> tuple[Instruction, ...]:
        return (Instruction("STATE", self.fields(machine), "a pass over a matrix state",
                            port=PORT),)

    def narrower(self) -> MatrixStates | None:
        return replace(self, lanes=self.lanes // 2) if self.lanes > 1 else None

    def takes_words(self, machine: Machine) -> bool:
        del machine
        return True

    def gives_words(self, machine: Machine) -> bool:
        del machine
        return True

    def states(self, machine: Machine) -> tuple[MemorySpec, ...]:
        return (MemorySpec(CELLS, self.lanes * machine.vector.word_bits, self.depth,
                           lanes=self.lanes),)

    def counters(self, machine: Machine) -> tuple[Counter, ...]:
        """Cells and results that were clipped, of all token streams."""
        return (Counter("clipped", most=machine.streams * (self.lanes + 1)),)

    def traces(self, machine: Machine) -> tuple[TracePort, ...]:
        """Cells after a pass, word by word."""
        return (TracePort(CELLS, ((machine.vector.word_bits, True),) * self.lanes,
                          "words of cells"),)

    def multipliers(self, machine: Machine) -> int:
        return machine.streams * self.lanes * self.multiplied

    def area_terms(self, machine: Machine) -> AreaTerms:
        """Of each token stream: one, bits of what lanes multiply, of operands in groups, and of
        what lanes add up to be read."""
        multiplied = self.lanes * self.multiplied * (machine.vector.word_bits + self.shift)
        read = self.lanes * sum_bits(machine) * (1 + self.by_columns)
        terms = (1, multiplied, self.operands * machine.vector.group_bits, read)
        return {"matrix": tuple(machine.streams * term for term in terms)}

    def area_factors(self) -> Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]:
        """Of six units alone with 1 to 8 lanes, beside 4 and 8 vector lanes (Yosys, ECP5); within
        6 % of each."""
        return {"matrix": ((474, 1.243, 0.848, 2.972), (607, 2.134, 0.207, 2.969))}


def sum_bits(machine: Machine) -> int:
    """Bits of a sum that is read, signed."""
    unit = machine.matrix
    most = max(unit.rows, unit.columns if unit.by_columns else 0)
    return (most * machine.vector.word_limit ** 2).bit_length() + 1
