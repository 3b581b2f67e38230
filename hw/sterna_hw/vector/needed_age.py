"""How long a command of the vector unit waits for the groups before it."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from sterna.machine.machine import Machine
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.vector import LENGTH_BITS, Wait, squares_latency, vector_latency


def add_needed_age(m: Module, machine: Machine, new: Any) -> Signal:
    """Clocks since the last issued group before the command may start."""
    latency = vector_latency(machine)
    needed = Signal(range(max(latency, squares_latency(machine)) + 1), name="new_needed")
    chained = Signal(range(latency + 1))
    length = new.vector.length
    short = Signal()
    m.d.comb += [
        short.eq(length[(latency - 1).bit_length():LENGTH_BITS] == 0),
        chained.eq(1),
    ]
    with m.If(short):
        with m.Switch(length[:(latency - 1).bit_length()]):
            for groups in range(1, latency):
                with m.Case(groups):
                    m.d.comb += chained.eq(latency + 1 - groups)
    with m.If(new.which):
        with m.If(new.scalar.operation == ScalarCode.SQUARES):
            m.d.comb += needed.eq(squares_latency(machine))
    with m.Elif(new.vector.wait == Wait.CHAIN):
        m.d.comb += needed.eq(chained)
    with m.Elif(new.vector.wait == Wait.DRAIN):
        m.d.comb += needed.eq(latency)
    return needed
