"""What can be built for a board: the accelerator, and a loop-back that checks the link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sterna.errors import InputError
from sterna.program.configuration import HardwareConfiguration
from sterna_hw.board.clock import ClockGenerator, generated_hz
from sterna_hw.board.top import BoardTop, Loopback

from sterna_boards.board import Board


@dataclass(frozen=True)
class Design:
    """A top level that has not been elaborated."""

    name: str
    key: str
    """What the design depends on beside board and sources."""
    lanes: int
    """Ternary weights a clock; none in a loop-back."""
    clock_hz: float
    """What the clock generator makes of the wanted frequency."""
    top: Callable[[], BoardTop]


def accelerator(board: Board, configuration: HardwareConfiguration,
                clock_hz: float | None = None) -> Design:
    """The accelerator behind the board's serial port.

    ``clock_hz`` is the board's own choice when not given. Raises `InputError` when the clock cannot
    be made or the configuration has trace ports.
    """
    if configuration.trace:
        raise InputError("configuration: trace ports are for simulation, set trace to false")

    def core() -> Any:
        from sterna_hw.core.accelerator import Accelerator

        return Accelerator(configuration)

    return _design(board, "accelerator", configuration.to_json(), configuration.lanes, core,
                   clock_hz)


def loopback(board: Board, clock_hz: float | None = None) -> Design:
    """Every byte comes back: shows that clock, pins and bit rate are right."""
    return _design(board, "loop-back", "", 0, Loopback, clock_hz)


def _design(board: Board, name: str, key: str, lanes: int, core: Callable[[], Any],
            clock_hz: float | None) -> Design:
    wanted = clock_hz or board.clock_hz
    made = generated_hz(board.family, board.pin_hz, wanted)

    def top() -> BoardTop:
        clock = ClockGenerator(board.family, board.pin_hz, wanted)
        return BoardTop(core(), clock, board.baud)

    return Design(name, f"{name} {key} {wanted}", lanes, made, top)
