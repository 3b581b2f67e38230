"""`sterna estimate`: what a model takes of a board, and how fast it runs there."""

from __future__ import annotations

from dataclasses import asdict
from json import loads
from typing import TYPE_CHECKING

import typer

from sterna.cli.board_options import (
    CLOCK_MHZ,
    ESTIMATE_BOARD,
    LANES,
    WEIGHTS,
    BoardOptions,
    check_weights,
)
from sterna.cli.device_options import (
    CHIP_MBIT,
    COLUMNS,
    EMBEDDING,
    LANE,
    MEMORY,
    ROWS,
    SHAPE,
    STREAMS,
    VECTOR_LANES,
    ShapeOptions,
    default_memory,
)
from sterna.cli.model_argument import MODEL_HELP, opened_shape
from sterna.cli.plan import estimate_memory, plan_rows
from sterna.cli.spiking_options import CODE_BITS, NEURON_LANES, SpikingOptions
from sterna.cli.terminal import print_json, print_table
from sterna.errors import InputError

if TYPE_CHECKING:
    from sterna_boards.board import Board
    from sterna_boards.estimate.model import Estimate
    from sterna_boards.estimate.on_chip import OnChipMemory

    from sterna.compiler.placement import PlacedObject


def estimate(
    model: str | None = typer.Argument(None, metavar="[MODEL]", help=MODEL_HELP),
    size: str | None = SHAPE,
    board: str | None = ESTIMATE_BOARD,
    memory: str | None = MEMORY,
    chip_mbit: float | None = CHIP_MBIT,
    rows: int | None = ROWS,
    columns: int | None = COLUMNS,
    vector_lanes: int | None = VECTOR_LANES,
    lane: str | None = LANE,
    lanes: str | None = LANES,
    clock_mhz: float | None = CLOCK_MHZ,
    embedding: str = EMBEDDING,
    weights: str = WEIGHTS,
    json: bool = typer.Option(False, "--json", help="One JSON object."),
    neuron_lanes: int | None = NEURON_LANES,
    code_bits: int | None = CODE_BITS,
    streams: int | None = STREAMS,
) -> None:
    """Say, without synthesis, whether a model fits a board, where things go, and how fast it is."""
    from sterna_boards.estimate.model import estimate as estimate_board

    from sterna.cli.board_spiking import estimate_spiking
    from sterna.cli.spiking import open_spiking
    from sterna.compiler.placement import placed_objects
    from sterna.families.matmul_free.lowering import lower

    if board is None:
        if lanes is not None or clock_mhz is not None:
            raise InputError("--lanes and --clock-mhz choose for a board; give --board")
        shape = ShapeOptions(None, rows, columns, vector_lanes, embedding, lane,
                             memory or default_memory(size, None), streams, chip_mbit)
        if shape.memory is None:
            raise InputError("give a --board or a --memory")
        opened = opened_shape(model, size)
        estimate_memory(lower(opened.model, name=opened.name), shape, json)
        return
    if memory is not None or chip_mbit is not None:
        raise InputError("--memory and --chip-mbit say what --board knows; give one of them")
    options = BoardOptions(board, rows, columns, vector_lanes, lanes, clock_mhz, embedding,
                           lane, check_weights(weights), streams)
    if model is not None and (spiking := open_spiking(model)) is not None:
        estimate_spiking(spiking, options, SpikingOptions(None, neuron_lanes, code_bits), json)
        return
    chosen = options.board()
    opened = opened_shape(model, size)
    program = lower(opened.model, name=opened.name)
    configuration = options.configuration(program)
    found = estimate_board(
        chosen, program, configuration, options.embedding, options.clock_hz
    )
    objects = placed_objects(program, found.configuration, found.embedding)
    if json:
        print_json(loads(found.to_json()) | {"objects": [asdict(entry) for entry in objects]})
    else:
        print_table(_table(chosen, found, objects))


def _table(board: Board, found: Estimate,
           objects: list[PlacedObject]) -> list[tuple[str, object]]:
    configuration, there, speed = found.configuration, board.capacity, found.speed
    rows: list[tuple[str, object]] = [
        ("model", found.model),
        ("board", f"{board.title}, {board.device}"),
        ("fits", "yes" if found.fits else f"no: {'; '.join(found.short)}"),
        ("clock", f"{found.clock_mhz:g} MHz wanted" + (
            "" if found.expected_mhz is None else f", {found.expected_mhz:.0f} MHz expected")),
        ("lanes", f"{found.lanes}: {configuration.rows} rows of {configuration.columns} columns, "
                  f"{configuration.vector_lanes} vector lanes"),
        ("look-up tables", f"{found.luts} of {there.luts}, {found.luts_per_lane:.1f} a lane"),
        ("flip-flops", found.ffs),
        ("block RAMs", f"{found.block_rams} of {there.block_rams}"),
        ("DSPs", f"{found.dsps} of {there.dsps}"),
        *plan_rows(objects),
    ]
    rows += [
        (f"  {memory.name}", f"{memory.used} of {memory.depth} words of {memory.bits} bits"
                             + (f", {memory.copies} copies" if memory.copies > 1 else "")
                             + f", {_rams(memory)}")
        for memory in found.memories
    ]
    return [
        *rows,
        ("cycles per token", f"{speed.cycles_per_token:.0f}"),
        ("tokens per second", f"{speed.tokens_per_second:.1f} at {found.clock_mhz:g} MHz"),
        ("over the link", f"{speed.tokens_per_second_over_link:.1f} tokens per second: "
                          f"{speed.link_bytes_per_token} bytes a token at {configuration.baud} "
                          "bit/s"),
    ]


def _rams(memory: OnChipMemory) -> str:
    if memory.single_port_rams:
        return f"{memory.single_port_rams} single-port RAMs"
    return f"{memory.block_rams} block RAMs"
