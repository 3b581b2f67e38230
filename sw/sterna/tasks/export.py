"""Verilog and everything that belongs to it, in one folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sterna.errors import InputError
from sterna.families.requests import ExportRequest
from sterna.files.manifest import Format
from sterna.host.run_command import DEFAULT_PORT, run_command
from sterna.progress import Report
from sterna.shown import Shown
from sterna.suggest import did_you_mean
from sterna.tasks.perform import opened

FORMAT = Format("set of Verilog files", 1, "write it again: sterna rtl")


@dataclass(frozen=True, repr=False)
class ExportResult(Shown):
    """The folder, the files in it, and the command that runs a model on the board."""

    folder: Path
    files: tuple[str, ...]
    command: str | None

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
    from sterna_boards.handover import image
    from sterna_boards.handover.core import Core
    from sterna_boards.handover.writers import write_all
    from sterna_hw.board.bus import WRAPPERS

    from sterna.files.folder import check_target, replace_folder
    from sterna.files.manifest import write_manifest

    report, output = report or Report(), request.output
    if request.board is not None and request.model is None:
        raise InputError("with --board give a MODEL and no --config: the shape is the board's")
    if request.wrapper is not None:
        if request.wrapper not in WRAPPERS:
            raise InputError(f"wrapper is {request.wrapper!r}; it must be {' or '.join(WRAPPERS)}"
                             f"{did_you_mean(request.wrapper, WRAPPERS)}")
        if request.board is not None:
            raise InputError("--wrapper is for Verilog without a board: the project of --board has "
                             "a serial port")
    board = None if request.board is None else find_board(request.board)
    if board is not None:
        board.exported()  # before any work
    with opened(request, report) as model:
        if check_target(output, FORMAT, model.sources) and not request.force:
            raise InputError(f"{output}: is not empty; give another folder, or --force to replace "
                             "what an earlier run wrote there")
        with replace_folder(output, FORMAT, model.sources) as folder:
            found = model.export(request, report)
            if request.raw and found.image is None:
                raise InputError("--raw: is for the contents of memories; give a MODEL")
            report("generating Verilog", 0, 1)
            written = write_all(Core(
                machine=found.machine, model=request.model, image=found.image, board=board,
                clock_hz=found.clock_hz,
                wrapper=request.wrapper, raw=request.raw,
            ), folder)
            write_manifest(folder, FORMAT, {"model": request.model, **found.facts, **written.facts},
                           written.files)
            names = tuple(sorted(path.name for path in folder.iterdir()))
    if request.model is None:
        return ExportResult(output, names, None)
    port = board.port_name if board else DEFAULT_PORT
    return ExportResult(output, names, run_command(port, output / image.NAME))
