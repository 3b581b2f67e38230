"""The ternary engine: rows by columns of trits times codes, a clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from math import ceil, log2
from typing import TYPE_CHECKING, Literal, get_args

from sterna.law.arithmetic import CODE_LIMIT, MAX_DELIVERY_SHIFT, SHIFT_STEP
from sterna.law.planes import full, plane_limit, reach, signed_bits
from sterna.machine.texts import AREA, AREA_FACTORS, texts_terms
from sterna.machine.unit import (
    FORKS,
    AreaTerms,
    Counter,
    Fields,
    Instruction,
    MemorySpec,
    TracePort,
    Unit,
    is_power_of_two,
    one_of,
)

if TYPE_CHECKING:
    from sterna.machine.machine import Machine

TRITS_PER_BYTE = 5
COUNT_BITS = 16
CODE_BANKS = 2
"""Code vectors that may wait for their matrices at a time."""
MATMUL_QUEUE = 8
"""MATMUL instructions that may wait for the engine."""
COMMANDS_AHEAD = 32
"""Commands that the data path of a token stream may be behind that of another one."""
MOST_BLOCK_GROUPS = {"adders": 16, "tables": 128, "twin_tables": 16}
"""By kind of lane. Of one set of tables no slot of an accumulator comes back before they are
written: it may be a block RAM's."""
TABLE_CLOCKS = 14
"""From the codes of a tile to the first weight word that is looked up in its tables."""
MOST_SIDE, MOST_LANES, MOST_CODES = 1 << 14, 1 << 18, 1 << 20
"""Rows or columns, lanes, and codes of a matrix: more than the largest FPGA has room for."""
MOST_ACCUMULATOR_BITS = 32
MOST_PLANES = 8
DELIVERY_BITS = (MAX_DELIVERY_SHIFT // SHIFT_STEP).bit_length()
"""Of the shift of delivered sums, in steps."""
DELIVERY_CLOCKS = 2
"""Clocks that shifting the sums takes, where there are planes."""

Lane = Literal["adders", "tables", "twin_tables"]
"""What the lanes are made of: trees of adders, or tables of the sums of three codes; of two sets of
tables one is written while the other one is read."""
LANES: tuple[str, ...] = get_args(Lane)


class Destination(IntEnum):
    """Where the accumulators of a matrix command go."""

    VECTOR = 0
    HEAD = 1


@dataclass(frozen=True, kw_only=True)
class Ternary(Unit):
    """``rows * columns`` weights a clock (its lanes)."""

    name = "ternary"
    per_stream = True
    later = frozenset({"planes"})

    rows: int = 8
    """Weight rows accumulated in parallel; a multiple of the vector unit's lanes."""
    columns: int = 32
    """Codes consumed in parallel: with adders a power of two of at least the vector unit's lanes,
    with tables a multiple of three times those."""
    lane: Lane = "adders"
    """Adders take any order of work; tables are smaller, but must be written for each tile. Two
    sets, in the place of one where memory cells hold 32 words (Xilinx), hide that."""
    accumulator_bits: int = 20
    """Width of an accumulator, signed; it must hold `reach` of ``code_depth`` columns."""
    block_groups: int = 8
    """Most row groups that one accumulation block may interleave (depth of an accumulator)."""
    code_depth: int = 512
    """Most codes of one matrix (its columns, padded); there are `CODE_BANKS` such banks."""
    weight_depth: int = 8192
    """Weight words of a token, of ``lanes`` trits each, wherever they are kept."""
    planes: int = 1
    """Most ternary planes of a matrix. Of more than one, a plane is a pass over its tile whose sums
    count 1, 3, 9 … times, and sums are shifted before they are delivered."""

    def validate(self) -> None:
        self.require(self.lane in LANES, "lane", one_of(LANES))
        self.require(self.rows <= MOST_SIDE, "rows", f"at most {MOST_SIDE}")
        self.require(self.columns <= MOST_SIDE, "columns", f"at most {MOST_SIDE}")
        self.require(self.lanes <= MOST_LANES, "rows", f"at most {MOST_LANES // self.columns} "
                     f"beside {self.columns} columns")
        self.require(self.code_depth <= MOST_CODES, "code_depth", f"at most {MOST_CODES}")
        if self.lane == "adders":
            self.require(is_power_of_two(self.columns) and self.columns >= 2, "columns",
                         "a power of two and at least 2 with adders")
        # From plane to plane of a tile nothing is written, and slots come back at once.
        most = MOST_BLOCK_GROUPS[self.lane if self.planes == 1 else "adders"]
        self.require(self.block_groups <= most, "block_groups",
                     f"at most {most}{' with planes' if self.planes > 1 else ''}")
        self.require(self.accumulator_bits <= MOST_ACCUMULATOR_BITS, "accumulator_bits",
                     f"at most {MOST_ACCUMULATOR_BITS}")
        self.require(self.planes <= MOST_PLANES, "planes", f"at most {MOST_PLANES}")
        largest, weight = reach(full(self.code_depth, self.planes)), plane_limit(self.planes)
        limit = f"{CODE_LIMIT} * {weight}" if weight > 1 else f"{CODE_LIMIT}"
        self.require(signed_bits(largest) <= self.accumulator_bits, "accumulator_bits",
                     f"wide enough for {limit} * code_depth = {largest}")
        self.require(self.code_depth % self.columns == 0, "code_depth", "a multiple of columns")

    def check(self, machine: Machine) -> None:
        lanes = machine.vector.lanes
        self.require(self.rows % lanes == 0, "rows", f"a multiple of vector_lanes, {lanes}")
        if self.has_tables:
            self.require(self.columns % (3 * lanes) == 0, "columns",
                         f"a multiple of 3 * vector_lanes = {3 * lanes} with tables")
        else:
            self.require(self.columns >= lanes, "columns",
                         f"at least vector_lanes = {lanes} with adders")

    @property
    def tables_a_cell(self) -> int:
        return 2 if self.lane == "twin_tables" else 1

    @property
    def weights_a_clock(self) -> int:
        return self.lanes

    @property
    def has_tables(self) -> bool:
        """Whether lanes look sums up in tables."""
        return self.lane != "adders"

    @property
    def lanes(self) -> int:
        """Ternary weights accepted in one clock."""
        return self.rows * self.columns

    @property
    def weight_bytes(self) -> int:
        """Bytes of a weight word as lanes take it: five trits a byte, or three in five bits with
        tables."""
        if self.has_tables:
            return ceil(5 * self.lanes / 24)
        return ceil(self.lanes / TRITS_PER_BYTE)

    def is_dense(self, machine: Machine) -> bool:
        """Whether a machine keeps its words as `sterna.machine.dense_triples` has them."""
        return self.has_tables and machine.memory.outside

    @property
    def tiles(self) -> int:
        """Most column tiles of a matrix."""
        return self.code_depth // self.columns

    @property
    def result_depth(self) -> int:
        """Row groups that the engine's result queue holds, at least one block that is not long."""
        if self.has_tables:
            return 16  # the depth of a look-up table memory
        return max(2 * self.block_groups, ceil(log2(self.columns)) + 6)

    @property
    def deep_accumulators(self) -> bool:
        """Whether accumulators are too deep for look-up table memories, and so in block RAM."""
        return self.lane == "tables" and self.block_groups > MOST_BLOCK_GROUPS["adders"]

    @property
    def tile_clocks(self) -> int:
        """Clocks without a weight word when the engine goes on to another column tile."""
        return TABLE_CLOCKS if self.lane == "tables" else 0

    @property
    def least_tile_clocks(self) -> int:
        """Fewest clocks from one column tile to the next one."""
        return TABLE_CLOCKS if self.lane == "twin_tables" else 0

    @property
    def weighting_clocks(self) -> int:
        """Clocks in which the sums of a plane are multiplied by a power of three, none without."""
        return 2 + (self.planes - 1) // 2 if self.planes > 1 else 0

    @property
    def delivery_clocks(self) -> int:
        """Clocks in which accumulators are shifted on their way out, none without planes."""
        return DELIVERY_CLOCKS if self.planes > 1 else 0

    def fields(self, machine: Machine) -> Fields:
        """Fields of MATMUL.

        Weights are consumed in the order: for each of ``blocks`` blocks, for each of ``tiles``
        column tiles, for each of ``planes`` planes, the least significant first, for each of
        ``groups`` row groups of the block, one weight word (``rows`` x ``columns`` trits, trit
        ``row * columns + column``). After the last tile the block's row groups leave in order,
        shifted right by ``shift`` steps. ``release`` frees the code bank after the command: the
        next command uses the next codes.
        """
        del machine
        several = ((("planes", self.planes.bit_length()), ("shift", DELIVERY_BITS))
                   if self.planes > 1 else ())
        return (("groups", self.block_groups.bit_length()), ("blocks", COUNT_BITS),
                ("tiles", self.tiles.bit_length()), ("release", 1), ("destination", 1), *several)

    def area_terms(self, machine: Machine) -> AreaTerms:
        engine = (self.lanes, self.rows, self.columns)
        # Each lane of tables has a look-up and a node of an adder tree; other parts are small.
        adders, tables = (engine, 0) if self.lane == "adders" else ((0, 0, 0), self.lanes)
        # Of several planes each row multiplies by powers of three, and shifts what it delivers.
        weighted = (self.rows, self.rows * (self.planes - 1)) if self.planes > 1 else (0, 0)
        streams, paths = machine.streams, machine.paths
        forks = paths if paths > 1 else 0
        texts = {AREA: texts_terms(machine)} if machine.shared else {}
        return texts | {
            "core.engine": tuple(paths * term for term in (1, *adders, tables, *weighted)),
            "core.splitter": (streams, streams * self.rows, 0),
            "core.weights": tuple(map(sum, zip(
                machine.memory.area_terms(machine), machine.row_memory.area_terms(machine),
                strict=True))),
            "core.triples": (self.is_dense(machine) * machine.weight_bytes,),
            FORKS: (forks, forks * 8 * self.weight_bytes),
        }

    def area_factors(self) -> Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]:
        return {AREA: AREA_FACTORS}

    def instructions(self, machine: Machine) -> tuple[Instruction, ...]:
        return (Instruction("MATMUL", self.fields(machine),
                            "dispatch a matrix command to the ternary engine's queue",
                            port="matmuls", queue=MATMUL_QUEUE),)

    @property
    def shape(self) -> str:
        return f"{self.rows} rows of {self.columns} columns"

    def weights(self, machine: Machine) -> tuple[MemorySpec, ...]:
        return (MemorySpec("weights", 8 * machine.weight_bytes, machine.weight_words),)

    @property
    def lane_rows(self) -> int:
        return self.rows

    def traces(self, machine: Machine) -> tuple[TracePort, ...]:
        """Every row group that leaves the engine, exact."""
        del machine
        return (TracePort("accumulators", ((self.accumulator_bits, True),) * self.rows,
                          "row groups of accumulators"),)

    def counters(self, machine: Machine) -> tuple[Counter, ...]:
        del machine
        return Counter("busy"), Counter("waiting_weights"), Counter("waiting_codes")


def result_room(machine: Machine) -> int:
    """Row groups that a result queue holds; a block of a text begins with room for all of its."""
    ternary = machine.ternary
    return max(ternary.result_depth, ternary.block_groups) if machine.shared else (
        ternary.result_depth)


def groups_per_row_group(machine: Machine) -> int:
    """Vector groups in the results of one row group."""
    return machine.ternary.rows // machine.vector.lanes


def groups_per_tile(machine: Machine) -> int:
    """Code groups in one column tile."""
    return machine.ternary.columns // machine.vector.lanes
