"""Signs of the scalar registers, where sums of words give scalars that may be negative."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value
from sterna.law.arithmetic import SCALAR_REGISTERS, SQUARES_BITS
from sterna.machine.units.scalar import ScalarCode


def add_signs(m: Module, unit: Any, code: Signal, second: Signal, first: Value, handed_on: Value,
              starting: Signal, written_index: Signal, done: Signal) -> Value:
    """Signs of all registers, beside them; and the magnitude of what SQUARES takes.

    ``unit`` is the `ScalarUnit`, whose ``read_sign`` and ``result_sign`` are driven here.
    ``first`` is the register of the operation that begins while ``starting``; where ``handed_on``
    it is the largest magnitude, which has no sign. ``code`` and ``second`` are those of the one
    that runs.
    """
    signs = Signal(SCALAR_REGISTERS)
    operand_sign = Signal()
    takes_sum = Signal()

    def sign_of(index: Value) -> Value:
        return Mux(unit.finished & (written_index == index), unit.result_sign,
                   signs.bit_select(index, 1))

    m.d.comb += [
        unit.read_sign.eq(sign_of(unit.read_index)),
        takes_sum.eq((code == ScalarCode.SQUARES) & second[0]),
    ]
    with m.If(starting):
        m.d.sync += operand_sign.eq(sign_of(first) & ~handed_on)
    negative = takes_sum & unit.squares[-1]
    # That of the sum is there for a clock only, long before the others are asked for.
    sum_sign = Signal()
    collecting = Signal()
    started = Signal()
    m.d.sync += [started.eq(starting), collecting.eq(started)]
    with m.If(collecting):
        m.d.sync += sum_sign.eq(negative)
    with m.If(done):
        m.d.sync += unit.result_sign.eq(Mux(
            code == ScalarCode.MULTIPLY,
            operand_sign ^ signs.bit_select(second, 1), takes_sum & sum_sign))
    with m.If(unit.finished):
        m.d.sync += signs.bit_select(written_index, 1).eq(unit.result_sign)
    return (unit.squares ^ negative.replicate(SQUARES_BITS)) + negative
