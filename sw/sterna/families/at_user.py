"""What a machine on a board gives to who sits at its link, and for how many look-up tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sterna_boards.bridge import Latency
from sterna_boards.estimate.speed import LinkUse, round_trips
from sterna_boards.measured.baseline import read_baseline

if TYPE_CHECKING:
    from sterna_boards.board import Board
    from sterna_boards.estimate.work import Work

    from sterna.host.counted import Traffic

MEASURED, ESTIMATED = "measured", "estimated"


@dataclass(frozen=True, kw_only=True)
class AtUser:
    """Of RUNs on a board, each of which is a ``unit`` of every stream.

    A board that feeds itself has the link that the model of its speed says, else ``traffic`` tells.

    ``cycles`` and ``traffic`` are those of ``runs`` together; ``operations`` are those that a
    ``unit`` of one stream needs. Look-up tables are those of the tracked build of this machine,
    else of the area model.
    """

    board: Board
    work: Work
    clock_hz: float
    cycles: float
    traffic: Traffic
    runs: int
    operations: float

    def values(self) -> dict[str, object]:
        """By their names in ``--json``; rates with ``aggregate`` are the sum of all streams."""
        machine, unit, board = self.work.machine, self.work.unit, self.board
        use = self.work.link if self.work.link.overlapped else LinkUse(
            self.traffic.bytes / self.runs, self.traffic.round_trips / self.runs)
        waits = use.seconds(machine.link.baud or board.baud, board.latency.seconds,
                            board.answer_pause(machine))
        seconds = self.cycles / self.runs / self.clock_hz
        luts, source = self._luts()
        aggregate, waiting = machine.streams / seconds, use.between(seconds, waits)
        return {
            "board": board.name,
            f"{unit}s_per_second_at_user": 1 / waiting,
            f"aggregate_{unit}s_per_second_at_user": machine.streams / waiting,
            "link_limit": 1 / waits,
            f"link_bytes_per_{unit}": use.bytes,
            f"round_trips_per_{unit}": use.round_trips,
            "round_trip_seconds": board.latency.seconds,
            "round_trip_reason": board.latency.why,
            "baud": machine.link.baud or board.baud,
            "luts": luts,
            "luts_from": source,
            f"{unit}s_per_second_per_kilolut": 1e3 * aggregate / luts,
            "useful_gmacs_per_kilolut": self.operations * aggregate / luts / 1e6,
        }

    def _luts(self) -> tuple[int, str]:
        entry = read_baseline().get(self.board.name)
        machine = self.work.machine
        if entry is not None and self.board.with_rate(entry.machine) == machine:
            return entry.luts, MEASURED
        return self.work.area.luts, ESTIMATED


def rows(found: Mapping[str, object], unit: str) -> list[tuple[str, object]]:
    """Rows of a table of the values; none where there is no board."""
    if "board" not in found:
        return []
    return [
        ("at the user's end", f"{found[f'{unit}s_per_second_at_user']:.1f} {unit}s/s"),
        ("the link alone", f"{found['link_limit']:.1f} {unit}s/s: "
                           f"{found[f'link_bytes_per_{unit}']:.0f} bytes a {unit} at "
                           f"{found['baud']} bit/s, " + round_trips(
                               float(str(found[f"round_trips_per_{unit}"])), unit, Latency(
                                   float(str(found["round_trip_seconds"])),
                                   str(found["round_trip_reason"])))),
        ("per 1,000 look-up tables",
         f"{found[f'{unit}s_per_second_per_kilolut']:.1f} {unit}s/s at the clock, "
         f"{found['useful_gmacs_per_kilolut']:.2f} G useful operations/s; {found['luts']} "
         f"{found['luts_from']}"),
    ]
