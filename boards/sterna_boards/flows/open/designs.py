"""What can be built for a board: the accelerator, and a loop-back that checks the link."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sterna.errors import InputError
from sterna.extras import install_with
from sterna.machine.image import MemoryImage
from sterna.machine.machine import Machine
from sterna_hw.board.clock import ClockGenerator, generated_hz
from sterna_hw.board.sdram_pins import CLOCK_LEAD, LEAD_LIMITS
from sterna_hw.board.top import BoardTop, Loopback
from sterna_hw.board.usb import UsbPins
from sterna_hw.memory.ports import memory_members

from sterna_boards.board import Board
from sterna_boards.estimate.ram_totals import block_rams_by_name
from sterna_boards.estimate.rate import divisor


def _usb_version() -> str:
    if importlib.util.find_spec("luna") is None:
        raise InputError(f"--link usb: luna-usb is not installed: {install_with('usb')}")
    return importlib.metadata.version("luna-usb")


@dataclass(frozen=True)
class Design:
    """A top level that has not been elaborated."""

    name: str
    key: str
    """What the design depends on beside board and sources."""
    lanes: int
    """Ternary weights a clock; none in a loop-back."""
    rows: int
    """Matrix rows that they are for; none without a ternary engine."""
    block_rams: Mapping[str, int]
    """Block RAMs of its memories by name, as the floor plan finds them."""
    clock_hz: float
    """What the clock generator makes of the wanted frequency."""
    top: Callable[[], BoardTop]


def accelerator(board: Board, machine: Machine,
                clock_hz: float | None = None, image: MemoryImage | None = None) -> Design:
    """The accelerator behind the board's serial port.

    ``clock_hz`` is the board's own choice when not given, the bit rate where the machine
    names none. The memories start with the contents of ``image`` if there is one, else empty.
    Raises `InputError` when the clock cannot be made or is none for the bit rate, the machine
    has trace ports, its weights come from a memory that the board does not have, or the part's
    memories always start empty.
    """
    clock_hz = clock_hz or board.clock_of(machine)
    board.check_weight_source(machine)
    if machine.trace:
        raise InputError("machine: trace ports are for simulation, set trace to false")

    if image is not None:
        board.check_baked()

    def core() -> Any:
        from sterna_hw.core.accelerator import Accelerator

        return Accelerator(machine) if image is None else with_contents(image)

    key = machine.to_json() + (image.model_digest() if image else "")
    pins = None
    if machine.driven:
        board.check_sdram(machine, clock_hz)
        if image is not None:
            what = "weights: an SDRAM starts empty, so they" if machine.memory.driven else (
                "embedding: an SDRAM starts empty, so the image")
            raise InputError(f"{what} cannot be baked in")
        pins = memory_members(machine)
    lanes = max(unit.weights_a_clock for unit in machine.units)
    rows = max(unit.lane_rows for unit in machine.units)
    block_rams = block_rams_by_name(board.family, machine)
    pace = board.bridge.pace(machine, clock_hz) if board.bridge else None
    return _design(board, "accelerator", key, (lanes, rows, block_rams), core,
                   clock_hz, machine.link.baud or board.baud, pins, pace)


def _words(part: NDArray[np.uint8]) -> list[int]:
    """The words of a part of an image, uint8 [words, bytes], as integers."""
    return [int.from_bytes(word.tobytes(), "little") for word in part]


def with_contents(image: MemoryImage) -> Any:
    """The accelerator of the image's machine, with the image in its memories at power up."""
    from sterna_hw.core.accelerator import Accelerator

    initial = {space: _words(part.array()) for space, part in image.parts.items()}
    return Accelerator(image.machine, contents=image.contents, initial=initial)


def loopback(board: Board, clock_hz: float | None = None) -> Design:
    """Every byte comes back: shows that clock, pins and bit rate are right."""
    return _design(board, "loop-back", "", (0, 0, {}), Loopback, clock_hz or board.clock_hz,
                   board.baud)


def _design(board: Board, name: str, key: str, size: tuple[int, int, Mapping[str, int]],
            core: Callable[[], Any], clock_hz: float, baud: int,
            sdram: dict[str, Any] | None = None, pace: tuple[int, int] | None = None) -> Design:
    made = generated_hz(board.family, board.pin_hz, clock_hz)
    usb = UsbPins(board.usb.resource) if board.usb and board.by_usb else None
    if usb is None:
        divisor(made, baud)
    else:
        key += f" USB {_usb_version()}"

    def top() -> Any:
        lead = (CLOCK_LEAD, *LEAD_LIMITS) if sdram else None
        clock = ClockGenerator(board.family, board.pin_hz, clock_hz, lead,
                               usb is not None and usb.direct)
        tools = board.tools()
        more = {} if usb is None else {"usb": usb}
        return (tools.top or BoardTop)(core(), clock, baud, sdram, pace, tools.held_high, **more)

    return Design(name, f"{name} {key} {clock_hz} {baud}", *size, made, top)
