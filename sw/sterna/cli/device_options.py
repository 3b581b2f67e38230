"""Options that say which hardware is meant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from sterna.errors import InputError
from sterna.program.configuration import LANES, PRESETS, HardwareConfiguration

if TYPE_CHECKING:
    from sterna.compiler.fit import Embedding
    from sterna.program.definition import Program

DEFAULT_PRESET = "standard"
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


@dataclass(frozen=True)
class ShapeOptions:
    """The options of a command; `base` and `fitted` make configurations of them."""

    config: str | None
    rows: int | None
    columns: int | None
    vector_lanes: int | None
    embedding_name: str = "auto"
    lane: str | None = None

    @property
    def embedding(self) -> Embedding:
        """The checked choice of the embedding. Raises `InputError` for another word."""
        if self.embedding_name not in EMBEDDINGS:
            raise InputError(
                f"embedding is {self.embedding_name!r}; it must be {', '.join(EMBEDDINGS)}"
            )
        return cast("Embedding", self.embedding_name)

    def base(self) -> HardwareConfiguration:
        """The preset with the given shape. Raises `InputError` for values that do not fit."""
        name = self.config or DEFAULT_PRESET
        preset = _configuration(name)
        given = {
            "rows": self.rows, "columns": self.columns, "vector_lanes": self.vector_lanes,
            "lane": self.lane,
        }
        chosen = {key: value for key, value in given.items() if value is not None}
        if self.lane == "tables":
            chosen["block_groups"] = 16  # wide blocks, since every tile has its tables written
        if "columns" in chosen and chosen["columns"] > 0:
            depth = -(-preset.code_depth // chosen["columns"]) * chosen["columns"]
            chosen["code_depth"] = depth
            bits = (127 * depth).bit_length() + 1
            chosen["accumulator_bits"] = max(preset.accumulator_bits, bits)
        return replace(preset, **chosen)

    def fitted(self, program: Program) -> HardwareConfiguration:
        """The shape with the depths that a program needs."""
        from sterna.compiler.fit import fit_configuration

        return fit_configuration(program, self.base(), self.embedding)


def _configuration(name: str) -> HardwareConfiguration:
    """A preset by its name, or the configuration in a file."""
    if name in PRESETS:
        return PRESETS[name]
    try:
        return HardwareConfiguration.from_json(Path(name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise InputError(
            f"config {name!r}: no such preset or file; there are {', '.join(PRESETS)}") from None
