"""Position of the leading one, as the factor that moves it to the top."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component

GROUP = 4


class LeadingOne(Component):
    """``factor = 2**k`` such that ``number * factor`` has its leading one in the top bit.

    Combinational; three levels of logic for 17 bits. Zero for zero.

    Args:
        bits: width of number and factor.
    """

    def __init__(self, bits: int) -> None:
        self._bits = bits
        super().__init__({"number": In(bits), "factor": Out(bits)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        falling = self.number[::-1]  # bit 0 is the top bit of the number
        taken: list[Value] = []
        factor = []
        for start in range(0, self._bits, GROUP):
            chunk = falling[start:start + GROUP]
            free = Signal(name=f"free_{start}", init=1)
            m.d.comb += free.eq(~Cat(*taken).any() if taken else 1)
            for bit in range(len(chunk)):
                factor.append(free & chunk[bit] & ~chunk[:bit].any())
            some = Signal(name=f"some_{start}")
            m.d.comb += some.eq(chunk.any())
            taken.append(some)
        m.d.comb += self.factor.eq(Cat(*factor))
        return m


def exponent_of(m: Module, factor: Value) -> Signal:
    """``log2`` of a power of two (0 of zero), as an or of bits."""
    width = max(1, (len(factor) - 1).bit_length())
    exponent = Signal(width + 1)  # a sign bit, for whoever takes it as signed
    # One assignment to all bits: of a bit that is left out, Verilog would never hear.
    m.d.comb += exponent.eq(Cat(*(
        Cat(*(factor[k] for k in range(len(factor)) if k >> bit & 1)).any()
        for bit in range(width))))
    return exponent
