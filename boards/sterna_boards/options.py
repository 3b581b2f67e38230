"""Options that boards read, whatever runs on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sterna.errors import InputError
from sterna.numerals import whole
from sterna.options import option

if TYPE_CHECKING:
    from sterna_boards.board import Board

MOST_LANES = 1 << 18
"""More than the largest FPGA has room for."""
WEIGHTS = ("link", "baked", "sdram")
LINKS = ("uart", "usb")


@dataclass(frozen=True)
class BoardClock:
    """The clock of the accelerator, which only a board has."""

    owner: ClassVar[str] = "boards"
    clock_mhz: float | None = option(None, "With a board: clock of the accelerator.", least=0,
                                    above=True, most=10_000, project="clock.mhz")

    @property
    def clock_hz(self) -> float | None:
        """The wanted clock, None for the board's own."""
        return None if self.clock_mhz is None else self.clock_mhz * 1e6


def lanes_of(text: str) -> int | None:
    """The number of lanes, None for ``auto``. Raises `InputError` for other text."""
    if text == "auto":
        return None
    lanes = whole(text)
    if lanes is None or not 1 <= lanes <= MOST_LANES:
        raise InputError(f"lanes is {text!r}; give a whole number from 1 to {MOST_LANES}, or auto")
    return lanes


@dataclass(frozen=True)
class BoardLanes:
    """How many lanes, where the board's share of rows and columns is chosen."""

    owner: ClassVar[str] = "boards"
    lanes: str | None = option(
        None, "Lanes of a board: of ternary weights, rows and columns are chosen; auto searches "
        "the whole shape, clock and places for the most tokens a second at the user's end, and "
        "`estimate` prints the front.", metavar="N|auto", project="shape.lanes", refuse=lanes_of)


@dataclass(frozen=True)
class Weights:
    """How weights come to the accelerator, and what its link to the host is."""

    owner: ClassVar[str] = "boards"
    weights: str = option(
        "link", "link (usual): the driver loads them; baked: the bitstream has them; sdram: the "
        "driver loads them into the board's SDRAM.", project="shape.weights", choices=WEIGHTS)
    link: str = option(
        "uart", "uart (usual): the board's serial port; usb: a serial port in the FPGA itself, "
        "where USB pins or a PHY are.", project="link.kind", choices=LINKS)

    @property
    def source(self) -> str:
        """The checked word. Raises `InputError` for another."""
        if self.weights not in WEIGHTS:
            raise InputError(f"weights is {self.weights!r}; it must be link, baked or sdram")
        return self.weights

    def linked(self, board: Board) -> Board:
        """The board with that link. Raises `InputError` for another word or a board without."""
        if self.link not in LINKS:
            raise InputError(f"link is {self.link!r}; it must be uart or usb")
        return board.over_usb() if self.link == "usb" else board


@dataclass(frozen=True)
class Baud:
    """The bit rate of the serial port."""

    baud: int | None = option(None, "Bits a second of the board's serial port.", metavar="BITS",
                              least=1, most=10**9, project="link.baud")

    @property
    def rate(self) -> int:
        """The bit rate, 0 for the board's own."""
        return self.baud or 0
