"""`sterna rtl`: Verilog and everything that belongs to it, in one folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sterna.cli.board_options import BAUD, CLOCK_MHZ, BoardOptions
from sterna.cli.device_options import (
    COLUMNS,
    CONFIGURATION,
    EMBEDDING,
    LANE,
    ROWS,
    VECTOR_LANES,
    ShapeOptions,
)
from sterna.cli.model_argument import MODEL_HELP, open_model, sources_of
from sterna.cli.spiking_options import (
    CODE_BITS,
    NEURON_LANES,
    SPIKE_LANES,
    SpikingOptions,
    refuse_language_options,
)
from sterna.cli.terminal import ProgressReport
from sterna.errors import InputError
from sterna.files.manifest import Format
from sterna.host.run_command import DEFAULT_PORT, run_command
from sterna.host.transport import DEFAULT_BAUD
from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.rate import with_rate

if TYPE_CHECKING:
    from sterna.cli.spiking import OpenSpiking
    from sterna.machine.encoding import Configuration
    from sterna.machine.image import MemoryImage

VERILOG, IMAGE, CONFIG = "accelerator.v", "image.sterna", "configuration.json"
FORMAT = Format("set of Verilog files", 1, "write it again: sterna rtl")
DESCRIPTIONS = {
    VERILOG: "Verilog of the accelerator; ports: clk, rst, byte streams link_in and link_out",
    CONFIG: "configuration of the accelerator, as --config takes it",
    IMAGE: "memory image of the model, as sterna.machine.image reads it",
}


def rtl(
    model: str | None = typer.Argument(None, metavar="[MODEL]", help=MODEL_HELP),
    output: Path = typer.Option(..., "-o", "--output", metavar="DIR", help="Folder to write."),
    force: bool = typer.Option(False, "--force", help="Replace what an earlier run wrote there."),
    config: str | None = CONFIGURATION,
    rows: int | None = ROWS,
    columns: int | None = COLUMNS,
    vector_lanes: int | None = VECTOR_LANES,
    embedding: str = EMBEDDING,
    lane: str | None = LANE,
    board: str | None = typer.Option(
        None, "--board", metavar="NAME",
        help="Write the project of a board whose vendor's tool makes the bitstream.",
    ),
    clock_mhz: float | None = CLOCK_MHZ,
    lanes: int | None = SPIKE_LANES,
    neuron_lanes: int | None = NEURON_LANES,
    code_bits: int | None = CODE_BITS,
    baud: int | None = BAUD,
) -> None:
    """Write Verilog, configuration and, for a model, its memory image, with a manifest.

    The last line is the command that runs the model on the board.

    Without a model the preset of --config is written as it is; with one its memories get the
    depths that the model needs. With --board there are constraints and a script that makes the
    bitstream with the vendor's tool.
    """
    from sterna.cli.spiking import open_spiking
    from sterna.files.folder import check_target, replace_folder
    from sterna.files.manifest import write_manifest

    spiking = open_spiking(model) if model is not None else None
    spiking_options = SpikingOptions(lanes, neuron_lanes, code_bits, config)
    if spiking is None:
        spiking_options.refuse()
    else:
        refuse_language_options(rows=rows, columns=columns, vector_lanes=vector_lanes, lane=lane)
        if board is not None:
            raise InputError(f"{board}: projects for vendors' tools hold language models; without "
                             "--board there is the Verilog alone")
    shape = ShapeOptions(config, rows, columns, vector_lanes, embedding, lane)
    options = None
    if board is not None:
        if model is None or config is not None:
            raise InputError("with --board give a MODEL and no --config: the shape is the board's")
        options = BoardOptions(board, rows, columns, vector_lanes, None, clock_mhz, embedding, lane,
                               baud=baud)
        options.board().exported()
    elif clock_mhz is not None:
        raise InputError("clock-mhz: is for --board; the Verilog alone has no clock of its own")
    if baud is not None and baud < 1:
        raise InputError(f"baud is {baud}; it must be at least 1")
    if model is None and config is None:
        raise InputError("give a MODEL, or a configuration with --config")
    sources = sources_of(model, config)
    if check_target(output, FORMAT, sources) and not force:
        raise InputError(f"{output}: is not empty; give another folder, or --force to replace what "
                         "an earlier run wrote there")
    with ProgressReport() as report, replace_folder(output, FORMAT, sources) as folder:
        memories: dict[str, object] = {}
        configuration: Configuration
        if model is None:
            configuration = with_rate(shape.base(), 0, baud)
        else:
            image = (_language_image(model, options or shape, report, baud) if spiking is None
                     else _spiking_image(spiking, spiking_options, report, baud))
            configuration, memories = image.configuration, _write_image(image, folder)
        (folder / CONFIG).write_text(configuration.to_json() + "\n")
        report("generating Verilog", 0, 1)
        descriptions = DESCRIPTIONS
        if options is not None and model is not None:
            assert isinstance(configuration, HardwareConfiguration)
            from sterna_boards.flows.export import write_project

            descriptions = DESCRIPTIONS | write_project(
                options.board(), configuration, options.clock_hz, folder)
            memories = {"board": board, **memories}
        else:
            from sterna_hw.verilog import to_verilog

            (folder / VERILOG).write_text(to_verilog(configuration))
        digest = f"{configuration.digest():016x}"
        write_manifest(folder, FORMAT, {"model": model, "configuration_digest": digest,
                                        "baud": configuration.baud, **memories}, descriptions)
        names = sorted(path.name for path in folder.iterdir())
    print(f"{output}: {', '.join(names)}")
    if model is not None:
        port = options.board().port_name if options else DEFAULT_PORT
        print(run_command(port, output / IMAGE))


def _language_image(
    model: str, shape: ShapeOptions | BoardOptions, report: ProgressReport, baud: int | None
) -> MemoryImage:
    from sterna.compiler.compile import compile_program
    from sterna.families.matmul_free.lowering import lower

    opened = open_model(model)
    program = lower(opened.model, name=opened.name)
    configuration = with_rate(shape.fitted(program), DEFAULT_BAUD, baud)
    report("packing the memory image", 0, 1)
    image = compile_program(program, configuration, shape.embedding)
    return replace(image, host=opened.host_side())


def _spiking_image(
    opened: OpenSpiking, options: SpikingOptions, report: ProgressReport, baud: int | None
) -> MemoryImage:
    from sterna.compiler.spiking.image import compile_network

    configuration = with_rate(options.fitted(opened.program), DEFAULT_BAUD, baud)
    report("packing the memory image", 0, 1)
    return compile_network(opened.program, configuration)


def _write_image(image: MemoryImage, folder: Path) -> dict[str, object]:
    """Save the image; what of it the manifest tells."""
    image.save(folder / IMAGE)
    memories: dict[str, object] = {
        name: {"words": used, "depth": depth, "word_bits": bits}
        for name, used, depth, bits in image.memories()
    }
    if not isinstance(image.configuration, HardwareConfiguration):
        return {"memories": memories}
    return {"embedding": image.placement, "memories": memories}
