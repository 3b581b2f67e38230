"""Options that say which hardware is meant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from sterna.errors import InputError
from sterna.law.planes import full, reach, signed_bits
from sterna.machine.configuration import LANES, PRESETS, HardwareConfiguration

if TYPE_CHECKING:
    from sterna_sim.memory.presets import MemoryPreset
    from sterna_sim.memory.sdram_presets import SdramPreset

    from sterna.compiler.fit import Embedding
    from sterna.program.definition import Program

DEFAULT_PRESET = "standard"
DEFAULT_MEMORY = "ddr4x4-77"
EMBEDDINGS = ("auto", "host", "chip")

CONFIGURATION = typer.Option(
    None, "--config", metavar="PRESET|FILE",
    help=f"Shape to start from: {', '.join(PRESETS)}, or the configuration.json of a build.",
)
ROWS = typer.Option(None, "--rows", help="Weight rows accumulated in parallel.")
COLUMNS = typer.Option(None, "--columns", help="Activation codes consumed in parallel.")
VECTOR_LANES = typer.Option(None, "--vector-lanes", help="Elements of a vector group.")
LANE = typer.Option(None, "--lane", help=f"What a lane is made of: {' or '.join(LANES)}.")
EMBEDDING = typer.Option(
    "auto", "--embedding", help="Where embedding rows are kept: auto, host or chip."
)
MEMORY = typer.Option(
    None, "--memory", metavar="NAME",
    help="Weights in a memory outside, with the accelerator for it: ddr4x4-77, kv260-16, "
         "ddr3-1.6, hbm-460, sdram-ulx3s, sdram-i9 or sdram-tang20k.",
)
CHIP_MBIT = typer.Option(
    None, "--chip-mbit", metavar="MBIT",
    help="With --memory: how much the chip holds; objects are placed by size, the rest outside.",
)
STREAMS = typer.Option(
    None, "--streams", help="Token streams that share every fetched weight, up to 16."
)
TIMEOUT = typer.Option(
    None, "--timeout", metavar="SECONDS", min=0.001,
    help="How long a board may be silent while it owes an answer.",
)
SHAPE = typer.Option(
    None, "--shape", metavar="SIZE",
    help="Instead of MODEL: a random checkpoint of a released size, 370m, 1.3b or 2.7b.",
)


@dataclass(frozen=True)
class ShapeOptions:
    """The options of a command; `base` and `fitted` make configurations of them."""

    config: str | None
    rows: int | None
    columns: int | None
    vector_lanes: int | None
    embedding_name: str = "auto"
    lane: str | None = None
    memory_name: str | None = None
    streams: int | None = None
    chip_mbit: float | None = None

    @property
    def memory(self) -> MemoryPreset | SdramPreset | None:
        """The chosen memory outside. Raises `InputError` when there is none of that name."""
        if self.memory_name is None:
            return None
        from sterna_sim.memory.presets import find_memory

        return find_memory(self.memory_name)

    @property
    def embedding(self) -> Embedding:
        """The checked choice of the embedding. Raises `InputError` for another word."""
        return check_embedding(self.embedding_name)

    def base(self) -> HardwareConfiguration:
        """The preset with the given shape. Raises `InputError` for values that do not fit."""
        preset = self._start()
        given = {
            "rows": self.rows, "columns": self.columns, "vector_lanes": self.vector_lanes,
            "lane": self.lane, "streams": self.streams,
        }
        chosen = {key: value for key, value in given.items() if value is not None}
        if self.lane == "tables":
            chosen["block_groups"] = 16  # wide blocks, since every tile has its tables written
        if "columns" in chosen and chosen["columns"] > 0:
            depth = -(-preset.code_depth // chosen["columns"]) * chosen["columns"]
            chosen["code_depth"] = depth
            bits = signed_bits(reach(full(depth)))
            chosen["accumulator_bits"] = max(preset.accumulator_bits, bits)
        return replace(preset, **chosen)

    def _start(self) -> HardwareConfiguration:
        memory = self.memory
        if memory is None:
            return _configuration(self.config or DEFAULT_PRESET)
        if self.config is not None:
            raise InputError("--memory and --config both name a shape; give one of them")
        return memory.configuration()

    def fitted(self, program: Program) -> HardwareConfiguration:
        """The shape with the depths that a program needs, objects placed if a chip is given."""
        from sterna.compiler.fit import fit_configuration

        if self.chip_mbit is not None:
            return self.placed(program)[0]
        return fit_configuration(program, self.base(), self.embedding)

    def placed(self, program: Program) -> tuple[HardwareConfiguration, Embedding]:
        """The shape with every object placed on the chip or outside, and the embedding's place.

        Without ``chip_mbit`` the chip is that of the memory's board. Raises `InputError` when there
        is no memory outside, or too little on the chip.
        """
        from sterna.compiler.placement import place

        memory = self.memory
        if memory is None:
            raise InputError("chip-mbit: says what stays beside a memory outside; give --memory")
        mbit = memory.chip_mbit if self.chip_mbit is None else self.chip_mbit
        if not 0 < mbit < float("inf"):
            raise InputError(f"chip-mbit is {mbit}; it must be above 0 and finite")
        return place(program, self.base(), int(mbit * 1e6), memory.gb_s * 1e9 / memory.clock_hz,
                     self.embedding)


def check_embedding(name: str) -> Embedding:
    """The same word. Raises `InputError` for one that `EMBEDDING` does not know."""
    if name not in EMBEDDINGS:
        raise InputError(f"embedding is {name!r}; it must be {', '.join(EMBEDDINGS)}")
    return cast("Embedding", name)


def default_memory(size: str | None, config: str | None) -> str | None:
    """A released size does not fit on a chip: its weights lie outside unless a shape is given."""
    return DEFAULT_MEMORY if size is not None and config is None else None


def _configuration(name: str) -> HardwareConfiguration:
    """A preset by its name, or the configuration in a file."""
    if name in PRESETS:
        return PRESETS[name]
    try:
        return HardwareConfiguration.from_json(Path(name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise InputError(
            f"config {name!r}: no such preset or file; there are {', '.join(PRESETS)}") from None
