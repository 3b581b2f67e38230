"""`sterna build`: a bitstream that meets timing, with everything the driver needs."""

from __future__ import annotations

from json import dumps, loads
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sterna.cli.board_options import (
    BAUD,
    BOARD,
    CLOCK_MHZ,
    LANES,
    SEEDS,
    WEIGHTS,
    BoardOptions,
    check_weights,
    placements,
)
from sterna.cli.device_options import COLUMNS, EMBEDDING, LANE, ROWS, STREAMS, VECTOR_LANES
from sterna.cli.model_argument import MODEL_HELP, open_model, sources_of
from sterna.cli.spiking_options import CODE_BITS, NEURON_LANES, SpikingOptions
from sterna.cli.terminal import ProgressReport, print_table
from sterna.errors import InputError
from sterna.host.run_command import run_command

if TYPE_CHECKING:
    from sterna_boards.board import Board
    from sterna_boards.model_build import ModelBuild

_FOLDER = Path("build")


def build(
    model: str = typer.Argument(..., metavar="MODEL", help=MODEL_HELP),
    board: str = BOARD,
    output: Path | None = typer.Option(
        None, "-o", "--output", metavar="DIR", help="Folder to write; build/NAME if not given."
    ),
    rows: int | None = ROWS,
    columns: int | None = COLUMNS,
    vector_lanes: int | None = VECTOR_LANES,
    lane: str | None = LANE,
    lanes: str | None = LANES,
    clock_mhz: float | None = CLOCK_MHZ,
    seeds: int | None = SEEDS,
    embedding: str = EMBEDDING,
    weights: str = WEIGHTS,
    program: bool = typer.Option(False, "--program", help="Load the bitstream into the board."),
    flash: bool = typer.Option(
        False, "--flash", help="With --program: write it into the flash, over what is there."),
    json: bool = typer.Option(False, "--json", help="One JSON object."),
    neuron_lanes: int | None = NEURON_LANES,
    code_bits: int | None = CODE_BITS,
    streams: int | None = STREAMS,
    baud: int | None = BAUD,
) -> None:
    """Build a bitstream for a board; what was built before is kept.

    The last line is the command that runs the model on the board.

    Ends with 1 and names the slowest path when timing is not met; no folder is written then.
    """
    from sterna_boards.flows.open.build import check_timing
    from sterna_boards.flows.open.program import check_flash
    from sterna_boards.flows.open.program import program as load_bitstream
    from sterna_boards.model_build import FORMAT, IMAGE, build_model, write_build

    from sterna.cli.board_spiking import build_spiking
    from sterna.cli.spiking import open_spiking
    from sterna.families.matmul_free.lowering import lower
    from sterna.files.folder import check_target

    options = BoardOptions(board, rows, columns, vector_lanes, lanes, clock_mhz, embedding,
                           lane, check_weights(weights), streams, baud)
    attempts = placements(seeds)
    chosen = options.board()
    chosen.tools()  # before any work
    if flash and not program:
        raise InputError("--flash says where --program puts the bitstream; give both")
    if program:
        check_flash(chosen, flash)
    target, sources = output or _FOLDER / chosen.name, sources_of(model)
    check_target(target, FORMAT, sources)  # before the work, not only after it
    if (spiking := open_spiking(model)) is not None:
        bitstream = build_spiking(
            spiking, options, SpikingOptions(None, neuron_lanes, code_bits), attempts,
            weights == "baked", target, sources, json)
    else:
        opened = open_model(model)
        lowered = lower(opened.model, name=opened.name)
        configuration = options.configuration(lowered)
        with ProgressReport() as report:
            built = build_model(chosen, lowered, configuration, options.embedding,
                                options.clock_hz, progress=report, baked=weights == "baked",
                                host=opened.host_side(),
                                **attempts)
        check_timing(built.report)
        bitstream = write_build(built, target, sources)
        if json:
            print(dumps({**loads(built.to_json()), "bitstream": str(bitstream)}))
        else:
            print_table(_table(chosen, built, bitstream))
    if program:
        typer.echo(load_bitstream(chosen, bitstream, flash), err=True)
    if not json:
        print(run_command(chosen.port_name, target / IMAGE))


def _table(board: Board, built: ModelBuild, bitstream: Path) -> list[tuple[str, object]]:
    report, speed, there = built.report, built.speed, board.capacity
    clocks = ", ".join(f"{clock:.1f}" for clock in report.seeds.values())
    return [
        ("board", f"{board.title}, {report.device}"),
        ("bitstream", bitstream),
        ("timing", f"met: {report.fmax_mhz:.1f} MHz of {report.clock_mhz:g} MHz wanted "
                   f"(seeds: {clocks})"),
        ("lanes", report.lanes),
        ("look-up tables", f"{report.luts} of {there.luts}, {report.luts_per_lane:.1f} a lane"),
        ("flip-flops", report.ffs),
        ("block RAMs", f"{report.block_rams} of {there.block_rams}"),
        ("DSPs", f"{report.dsps} of {there.dsps}"),
        ("memory image", f"{built.image_bytes} bytes, "
                         + ("in the bitstream" if built.baked else "for the driver to load")),
        *_sdram_rows(built),
        ("tokens per second", f"{speed.tokens_per_second:.1f}: {speed.cycles_per_token:.0f} "
                              "cycles a token"),
        ("over the link", f"{speed.tokens_per_second_over_link:.1f} tokens per second: "
                          f"{speed.link_bytes_per_token} bytes a token at "
                          f"{built.image.configuration.baud} bit/s"),
    ]


def _sdram_rows(built: ModelBuild) -> list[tuple[str, object]]:
    if built.sdram is None:
        return []
    size = built.sdram.weight_depth * built.sdram.weight_bytes
    return [("SDRAM", f"{built.sdram.sdram}, {size} bytes of weights a token")]
