"""Verilog and everything that belongs to it, in one folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sterna.errors import InputError
from sterna.families.requests import ExportRequest
from sterna.files.manifest import Format
from sterna.host.run_command import DEFAULT_PORT, run_command
from sterna.machine.image import MemoryImage
from sterna.progress import Report
from sterna.tasks.perform import opened

VERILOG, IMAGE, CONFIG = "accelerator.v", "image.sterna", "configuration.json"
FORMAT = Format("set of Verilog files", 1, "write it again: sterna rtl")
DESCRIPTIONS = {
    VERILOG: "Verilog of the accelerator; ports: clk, rst, byte streams link_in and link_out",
    CONFIG: "configuration of the accelerator, as --config takes it",
    IMAGE: "memory image of the model, as sterna.machine.image reads it",
}


@dataclass(frozen=True)
class ExportResult:
    """The folder, the files in it, and the command that runs a model on the board."""

    folder: Path
    files: tuple[str, ...]
    command: str | None
    failure: None = None

    def to_dict(self) -> dict[str, object]:
        """The same."""
        return {"folder": str(self.folder), "files": list(self.files), "command": self.command}

    def text(self) -> list[str | tuple[str, object]]:
        """A line of files, and the command last."""
        return [f"{self.folder}: {', '.join(self.files)}",
                *([] if self.command is None else [self.command])]


def export(request: ExportRequest, report: Report | None = None) -> ExportResult:
    """Write the folder. Raises `InputError`; nothing is written then."""
    from sterna_boards.catalogue import find_board
    from sterna_boards.flows.export import write_project
    from sterna_boards.options import BoardClock
    from sterna_hw.verilog import to_verilog

    from sterna.files.folder import check_target, replace_folder
    from sterna.files.manifest import write_manifest

    report, output = report or Report(), request.output
    if request.board is not None and request.model is None:
        raise InputError("with --board give a MODEL and no --config: the shape is the board's")
    board = None if request.board is None else find_board(request.board)
    if board is not None:
        board.exported()  # before any work
    with opened(request, report) as model:
        if check_target(output, FORMAT, model.sources) and not request.force:
            raise InputError(f"{output}: is not empty; give another folder, or --force to replace "
                             "what an earlier run wrote there")
        with replace_folder(output, FORMAT, model.sources) as folder:
            found = model.export(request, report)
            machine, descriptions = found.machine, DESCRIPTIONS
            facts = {**found.facts, **_write_image(found.image, folder)}
            (folder / CONFIG).write_text(machine.to_json() + "\n")
            report("generating Verilog", 0, 1)
            if board is None:
                (folder / VERILOG).write_text(to_verilog(machine))
            else:
                clock_hz = request.options.take(BoardClock).clock_hz
                descriptions = DESCRIPTIONS | write_project(
                    board, machine, clock_hz, folder)
                facts = {"board": board.name, **facts}
            digest = f"{machine.digest():016x}"
            write_manifest(folder, FORMAT, {"model": request.model, "configuration_digest": digest,
                                            "baud": machine.link.baud, **facts}, descriptions)
            names = tuple(sorted(path.name for path in folder.iterdir()))
    if request.model is None:
        return ExportResult(output, names, None)
    port = board.port_name if board else DEFAULT_PORT
    return ExportResult(output, names, run_command(port, output / IMAGE))


def _write_image(image: MemoryImage | None, folder: Path) -> dict[str, object]:
    """Save the image; what of it the manifest tells."""
    if image is None:
        return {}
    image.save(folder / IMAGE)
    return {"memories": {
        name: {"words": used, "depth": depth, "word_bits": bits}
        for name, used, depth, bits in image.memories()
    }}
