"""A bitstream that meets timing, with everything the driver needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sterna.families.family import Built
from sterna.families.requests import BUILDS, BuildRequest
from sterna.host.run_command import run_command
from sterna.progress import Report
from sterna.shown import Shown
from sterna.tasks.perform import opened


@dataclass(frozen=True, repr=False)
class BuildResult(Shown):
    """What was built, where it is, and the command that runs it."""

    found: Built
    bitstream: Path
    command: str
    loading: tuple[tuple[str, str], ...] = ()
    """Where the bitstream goes, and the line of the loader that brings it there, of each way."""

    def to_dict(self) -> dict[str, object]:
        """What the family tells of it, and the bitstream."""
        return self.found.to_dict() | {"bitstream": str(self.bitstream),
                                       "loading": dict(self.loading), "command": self.command}

    def text(self) -> list[str | tuple[str, object]]:
        """The table of the family with the lines of the loader, and the command last."""
        return [*self.table(), self.command]

    def table(self) -> list[str | tuple[str, object]]:
        """The same without the command."""
        return [*self.found.text(self.bitstream), *self.loading]


def build(request: BuildRequest, report: Report | None = None) -> BuildResult:
    """Build, check timing and write the folder.

    Raises `InputError`, and `CheckError` when timing is not met; no folder is written then.
    """
    from sterna_boards.catalogue import find_board
    from sterna_boards.flows.open.build import check_timing
    from sterna_boards.flows.open.program import check_flash, loader_lines
    from sterna_boards.model_build import FORMAT, IMAGE, write_build

    from sterna.files.folder import check_target

    report = report or Report()
    request.check()
    board = find_board(request.board)
    board.tools()  # before any work
    if request.program:
        check_flash(board, request.flash)
    target = request.output or BUILDS / board.name
    with opened(request, report) as model:
        check_target(target, FORMAT, model.sources)  # before the work, not only after it
        found = model.build(request, board, report)
        check_timing(found.built.report)
        bitstream = write_build(found.built, target, model.sources)
    return BuildResult(found, bitstream,
                       run_command(found.board.port_name, target / IMAGE),
                       tuple(loader_lines(board, bitstream)))


def load(request: BuildRequest, result: BuildResult, report: Report) -> None:
    """Put the bitstream into the board, if that is wanted. Raises `InputError` when that fails."""
    from sterna_boards.catalogue import find_board
    from sterna_boards.flows.open.program import program

    if request.program:
        report.note(program(find_board(request.board), result.bitstream, request.flash))
