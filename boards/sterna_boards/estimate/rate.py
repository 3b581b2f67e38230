"""The bit rate of a board's serial port, and whether a clock can make it."""

from __future__ import annotations

from fractions import Fraction

from sterna.errors import InputError
from sterna_hw.link.bit_timing import DATA_BITS, LEAST_TOLERANCE, tolerance
from sterna_hw.link.receiver import FRAME_TIMEOUT

MOST_DIVISOR = FRAME_TIMEOUT // (2 * (DATA_BITS + 2))
"""With a longer bit a byte could take so long that its frame is given up."""
_RATE_STEPS = 1000


def divisor(clock_hz: float, baud: int) -> Fraction:
    """Clocks of a bit. Raises `InputError` for a rate that the clock is too slow or fast for."""
    found = Fraction(round(clock_hz), baud)
    if tolerance(found) < LEAST_TOLERANCE:
        raise InputError(
            f"baud: with a clock of {clock_hz / 1e6:g} MHz {baud} bit/s are not understood from a "
            f"host that is {float(LEAST_TOLERANCE):.1%} fast or slow; the nearest rate that is: "
            f"--baud {_nearest(round(clock_hz), baud)}")
    if found > MOST_DIVISOR:
        raise InputError(
            f"baud: {baud} bit/s is too slow for a clock of {clock_hz / 1e6:g} MHz; at least "
            f"--baud {-int(-clock_hz // MOST_DIVISOR)}")
    return found


def _nearest(clock_hz: int, baud: int) -> int:
    """The nearest rate, to a part in `_RATE_STEPS`, at which hosts are understood."""
    baud = min(baud, clock_hz)
    for step in range(_RATE_STEPS):
        for rate in (baud - baud * step // _RATE_STEPS, baud + baud * step // _RATE_STEPS):
            if tolerance(Fraction(clock_hz, rate)) >= LEAST_TOLERANCE:
                return rate
    return max(1, clock_hz // 4)
