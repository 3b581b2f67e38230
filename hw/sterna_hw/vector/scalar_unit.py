"""The scalar unit: small floats in 16 registers, one operation at a time."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.program.arithmetic import (
    EXPONENT_BITS,
    MANTISSA_BITS,
    RESULT_SCALAR,
    SCALAR_REGISTERS,
    SQUARES_BITS,
)
from sterna.program.configuration import HardwareConfiguration
from sterna.program.encoding import ScalarCode

from sterna_hw.component import Component
from sterna_hw.layouts import scalar_command
from sterna_hw.vector.command import SCALAR
from sterna_hw.vector.leading_one import LeadingOne, exponent_of
from sterna_hw.vector.scalar_registers import SEGMENT_BITS, ScalarRegisters, ScalarTables
from sterna_hw.vector.scalar_result import WIDE_EXPONENT, ScalarResult

FRACTION_BITS = MANTISSA_BITS - 1 - SEGMENT_BITS
STEP = 4


class ScalarUnit(Component):
    """Executes scalar operations; all go through one multiplier (normalisation too).

    Clocks from the transfer of an operation to that of a next one that reads its result: ABSMAX 4,
    CONSTANT 3, MULTIPLY 6, CODE_SCALE and RSQRT 7, ADD 7 to 24, SQUARES 7 to 18. A vector group may
    read a result with ``read`` one clock after ``idle`` came back. Operands are registered before
    anything is decided about them, and results before they are written: what gives the one and
    takes the other lies far away.

    Members:
        operations: stream of scalar operations, In.
        constant: the value that CONSTANT takes, In.
        absmax, squares: values of the reductions, In.
        take_absmax: clear absmax register ``operations.payload.a``, Out.
        take_squares: clear that register of sums and have its value two clocks later, Out.
        read_request, read_index, read: a register for the vector pipeline, in the same clock; no
            operation starts in that clock.
        idle: no operation in execution, the last result is readable in the next clock, Out.
        finished, result: a result is written in this clock, Out; both leave registers.
        result_scalar: scalar register 0, Out.
    """

    def __init__(self, configuration: HardwareConfiguration) -> None:
        high: Any = {"init": 1}
        super().__init__({
            "operations": In(stream.Signature(scalar_command(configuration))),
            "constant": In(SCALAR),
            "absmax": In(configuration.word_bits - 1), "squares": In(SQUARES_BITS),
            "take_absmax": Out(1), "take_squares": Out(1),
            "read_request": In(1), "read_index": In(range(SCALAR_REGISTERS)), "read": Out(SCALAR),
            "idle": Out(1, **high),
            "finished": Out(1), "result": Out(SCALAR),
            "result_scalar": Out(SCALAR),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.registers = registers = ScalarRegisters()
        m.submodules.tables = tables = ScalarTables()
        m.submodules.leading_one = leading = LeadingOne(MANTISSA_BITS)
        m.submodules.final = final = ScalarResult()

        code, result_index, second = Signal(ScalarCode), Signal(4), Signal(4)
        operand = Signal(SCALAR, reset_less=True)
        left, right = Signal(MANTISSA_BITS), Signal(MANTISSA_BITS)
        product, base = Signal(2 * MANTISSA_BITS, reset_less=True), Signal(MANTISSA_BITS)
        exponent = Signal(signed(WIDE_EXPONENT))
        distance = Signal(signed(WIDE_EXPONENT))
        other = Signal(signed(EXPONENT_BITS), reset_less=True)
        window = Signal(SQUARES_BITS)
        blank = Signal()
        done, written_index = Signal(), Signal(4)
        read_second, searching = Signal(), Signal()  # registers, because a state is decoded late

        new = self.operations.payload
        wanted, starting = Signal(ScalarCode), Signal()
        m.d.comb += [
            wanted.eq(new.operation),
            registers.read_index.eq(
                Mux(self.read_request, self.read_index, Mux(read_second, second, new.a))),
            self.read.eq(registers.read),
            self.operations.ready.eq(self.idle & ~self.read_request),
            starting.eq(self.operations.valid & self.operations.ready),
            self.take_absmax.eq(starting & (wanted == ScalarCode.ABSMAX)),
            self.take_squares.eq(starting & (wanted == ScalarCode.SQUARES)),
        ]
        # An operation is taken over before it is known whether there is one.
        with m.If(self.idle):
            m.d.sync += [code.eq(wanted), result_index.eq(new.result), second.eq(new.b)]
            with m.Switch(wanted):
                with m.Case(ScalarCode.ABSMAX):
                    m.d.sync += operand.mantissa.eq(self.absmax)
                with m.Case(ScalarCode.CONSTANT):
                    m.d.sync += operand.eq(self.constant)
                with m.Default():
                    m.d.sync += operand.eq(Mux(
                        self.finished & (written_index == new.a),
                        self.result.as_value(), registers.read.as_value()))
        with m.If(starting):
            m.d.sync += self.idle.eq(0)
        with m.If(done):
            m.d.sync += [
                self.idle.eq(1), self.result.eq(final.result), written_index.eq(result_index)]

        value = operand.exponent
        m.d.comb += [
            tables.rsqrt.eq(code == ScalarCode.RSQRT),
            tables.odd.eq(value[0] & tables.rsqrt),
            tables.index.eq(operand.mantissa[FRACTION_BITS:-1]),
            leading.number.eq(Mux(searching, window[-MANTISSA_BITS:], operand.mantissa)),
        ]
        # The product is looked at only in the clock after MULTIPLY, the interpolation in that after
        # SUBTRACT, the sum in that after ALIGN.
        interpolation = Signal(MANTISSA_BITS, reset_less=True)
        total = Signal(MANTISSA_BITS + 1, reset_less=True)
        m.d.sync += [
            done.eq(0), self.finished.eq(done), product.eq(left * right),
            interpolation.eq(base - product[8:MANTISSA_BITS + 8]), total.eq(left + right),
        ]

        # All exponents go through one adder: ``exponent`` or its complement plus ``step``.
        wide = WIDE_EXPONENT
        complement, carry, step = Signal(), Signal(), Signal(signed(wide))
        moved = Signal(signed(wide))
        m.d.comb += moved.eq(
            (Cat(carry, exponent ^ complement.replicate(wide)) + Cat(carry, step))[1:wide + 1])

        with m.FSM(init="START"):
            with m.State("START"):
                with m.If(starting):
                    m.next = "BEGIN"

            with m.State("BEGIN"):
                m.d.sync += blank.eq(~operand.mantissa[-1])
                with m.Switch(code):
                    with m.Case(ScalarCode.ABSMAX):
                        m.d.sync += [
                            left.eq(leading.number), right.eq(leading.factor), exponent.eq(0)]
                        m.next = "MULTIPLY"
                    with m.Case(ScalarCode.SQUARES):
                        m.d.sync += exponent.eq(SQUARES_BITS - MANTISSA_BITS)
                        m.next = "COLLECT"
                    with m.Case(ScalarCode.CONSTANT):
                        m.d.sync += [left.eq(operand.mantissa), exponent.eq(value), done.eq(1)]
                        m.next = "START"
                    with m.Case(ScalarCode.MULTIPLY, ScalarCode.ADD):
                        m.d.sync += [
                            left.eq(operand.mantissa), exponent.eq(value), read_second.eq(1)]
                        m.next = "SECOND"
                    with m.Default():
                        m.d.sync += [
                            right.eq(operand.mantissa[:FRACTION_BITS]),
                            exponent.eq(Mux(tables.rsqrt, value >> 1, value)),
                        ]
                        m.next = "LOOK UP"

            with m.State("SECOND"):
                m.d.sync += [
                    right.eq(registers.read.mantissa), other.eq(registers.read.exponent),
                    read_second.eq(0),
                ]
                m.next = "COMBINE"

            with m.State("COMBINE"):
                adds = code == ScalarCode.ADD
                m.d.comb += [
                    carry.eq(adds),  # the difference for ADD, the sum for MULTIPLY
                    step.eq(other ^ adds.replicate(wide)),
                ]
                m.d.sync += distance.eq(moved)
                with m.If(adds):
                    m.next = "ORDER"
                with m.Else():
                    m.d.sync += exponent.eq(moved)
                    m.next = "MULTIPLY"

            with m.State("ORDER"):
                m.d.comb += [carry.eq(1), step.eq(~distance)]  # back to the second exponent
                with m.If(right[-1] & (blank | distance[-1])):
                    m.d.sync += [left.eq(right), right.eq(left), exponent.eq(moved)]
                m.next = "ALIGN"

            with m.State("ALIGN"):
                with m.If((distance == 0) | (right == 0)):
                    m.d.sync += done.eq(1)
                    m.next = "START"
                with m.Else():
                    m.d.sync += [
                        right.eq(right >> 1),
                        distance.eq(distance + Mux(distance[-1], 1, -1)),
                    ]

            with m.State("LOOK UP"):
                m.next = "SEGMENT"

            with m.State("SEGMENT"):
                m.d.comb += [
                    complement.eq(1),  # -26 - exponent, -25 - exponent for RSQRT
                    step.eq(Mux(code == ScalarCode.RSQRT, -24, -25)),
                ]
                m.d.sync += [
                    left.eq(tables.segment.slope), base.eq(tables.segment.base),
                    exponent.eq(moved),
                ]
                m.next = "MULTIPLY"

            with m.State("COLLECT"):
                m.d.sync += [window.eq(self.squares), searching.eq(1)]
                m.next = "SEARCH"

            with m.State("SEARCH"):
                lowest = SQUARES_BITS - MANTISSA_BITS - (SQUARES_BITS - STEP)
                with m.If(window[-STEP:].any() | (exponent == lowest)):
                    m.d.sync += [
                        left.eq(leading.number), right.eq(leading.factor), searching.eq(0),
                    ]
                    m.next = "MULTIPLY"
                with m.Else():
                    m.d.comb += step.eq(-STEP)
                    m.d.sync += [window.eq(window << STEP), exponent.eq(moved)]

            with m.State("MULTIPLY"):
                m.d.comb += [carry.eq(1), step.eq(~exponent_of(m, right).as_signed())]
                with m.If((code == ScalarCode.ABSMAX) | (code == ScalarCode.SQUARES)):
                    m.d.sync += exponent.eq(moved)
                with m.If((code == ScalarCode.CODE_SCALE) | (code == ScalarCode.RSQRT)):
                    m.next = "SUBTRACT"
                with m.Else():
                    m.d.sync += done.eq(1)
                    m.next = "START"

            with m.State("SUBTRACT"):
                m.d.sync += done.eq(1)
                m.next = "START"

        # SQUARES: the bits below the 17 that were multiplied by up to 8.
        below = window[-MANTISSA_BITS - STEP + 1:-MANTISSA_BITS]
        m.d.comb += [
            final.tail.eq(Cat(
                (right[1] & below[2]) | (right[2] & below[1]) | (right[3] & below[0]),
                (right[2] & below[2]) | (right[3] & below[1]),
                right[3] & below[2],
            )),
            final.operation.eq(code),
            final.constant.eq(left), final.total.eq(total), final.product.eq(product),
            final.interpolation.eq(interpolation), final.blank.eq(blank),
            final.exponent.eq(exponent),
            registers.write_enable.eq(self.finished),
            registers.write_index.eq(written_index),
            registers.write.eq(self.result),
        ]
        with m.If(self.finished & (written_index == RESULT_SCALAR)):
            m.d.sync += self.result_scalar.eq(self.result)
        return m
