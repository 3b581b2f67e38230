"""What a report on a model and its board tells: the estimate, and the clocks of a RUN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sterna_boards.board import Board
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.speed import BITS_PER_BYTE

from sterna.compiler.schedule import schedule
from sterna.compiler.timeline import Timeline, timeline
from sterna.families.kept import kept_values
from sterna.families.on_board import BoardEstimate, estimate
from sterna.families.requests import ReportRequest
from sterna.progress import Report
from sterna.shown import Lines, Shown

if TYPE_CHECKING:
    from sterna.families.model import ProgramModel

PARTS = 150
"""Of a RUN, for each of which it is told how busy a unit is."""


@dataclass(frozen=True, repr=False)
class BoardReport(Shown):
    """A model on a board."""

    board: Board
    estimate: BoardEstimate
    products: int
    """See `ProgramModel.products`."""
    timeline: Timeline | None
    measured: Mapping[str, object]
    """See `ProgramModel.measured`."""
    built: Mapping[str, object] | None = None
    """The routed build, see `sterna.families.kept`."""

    def to_dict(self) -> dict[str, object]:
        found, there = self.estimate.found, self.board.capacity
        room = [("look-up tables", found.luts, there.luts),
                ("block RAMs", found.block_rams, there.block_rams),
                ("single-port RAMs", found.single_port_rams, there.single_port_rams),
                ("large RAMs", found.large_rams, there.large_rams),
                ("DSPs", found.dsps, there.dsps)]
        line = None if self.timeline is None else {
            "cycles": self.timeline.cycles, "sections": self.timeline.sections,
            "units": {unit: {"clocks": self.timeline.total(unit),
                             "shares": self.timeline.shares(unit, PARTS)}
                      for unit in self.timeline.busy}}
        return self.estimate.to_dict() | {
            "unit": found.speed.unit, "title": self.board.title, "room": room, "timeline": line,
            "busiest": self._busiest, "roofline": self._roofline,
            **dict.fromkeys(("ranges", "accuracy", "activity")), **self.measured,
            "built": None if self.built is None else dict(self.built)}

    @property
    def _busiest(self) -> dict[str, object] | None:
        """The unit that works most, and RUNs a second if it never paused."""
        if self.timeline is None:
            return None
        unit = max(self.timeline.busy, key=self.timeline.total)
        return {"unit": unit,
                "a_second": self.estimate.found.clock_mhz * 1e6 / self.timeline.total(unit)}

    @property
    def _roofline(self) -> dict[str, float]:
        """What lanes and link allow of products a second, and what is made of it."""
        found, speed = self.estimate.found, self.estimate.found.speed
        machine = found.machine
        products = speed.streams * self.products  # of all together
        return {"products": products,
                "peak": found.lanes * machine.paths * found.clock_mhz * 1e6,
                "engine": products * speed.a_second, "user": products * speed.a_second_over_link,
                "products_a_byte": products / speed.link_bytes,
                "line_bytes_a_second": machine.link.baud / BITS_PER_BYTE,
                "link_bytes_a_second": speed.link_bytes * speed.link_limit}

    def text(self) -> Lines:
        return self.estimate.text()


def report(model: ProgramModel, request: ReportRequest, report: Report) -> BoardReport:
    """Of the machine that the options ask for. Raises `InputError` as `estimate`."""
    board = request.options.take(model.board_options).linked(find_board(request.board))
    found = estimate(model, request, board)
    machine = found.found.machine
    built = kept_values(model, request, board.name, machine)  # refused before what takes longer
    return BoardReport(
        board, found, model.products, timeline(schedule(model.lowered, machine), machine),
        model.measured(request, report), built)
