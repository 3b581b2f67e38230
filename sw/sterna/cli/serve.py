"""`sterna serve`: a simulated board at a serial port, for drivers that have no board."""

from __future__ import annotations

import sys

import typer

from sterna.cli.device_options import (
    COLUMNS,
    CONFIGURATION,
    EMBEDDING,
    ROWS,
    STREAMS,
    VECTOR_LANES,
    ShapeOptions,
)
from sterna.cli.model_argument import MODEL_HELP, open_model
from sterna.cli.spiking_options import (
    CODE_BITS,
    NEURON_LANES,
    SPIKE_LANES,
    SpikingOptions,
    refuse_language_options,
)
from sterna.cli.terminal import ProgressReport


def serve(
    model: str = typer.Argument(..., metavar="MODEL", help=MODEL_HELP),
    config: str | None = CONFIGURATION,
    rows: int | None = ROWS,
    columns: int | None = COLUMNS,
    vector_lanes: int | None = VECTOR_LANES,
    embedding: str = EMBEDDING,
    streams: int | None = STREAMS,
    lanes: int | None = SPIKE_LANES,
    neuron_lanes: int | None = NEURON_LANES,
    code_bits: int | None = CODE_BITS,
) -> None:
    """Simulate a board with its UART at a serial port until Ctrl-C; prints its address.

    The board is shaped for the model and empty: `sterna run MODEL --device ADDRESS` loads it.
    """
    from sterna_sim.serial_board import SerialBoard

    from sterna.cli.spiking import open_spiking
    from sterna.families.matmul_free.lowering import lower
    from sterna.machine.encoding import Configuration

    configuration: Configuration
    options = SpikingOptions(lanes, neuron_lanes, code_bits, config)
    if (spiking := open_spiking(model)) is not None:
        refuse_language_options(rows=rows, columns=columns, vector_lanes=vector_lanes,
                                streams=streams)
        configuration = options.fitted(spiking.program)
    else:
        options.refuse()
        shape = ShapeOptions(config, rows, columns, vector_lanes, embedding, streams=streams)
        opened = open_model(model)
        configuration = shape.fitted(lower(opened.model, name=opened.name))
    with ProgressReport() as report:
        board = SerialBoard(configuration, progress=report)
    with board:
        print(board.address, flush=True)
        print("Ctrl-C ends the simulation", file=sys.stderr, flush=True)
        board.wait()
