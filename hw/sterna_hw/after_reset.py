"""Memories that add up parts of a result start over with a reset."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, Value


def take_all_after_reset(m: Module, take: Value, number: Value, taken: Signal,
                         taken_number: Signal) -> None:
    """The registers ``taken`` and ``taken_number`` of what is taken, and so cleared, a clock later.

    Memories keep what they hold through a reset: here the part of a result that it interrupted.
    So all numbers are taken one after the other in the ``2**len(number) + 1`` clocks from a reset
    on; the last one shows in ``taken``. Nothing else is taken before.
    """
    walking = Signal(init=1)
    m.d.sync += [
        walking.eq(walking & ~taken_number.all()),
        taken.eq(take | walking),
        taken_number.eq(Mux(walking, taken_number + 1, number)),
    ]
