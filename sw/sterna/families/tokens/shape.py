"""The accelerator that the options of a command ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sterna.compiler.fit import Embedding, fit_machine
from sterna.errors import InputError
from sterna.families.common import Snapshots
from sterna.families.tokens.options import (
    EMBEDDINGS,
    ChipSize,
    Config,
    Lanes,
    OutsideMemory,
    Streams,
)
from sterna.law.planes import full, reach, signed_bits
from sterna.machine.additions import with_generation, with_snapshots
from sterna.machine.file import read_machine
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.machine.row_memory import RowsBesideWeights
from sterna.machine.units.ternary import MOST_BLOCK_GROUPS
from sterna.suggest import did_you_mean

if TYPE_CHECKING:
    from sterna_sim.memory.presets import MemoryPreset
    from sterna_sim.memory.sdram_presets import SdramPreset

    from sterna.program.definition import Program

DEFAULT_PRESET = "standard"
_HEAD_COLUMNS = 64


def check_embedding(name: str) -> Embedding:
    """The same word. Raises `InputError` for one that is no place of embedding rows."""
    if name not in EMBEDDINGS:
        raise InputError(f"embedding is {name!r}; it must be {', '.join(EMBEDDINGS)}")
    return cast("Embedding", name)


def place_of(lanes: Lanes) -> Embedding:
    """The checked choice; a board that makes texts by itself has the rows.

    Raises `InputError` for another word, and for rows of the host on such a board.
    """
    place = check_embedding(lanes.embedding)
    if lanes.generate and place == "host":
        raise InputError("generate: the board makes texts of rows that it has; leave --embedding "
                         "host out")
    return "chip" if lanes.generate and place == "auto" else place


def _head_words(base: Machine, lanes: Lanes) -> int:
    """As many, of up to eight, as an engine of these lanes gives in a clock for 64 columns."""
    rows, columns = lanes.rows or base.ternary.rows, lanes.columns or base.ternary.columns
    words = min(rows * columns // _HEAD_COLUMNS, lanes.vector_lanes or base.vector.lanes, 8)
    return 1 << max(1, words).bit_length() - 1


def with_shape(base: Machine, lanes: Lanes, streams: Streams) -> Machine:
    """A shape with what is given of another; what is given as it is changes nothing.

    Raises `InputError` for values that do not fit.
    """
    if streams.texts is not None and streams.streams is not None:
        raise InputError("--streams gives each token stream an engine of its own, --texts one to "
                         "all; give one of them")
    together = streams.texts if streams.streams is None else streams.streams
    given = {"rows": lanes.rows, "columns": lanes.columns, "vector_lanes": lanes.vector_lanes,
             "lane": lanes.lane, "streams": together,
             "shared": None if together is None else streams.texts is not None and together > 1}
    chosen: dict[str, object] = {name: value for name, value in given.items()
                                 if value not in (None, base.value(name))}
    if "lane" in chosen:
        # Wide blocks with tables, since every column tile has its tables written; where texts take
        # turns the engine waits for little else.
        shared = bool(chosen.get("shared", base.shared))
        chosen["block_groups"] = (8 if lanes.lane == "adders" else
                                  MOST_BLOCK_GROUPS.get(lanes.lane or "", 16) if shared else 16)
    if {"rows", "columns", "vector_lanes"} & chosen.keys():
        chosen["head_words"] = _head_words(base, lanes)
    columns = chosen.get("columns", 0)
    if isinstance(columns, int) and columns > 0:
        depth = -(-base.ternary.code_depth // columns) * columns
        chosen["code_depth"] = depth
        bits = signed_bits(reach(full(depth)))
        chosen["accumulator_bits"] = max(base.ternary.accumulator_bits, bits)
    shape = base.having(**chosen)
    return with_generation(shape) if lanes.generate else shape


@dataclass(frozen=True)
class TokenShape(Snapshots, ChipSize, OutsideMemory, Streams, Lanes, Config):
    """The options; `base` and `fitted` make machines of them."""

    @property
    def outside(self) -> MemoryPreset | SdramPreset | None:
        """The chosen memory outside. Raises `InputError` when there is none of that name."""
        if self.memory is None:
            return None
        from sterna_sim.memory.presets import find_memory

        return find_memory(self.memory)

    @property
    def place(self) -> Embedding:
        """The checked choice of the embedding. Raises `InputError` for another word."""
        return place_of(self)

    def base(self) -> Machine:
        """The preset with the given shape. Raises `InputError` for values that do not fit."""
        shape = with_shape(self._start(), self, self)
        if self.place == "memory" and shape.memory.outside:
            shape = shape.having(row_memory=RowsBesideWeights())
        return with_snapshots(shape) if self.snapshots else shape

    def _start(self) -> Machine:
        memory = self.outside
        if memory is None:
            return read_configuration(self.config or DEFAULT_PRESET)
        if self.config is not None:
            raise InputError("--memory and --config both name a shape; give one of them")
        return memory.machine()

    def fitted(self, program: Program) -> Machine:
        """The shape with the depths that a program needs, objects placed if a chip is given."""
        if self.chip_mbit is not None:
            return self.placed(program)[0]
        return fit_machine(program, self.base(), self.place)

    def placed(self, program: Program) -> tuple[Machine, Embedding]:
        """The shape with every object placed on the chip or outside, and the embedding's place.

        Without ``chip_mbit`` the chip is that of the memory's board. Raises `InputError` when there
        is no memory outside, or too little on the chip.
        """
        from sterna.compiler.placement import place

        memory = self.outside
        if memory is None:
            raise InputError("chip-mbit: says what stays beside a memory outside; give --memory")
        mbit = memory.chip_mbit if self.chip_mbit is None else self.chip_mbit
        if not 0 < mbit < float("inf"):
            raise InputError(f"chip-mbit is {mbit}; it must be above 0 and finite")
        return place(program, self.base(), int(mbit * 1e6), memory.gb_s * 1e9 / memory.clock_hz,
                     self.place)


def read_configuration(name: str) -> Machine:
    """A preset by its name, or the machine in a file. Raises `InputError` for neither."""
    if name in PRESETS:
        return PRESETS[name]
    return read_machine(name, f"no such preset or file; there are {', '.join(PRESETS)}"
                        f"{did_you_mean(name, PRESETS)}",
                        "ternary", "a spiking network's accelerator")
