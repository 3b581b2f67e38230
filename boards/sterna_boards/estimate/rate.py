"""The bit rate of a board's serial port, and whether a clock can make it."""

from __future__ import annotations

from fractions import Fraction

from sterna.errors import InputError
from sterna_hw.link.receiver import FRAME_TIMEOUT
from sterna_hw.link.uart import DATA_BITS, LEAST_DIVISOR

MOST_DIVISOR = FRAME_TIMEOUT // (2 * (DATA_BITS + 2))
"""With a longer bit a byte could take so long that its frame is given up."""


def divisor(clock_hz: float, baud: int) -> Fraction:
    """Clocks of a bit. Raises `InputError` for a rate that the clock is too slow or fast for."""
    found = Fraction(round(clock_hz), baud)
    if found < LEAST_DIVISOR:
        raise InputError(
            f"clock: {clock_hz / 1e6:g} MHz is too slow for {baud} bit/s; at least "
            f"{LEAST_DIVISOR * baud / 1e6:g} MHz, or --baud {int(clock_hz / LEAST_DIVISOR)}")
    if found > MOST_DIVISOR:
        raise InputError(
            f"baud: {baud} bit/s is too slow for a clock of {clock_hz / 1e6:g} MHz; at least "
            f"--baud {-int(-clock_hz // MOST_DIVISOR)}")
    return found
