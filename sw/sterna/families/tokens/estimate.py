"""What a model takes of a board, and how fast it runs there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from json import loads
from typing import TYPE_CHECKING

from sterna_boards.board import Board
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.model import Estimate
from sterna_boards.estimate.model import estimate as estimate_board
from sterna_boards.estimate.on_chip import OnChipMemory

from sterna.compiler.placement import PlacedObject, placed_objects
from sterna.families.requests import EstimateRequest
from sterna.families.tokens.board_shape import BoardShape
from sterna.families.tokens.plan import MemoryPlan, plan_memory, plan_rows

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel


@dataclass(frozen=True)
class TokenEstimate:
    """A model on a board, and where its objects lie."""

    board: Board
    found: Estimate
    objects: tuple[PlacedObject, ...]
    failure: None = None

    def to_dict(self) -> dict[str, object]:
        return loads(self.found.to_json()) | {
            "objects": [asdict(entry) for entry in self.objects]}

    def text(self) -> list[str | tuple[str, object]]:
        return _table(self.board, self.found, list(self.objects))


def estimate(model: TokenModel, request: EstimateRequest) -> TokenEstimate | MemoryPlan:
    """Of the board that is named, else of a memory outside."""
    program = model.lowered
    if request.board is None:
        return plan_memory(program, model.shape(request.options))
    board, shape = find_board(request.board), request.options.take(BoardShape)
    if shape.source == "baked":
        board.check_baked()
    found = estimate_board(board, program, shape.machine(board, program), shape.place,
                           shape.clock_on(board))
    objects = placed_objects(program, found.machine, found.embedding or "host")
    return TokenEstimate(board, found, tuple(objects))


def _table(board: Board, found: Estimate,
           objects: list[PlacedObject]) -> list[str | tuple[str, object]]:
    machine, there, speed = found.machine, board.capacity, found.speed
    rows: list[str | tuple[str, object]] = [
        ("model", found.model),
        ("board", f"{board.title}, {board.device}"),
        ("fits", "yes" if found.fits else f"no: {'; '.join(found.short)}"),
        ("clock", f"{found.clock_mhz:g} MHz wanted" + (
            "" if found.expected_mhz is None else f", {found.expected_mhz:.0f} MHz expected")),
        ("lanes", f"{found.lanes}: {machine.ternary.rows} rows of "
                  f"{machine.ternary.columns} columns, "
                  f"{machine.vector.lanes} vector lanes"),
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
        ("cycles per token", f"{speed.cycles:.0f}"),
        ("tokens per second", f"{speed.a_second:.1f} at {found.clock_mhz:g} MHz"),
        ("over the link", f"{speed.a_second_over_link:.1f} tokens per second: "
                          f"{speed.link_bytes} bytes a token at {machine.link.baud} "
                          "bit/s"),
    ]


def _rams(memory: OnChipMemory) -> str:
    if memory.single_port_rams:
        return f"{memory.single_port_rams} single-port RAMs"
    return f"{memory.block_rams} block RAMs"
