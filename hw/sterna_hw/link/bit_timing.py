"""When a UART looks at a bit and when it sends one, and how wrong a host's clock may be then."""

from __future__ import annotations

from fractions import Fraction

DATA_BITS = 8
FRAME_BITS = DATA_BITS + 2
LEAST_TOLERANCE = Fraction(1, 40)
"""How much faster or slower than agreed a host may send and listen, at least."""
HOST_SAMPLES = 16
"""Samples that a host takes of a bit to find the begin of a frame, as most UARTs do."""


def look_instants(divisor: Fraction | int) -> list[int]:
    """Clocks from the one that finds a line low to the looks at start, data and stop bits.

    The edge of the line came up to a clock before it was found. So a look at bit i meets the line
    ``look`` to ``look + 1`` clocks after the edge, and the best look leaves a fast host, whose bit
    ends at (i + 1) bits, as much room as a slow one, whose bit begins at i bits. Of a start bit
    the middle is looked at, to know it from noise.
    """
    divisor = Fraction(divisor)
    looks = [max(1, int(divisor / 2))]
    for bit in range(1, FRAME_BITS):
        middle = int((bit + Fraction(1, 2)) * divisor - Fraction(1, 2))
        looks.append(max(range(middle - 1, middle + 2),
                         key=lambda look: _room(divisor, bit, look)))
    return looks


def borders(divisor: Fraction | int) -> list[int]:
    """Clocks from the begin of a frame to the ends of its bits, each rounded to the next clock."""
    return [int(bit * Fraction(divisor) + Fraction(1, 2)) for bit in range(1, FRAME_BITS + 1)]


def tolerance(divisor: Fraction | int) -> Fraction:
    """How much faster or slower, as part of the bit rate, a host may be at so many clocks a bit.

    Exact for frames one after the other with the worst phase of the clock, in both directions;
    the host looks in the middle of its bits, found to a part in `HOST_SAMPLES`. Not above 0
    where no host is understood.
    """
    divisor = Fraction(divisor)
    if divisor < 2:
        return Fraction(0)
    received = (_room(divisor, bit, look) for bit, look in enumerate(look_instants(divisor)))
    ends, doubt = borders(divisor), Fraction(1, 2 * HOST_SAMPLES)
    slow = (1 - (bit + Fraction(1, 2) + doubt) * divisor / end for bit, end in enumerate(ends))
    fast = ((bit + Fraction(1, 2) - doubt) * divisor / begin - 1
            for bit, begin in enumerate(ends[:-1], 1))
    return min(*received, *slow, *fast)


def check_divisor(divisor: Fraction | int) -> None:
    """Raise `ValueError` for so few clocks a bit that hosts must be better than they are."""
    if tolerance(divisor) < LEAST_TOLERANCE:
        raise ValueError(f"at {float(divisor):g} clocks a bit a host must be exact to less than "
                         f"{float(LEAST_TOLERANCE):.1%}")


def _room(divisor: Fraction, bit: int, look: int) -> Fraction:
    """How much faster or slower a host may send for a look to meet the bit."""
    fast = (bit + 1) * divisor / (look + 1) - 1
    return min(fast, 1 - bit * divisor / look) if bit else fast
