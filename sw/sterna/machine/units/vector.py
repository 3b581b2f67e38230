"""The vector unit: elements, look-up tables and reductions over a memory of vectors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from math import ceil, log2
from typing import TYPE_CHECKING

from sterna.law.arithmetic import TABLE_SEGMENTS
from sterna.machine.unit import (
    FORKS,
    OTHER,
    AreaTerms,
    Fields,
    Instruction,
    MemorySpec,
    TracePort,
    Unit,
    is_power_of_two,
)
from sterna.machine.units.head import ranks_words

if TYPE_CHECKING:
    from sterna.machine.machine import Machine

LENGTH_BITS = 13
MOST_LANES = 1 << 10
"""Groups that an instruction can name."""
VECTOR_CLOCKS, ABSMAX_CLOCKS, SQUARES_CLOCKS = 8, 8, 10
"""Clocks of the pipeline without the registers between its memories."""
FAR_REGISTERS = 4
VECTORS = "vectors"
"""Name of the memory of vectors, where READ names it."""
PORT = "commands"
"""Vector and scalar commands, in their order."""


class SourceA(IntEnum):
    """First operand of a vector operation."""

    MEMORY = 0
    ACCUMULATORS = 1
    INPUT = 2
    UNIT = 3
    """Groups of words that another unit gives."""


class MultiplierSelect(IntEnum):
    """Second factor of a vector operation."""

    MEMORY = 0
    """Port b of the vector memory."""
    CONSTANT = 1
    """Next group of the constant stream."""
    SCALAR = 2
    SCALAR_NEGATIVE = 3
    ONE = 4
    MINUS_ONE = 5
    ZERO = 6
    TABLE = 7
    """Look-up: a is replaced by its fraction, the factor is the slope, the addend the base."""


class Wait(IntEnum):
    """What a vector instruction waits for before its first group issues."""

    NONE = 0
    CHAIN = 1
    """Group g may read what group g of any earlier instruction of at least this length wrote."""
    DRAIN = 2
    """Every earlier result is written."""


@dataclass(frozen=True, kw_only=True)
class Vector(Unit):
    """Groups of ``lanes`` words of ``word_bits`` bits, one in ``interval`` clocks.

    Latency: `vector_latency` clocks from the issue of a group to that of the first that may read
    it.
    """

    name = "vector"
    per_stream = True
    computes_words = True
    later = frozenset({"sums"})

    lanes: int = 8
    """Elements in a group; a power of two."""
    interval: int = 1
    """Clocks from a group to the next: 1, or 2 for a vector memory in single-port RAM."""
    word_bits: int = 18
    """Width of words, gains and table entries, signed."""
    depth: int = 512
    """Vector memory, in groups."""
    tables: int = 1
    """Look-up tables that the lanes hold."""
    constant_depth: int = 2048
    """Constant memory, in groups."""
    input_depth: int = 64
    """Input memory (embedding rows or one row from the host), in groups, wherever it lies."""
    sums: bool = False
    """Whether the registers of squares take sums of words too, and scalars have a sign."""

    def validate(self) -> None:
        self.require(is_power_of_two(self.lanes) and self.lanes <= MOST_LANES, "lanes",
                     f"a power of two of at most {MOST_LANES}")
        self.require(self.interval <= 2, "interval", "1 or 2")
        self.require(12 <= self.word_bits <= 18, "word_bits", "between 12 and 18")
        self.require(self.tables <= 4, "tables", "at most 4")

    @property
    def shape(self) -> str:
        return f"{self.lanes} vector lanes"

    @property
    def group_bits(self) -> int:
        """Bits of a group."""
        return self.lanes * self.word_bits

    @property
    def address_bits(self) -> int:
        """Width of a vector memory address in an instruction."""
        return max(1, ceil(log2(self.depth)))

    @property
    def word_limit(self) -> int:
        """Largest magnitude of a word; saturation is symmetric."""
        return (1 << (self.word_bits - 1)) - 1

    @property
    def scalar_groups(self) -> int:
        """Constant groups that a scalar takes: its mantissa and its exponent are words."""
        return 1 if self.lanes > 1 else 2

    @property
    def constant_bytes(self) -> int:
        """Bytes of a group of constants in a memory outside."""
        return ceil(self.group_bits / 8)

    def fields(self, machine: Machine) -> Fields:
        """Fields of VECTOR, a vector operation over ``length`` groups.

        An address is ``base + inner + (outer if its layer bit is set)``, modulo the memory, with
        the offsets of the loops that it is in.
        """
        address = self.address_bits
        return (
            ("length", LENGTH_BITS),
            ("a_source", 2), ("a_address", address), ("a_layer", 1),
            ("b_address", address), ("b_layer", 1),
            ("multiplier", 3), ("add_b", 1),
            ("shift", 4),                      # in steps of 4; ignored for scalar multipliers
            ("scalar", 4), ("table", 2),
            ("write", 1), ("result_address", address), ("result_layer", 1),
            ("codes", 1),                      # the result, clamped to a code, goes to the engine
            ("absmax", 1), ("absmax_register", 2),
            ("squares", 1), ("squares_register", 1),
            *((("sum", 1),) if self.sums else ()),  # words enter that register, not their squares
            ("wait", 2),
            *((("rank", 1),) if ranks_words(machine) else ()),  # the result goes to the head
            # previous: in a chained data path, a comes from the data path before; state: the
            # result goes to the next data path, if that is chained.
            *((("previous", 1), ("state", 1)) if machine.streams > 1 else ()),
            # send: the result goes to a unit; partner: which one that is, or whose words are a.
            *((("send", 1),) if machine.partners else ()),
            *((("partner", (len(machine.partners) - 1).bit_length()),)
              if len(machine.partners) > 1 else ()),
        )

    def area_terms(self, machine: Machine) -> AreaTerms:
        group, streams, paths = self.group_bits, machine.streams, machine.paths
        return {
            "core.vector": (paths, paths * group, paths * vector_registers(machine) * group),
            "core.splitter": (0, 0, streams * group),
            "core.constants": (1, group),
            "core.inputs": (0, 0) if machine.row_memory.outside else (paths, paths * group),
            FORKS: (0, paths * group if paths > 1 else 0),
            OTHER: (0, group, 0),
        }

    def instructions(self, machine: Machine) -> tuple[Instruction, ...]:
        return (Instruction("VECTOR", self.fields(machine),
                            "a vector operation over ``length`` groups",
                            port=PORT, addresses=("a", "b", "result")),)

    def traces(self, machine: Machine) -> tuple[TracePort, ...]:
        """Every group of results."""
        del machine
        return (TracePort("vector", ((self.word_bits, True),) * self.lanes, "vector groups"),)

    def memories(self, machine: Machine) -> tuple[MemorySpec, ...]:
        del machine
        return (
            MemorySpec("constants", self.group_bits, self.constant_depth),
            # Word ``table * TABLE_SEGMENTS + segment``: base in the low half, slope above.
            MemorySpec("tables", 2 * self.word_bits, self.tables * TABLE_SEGMENTS),
            MemorySpec("input", self.group_bits, self.input_depth, input=True, lanes=self.lanes),
        )

    def states(self, machine: Machine) -> tuple[MemorySpec, ...]:
        del machine
        return (MemorySpec(VECTORS, self.group_bits, self.depth, lanes=self.lanes),)


def vector_registers(machine: Machine) -> int:
    """Stages that the pipeline has only for the way between its memories.

    An engine of tables takes the block RAMs of a whole part, so that those of the vector unit lie
    far from each other.
    """
    return FAR_REGISTERS if machine.ternary.has_tables else 0


def code_registers(machine: Machine) -> int:
    """Clocks that codes take through their queue at least: none where the way to the engine is
    short, but for a machine that is to be small."""
    return int(machine.compact or vector_registers(machine) > 0)


def vector_latency(machine: Machine) -> int:
    """Clocks from the issue of a group to the first issue that may read its result."""
    return VECTOR_CLOCKS + vector_registers(machine)


def absmax_latency(machine: Machine) -> int:
    """Clocks from the issue of a group until it is in its absmax register."""
    return ABSMAX_CLOCKS + vector_registers(machine) + int(log2(machine.vector.lanes))


def squares_latency(machine: Machine) -> int:
    """Clocks from the issue of a group until it is in its sum of squares."""
    return SQUARES_CLOCKS + vector_registers(machine) + int(log2(machine.vector.lanes))
