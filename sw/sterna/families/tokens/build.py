"""A model on a board: what is built, and what is written where a vendor's tool builds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING

from sterna_boards.board import Board
from sterna_boards.catalogue import find_board
from sterna_boards.model_build import ModelBuild, build_model
from sterna_boards.options import Baud

from sterna.compiler.compile import compile_program
from sterna.families.built import built_rows
from sterna.families.family import Exported
from sterna.families.requests import BuildRequest, ExportRequest
from sterna.families.tokens.board_shape import BoardShape
from sterna.families.tokens.shape import TokenShape
from sterna.host.transport import DEFAULT_BAUD
from sterna.machine.machine import with_rate
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel


@dataclass(frozen=True)
class TokenBuild:
    """A bitstream and its image, and what both give."""

    board: Board
    built: ModelBuild

    def to_dict(self) -> dict[str, object]:
        return loads(self.built.to_json())

    def text(self, bitstream: Path) -> list[str | tuple[str, object]]:
        return _table(self.board, self.built, bitstream)


def build(model: TokenModel, request: BuildRequest, board: Board, report: Report) -> TokenBuild:
    """Build the accelerator that the options ask for."""
    shape, program = request.options.take(BoardShape), model.lowered
    built = build_model(
        board, program, shape.machine(board, program), shape.place, shape.clock_on(board),
        progress=report, baked=shape.source == "baked", seeds=request.placements,
        until_met=request.until_met, host=model.host_side())
    return TokenBuild(board, built)


def export(model: TokenModel, request: ExportRequest, report: Report) -> Exported:
    """The machine and the memory image; with a board in the shape of the board."""
    program, options = model.lowered, request.options
    if request.board is None:
        shape = options.take(TokenShape)
        fitted, place = shape.fitted(program), shape.place
    else:
        on_board = options.take(BoardShape)
        fitted = on_board.fitted(find_board(request.board), program)
        place = on_board.place
    machine = with_rate(fitted, DEFAULT_BAUD, options.take(Baud).rate or None)
    report("packing the memory image", 0, 1)
    image = compile_program(program, machine, place)
    image = replace(image, host=model.host_side())
    return Exported(machine, image, {"embedding": image.placement})


def _table(board: Board, built: ModelBuild, bitstream: Path) -> list[str | tuple[str, object]]:
    speed = built.speed
    return [
        *built_rows(board, built, bitstream, f", {built.report.luts_per_lane:.1f} a lane"),
        *_sdram_rows(built),
        ("tokens per second", f"{speed.a_second:.1f}: {speed.cycles:.0f} "
                              "cycles a token"),
        ("over the link", f"{speed.a_second_over_link:.1f} tokens per second: "
                          f"{speed.link_bytes} bytes a token at "
                          f"{built.image.machine.link.baud} bit/s"),
    ]


def _sdram_rows(built: ModelBuild) -> list[str | tuple[str, object]]:
    if built.weights != "sdram":
        return []
    machine = built.image.machine
    size = machine.ternary.weight_depth * machine.ternary.weight_bytes
    return [("SDRAM", f"{machine.sdram.part}, {size} bytes of weights a token")]
