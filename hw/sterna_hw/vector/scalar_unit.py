"""The scalar unit: small floats in 16 registers, one operation at a time."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import (
    EXPONENT_BITS,
    MANTISSA_BITS,
    RESULT_SCALAR,
    SCALAR_REGISTERS,
    SQUARES_BITS,
)
from sterna.machine.machine import Machine
from sterna.machine.units.scalar import ScalarCode

from sterna_hw.component import Component
from sterna_hw.layouts import scalar_command
from sterna_hw.vector.command import SCALAR
from sterna_hw.vector.exponent_adder import SEARCH_STEP, ExponentAdder
from sterna_hw.vector.leading_one import LeadingOne
from sterna_hw.vector.scalar_registers import SEGMENT_BITS, ScalarRegisters, ScalarTables
from sterna_hw.vector.scalar_result import OPERATIONS, WIDE_EXPONENT, ScalarResult
from sterna_hw.vector.scalar_signs import add_signs

FRACTION_BITS = MANTISSA_BITS - 1 - SEGMENT_BITS
LOWEST = SEARCH_STEP - MANTISSA_BITS
"""Exponent of the last window of a sum of squares, steps below that of the first."""


class ScalarUnit(Component):
    """Executes scalar operations; all go through one multiplier (normalisation too).

    Clocks from the transfer of an operation to that of a next one that reads its result: ABSMAX and
    CONSTANT 3, MULTIPLY 6, CODE_SCALE and RSQRT 7, ADD 7 to 25, SQUARES 7 to 18. A vector group may
    read a result with ``read`` two clocks after ``ends``. Operands are registered before anything
    is decided about them, and results before they are written: what gives the one and takes the
    other lies far away. Only that of ABSMAX, which waits for nothing else, is handed on before.

    Members:
        operations: stream of scalar operations, In.
        constant: the value that CONSTANT takes, In.
        absmax, squares: values of the reductions, In.
        take_absmax: clear absmax register ``operations.payload.a``, Out.
        take_squares: clear that register of sums and have its value two clocks later, Out.
        read_request, read_index, read: a register for the vector pipeline, in the same clock; no
            operation starts in that clock.
        idle: no operation in execution, the last result is readable in this clock, Out.
        ends: ``idle`` comes back in two clocks or in the next one, Out.
        read_sign, result_sign: whether ``read`` and ``result`` are negative, Out; only where the
            machine has sums. An operand of anything but MULTIPLY never is.
        finished, result: a result is written in this clock, Out; both leave registers.
        result_scalar: scalar register 0, Out.

    Only with texts that share it:
        text: whose operation is offered, In; owner: whose was the last that was taken, Out;
            written: whose result is written, Out.
        result_scalar_<n>: scalar register 0 of a text, Out, instead of ``result_scalar``.
        In ``read_index`` the text stands above the number of a register.
    """

    def __init__(self, machine: Machine) -> None:
        high: Any = {"init": 1}
        self._signed = machine.vector.sums
        self._texts = texts = machine.texts
        shared = {"text": In(range(texts)),
                  "owner": Out(range(texts)), "written": Out(range(texts)),
                  **{f"result_scalar_{text}": Out(SCALAR) for text in range(texts)}}
        super().__init__({
            "operations": In(stream.Signature(scalar_command(machine))),
            "constant": In(SCALAR),
            "absmax": In(machine.vector.word_bits - 1), "squares": In(SQUARES_BITS),
            "take_absmax": Out(1), "take_squares": Out(1),
            "read_request": In(1), "read_index": In(range(SCALAR_REGISTERS * texts)),
            "read": Out(SCALAR),
            "idle": Out(1, **high), "ends": Out(1),
            "finished": Out(1), "result": Out(SCALAR),
            **({"result_scalar": Out(SCALAR)} if texts == 1 else shared),
            **({"read_sign": Out(1), "result_sign": Out(1)} if self._signed else {}),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.registers = registers = ScalarRegisters(self._texts)
        m.submodules.tables = tables = ScalarTables()
        m.submodules.leading_one = leading = LeadingOne(MANTISSA_BITS)
        m.submodules.final = final = ScalarResult()

        code = Signal(ScalarCode)
        index_bits = len(self.read_index)
        result_index = Signal(index_bits)
        second = Signal(index_bits)
        does = Signal(OPERATIONS)  # the code, decoded when it came in
        operand = Signal(SCALAR, reset_less=True)
        left = Signal(MANTISSA_BITS)
        right = Signal(MANTISSA_BITS)
        product = Signal(2 * MANTISSA_BITS, reset_less=True)
        base = Signal(MANTISSA_BITS)
        exponent = Signal(signed(WIDE_EXPONENT))
        distance = Signal(signed(WIDE_EXPONENT))
        other = Signal(signed(EXPONENT_BITS), reset_less=True)
        window = Signal(SQUARES_BITS)
        blank = Signal()
        empty = Signal()
        vanished = Signal()
        exhausted = Signal()
        done = Signal()
        ending = Signal()
        written_index = Signal(index_bits)
        handing = Signal()  # the result of ABSMAX is the product, a clock before it is written
        read_second = Signal()  # registers, because a state is decoded late
        searching = Signal()

        new = self.operations.payload
        new_a, new_b, new_result = self._of_text(new.a), self._of_text(new.b), self._of_text(
            new.result)
        wanted = Signal(ScalarCode)
        starting = Signal()
        # Normalised: without a leading one it is zero, and so is its exponent.
        handed = Cat(product[:MANTISSA_BITS], exponent[:EXPONENT_BITS]
                     & product[MANTISSA_BITS - 1].replicate(EXPONENT_BITS))
        m.d.comb += [
            wanted.eq(new.operation),
            registers.read_index.eq(
                Mux(self.read_request, self.read_index, Mux(read_second, second, new_a))),
            self.read.eq(Mux(self.finished & (written_index == self.read_index),
                             self.result.as_value(), registers.read.as_value())),
            self.operations.ready.eq((self.idle | handing) & ~self.read_request),
            starting.eq(self.operations.valid & self.operations.ready),
            self.take_absmax.eq(starting & (wanted == ScalarCode.ABSMAX)),
            self.take_squares.eq(starting & (wanted == ScalarCode.SQUARES)),
            self.ends.eq(ending | done),
        ]
        # An operation is taken over before it is known whether there is one.
        with m.If(self.idle | handing):
            m.d.sync += [code.eq(wanted), result_index.eq(new_result), second.eq(new_b)]
            m.d.sync += [does[name].eq(wanted == ScalarCode[name.upper()])
                         for name, _ in OPERATIONS]
            with m.Switch(wanted):
                with m.Case(ScalarCode.ABSMAX):
                    m.d.sync += operand.mantissa.eq(self.absmax)
                with m.Case(ScalarCode.CONSTANT):
                    m.d.sync += operand.eq(self.constant)
                with m.Default():
                    m.d.sync += operand.eq(Mux(
                        handing & (result_index == new_a), handed, Mux(
                            self.finished & (written_index == new_a),
                            self.result.as_value(), registers.read.as_value())))
        with m.If(done):
            m.d.sync += [
                self.idle.eq(1), self.result.eq(final.result), written_index.eq(result_index)]
        with m.If(starting):
            m.d.sync += self.idle.eq(0)

        magnitude = self.squares
        if self._signed:
            handed_on = handing & (result_index == new.a)  # a largest magnitude
            magnitude = add_signs(m, self, code, second, new.a, handed_on, starting,
                                  written_index, done)

        value = operand.exponent
        m.d.comb += [
            tables.rsqrt.eq(does.rsqrt),
            tables.odd.eq(value[0] & tables.rsqrt),
            tables.index.eq(operand.mantissa[FRACTION_BITS:-1]),
            leading.number.eq(Mux(searching, window[-MANTISSA_BITS:], operand.mantissa)),
        ]
        # The product is looked at only in the clock after MULTIPLY, the interpolation in that after
        # SUBTRACT, the sum in that after ALIGN.
        interpolation = Signal(MANTISSA_BITS, reset_less=True)
        total = Signal(MANTISSA_BITS + 1, reset_less=True)
        m.d.sync += [
            done.eq(ending), self.finished.eq(done), product.eq(left * right),
            interpolation.eq(base - product[8:MANTISSA_BITS + 8]), total.eq(left + right),
            # Without the product and the sum, since both have a leading one or are zero.
            empty.eq(Mux(does.absmax | does.squares,
                         ~left.any(), ~left[-1] | (does.multiply & ~right[-1]))),
            vanished.eq(right == 0),  # a clock late, when a zero is still a zero
            exhausted.eq(exponent == LOWEST + SEARCH_STEP),  # a step ahead
        ]

        # States of a single clock that move the exponent have a register each.
        combining = Signal()
        ordering = Signal()
        segmenting = Signal()
        multiplying = Signal()
        m.d.sync += [flag.eq(0) for flag in (
            combining, ordering, segmenting, multiplying, handing)]
        m.submodules.exponents = exponents = ExponentAdder()
        moved = exponents.moved
        m.d.comb += [
            exponents.exponent.eq(exponent), exponents.other.eq(other),
            exponents.distance.eq(distance), exponents.factor.eq(right),
            exponents.combining.eq(combining), exponents.ordering.eq(ordering),
            exponents.segmenting.eq(segmenting), exponents.multiplying.eq(multiplying),
            exponents.searching.eq(searching),
            exponents.adds.eq(does.add), exponents.rsqrt.eq(does.rsqrt),
        ]

        def multiply() -> None:
            m.d.sync += multiplying.eq(1)
            m.next = "MULTIPLY"

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
                        multiply()
                    with m.Case(ScalarCode.SQUARES):
                        m.d.sync += exponent.eq(SQUARES_BITS - MANTISSA_BITS)
                        m.next = "COLLECT"
                    with m.Case(ScalarCode.CONSTANT):
                        m.d.sync += [left.eq(operand.mantissa), exponent.eq(value)]
                        m.d.comb += ending.eq(1)
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
                second_read = [
                    right.eq(registers.read.mantissa), other.eq(registers.read.exponent),
                    read_second.eq(0), combining.eq(1),
                ]
                if self._texts == 1:
                    m.d.sync += second_read
                    m.next = "COMBINE"
                else:  # a group of another text may read a register
                    with m.If(~self.read_request):
                        m.d.sync += second_read
                        m.next = "COMBINE"

            with m.State("COMBINE"):
                m.d.sync += distance.eq(moved)
                with m.If(does.add):
                    m.d.sync += ordering.eq(1)
                    m.next = "ORDER"
                with m.Else():
                    m.d.sync += exponent.eq(moved)
                    multiply()

            with m.State("ORDER"):
                with m.If(right[-1] & (blank | distance[-1])):
                    m.d.sync += [left.eq(right), right.eq(left), exponent.eq(moved)]
                m.next = "ALIGN"

            with m.State("ALIGN"):
                with m.If((distance == 0) | vanished):
                    m.d.comb += ending.eq(1)
                    m.next = "START"
                with m.Else():
                    m.d.sync += [
                        right.eq(right >> 1),
                        distance.eq(distance + Mux(distance[-1], 1, -1)),
                    ]

            with m.State("LOOK UP"):
                m.d.sync += segmenting.eq(1)
                m.next = "SEGMENT"

            with m.State("SEGMENT"):
                m.d.sync += [
                    left.eq(tables.segment.slope), base.eq(tables.segment.base),
                    exponent.eq(moved),
                ]
                multiply()

            with m.State("COLLECT"):
                m.d.sync += [window.eq(magnitude), searching.eq(1)]
                m.next = "SEARCH"

            with m.State("SEARCH"):
                with m.If(window[-SEARCH_STEP:].any() | exhausted):
                    m.d.sync += [
                        left.eq(leading.number), right.eq(leading.factor), searching.eq(0),
                    ]
                    multiply()
                with m.Else():
                    m.d.sync += [window.eq(window << SEARCH_STEP), exponent.eq(moved)]

            with m.State("MULTIPLY"):
                with m.If(does.absmax | does.squares):
                    m.d.sync += exponent.eq(moved)
                m.d.sync += handing.eq(does.absmax)
                with m.If(does.code_scale | does.rsqrt):
                    m.next = "SUBTRACT"
                with m.Else():
                    m.d.comb += ending.eq(1)
                    m.next = "START"

            with m.State("SUBTRACT"):
                m.d.comb += ending.eq(1)
                m.next = "START"

        # SQUARES: the bits below the 17 that were multiplied by up to 8.
        below = window[-MANTISSA_BITS - SEARCH_STEP + 1:-MANTISSA_BITS]
        m.d.comb += [
            final.tail.eq(Cat(
                (right[1] & below[2]) | (right[2] & below[1]) | (right[3] & below[0]),
                (right[2] & below[2]) | (right[3] & below[1]),
                right[3] & below[2],
            )),
            final.does.eq(does),
            final.constant.eq(left), final.total.eq(total), final.product.eq(product),
            final.interpolation.eq(interpolation),
            final.zero.eq(Mux(does.constant | does.code_scale | does.rsqrt, blank, empty)),
            final.exponent.eq(exponent),
            registers.write_enable.eq(self.finished),
            registers.write_index.eq(written_index),
            registers.write.eq(self.result),
        ]
        if self._texts > 1:
            m.d.comb += self.written.eq(written_index[-len(self.written):])
            with m.If(starting):
                m.d.sync += self.owner.eq(self.text)
        for text in range(self._texts):
            name = "result_scalar" if self._texts == 1 else f"result_scalar_{text}"
            with m.If(self.finished & (written_index == RESULT_SCALAR + SCALAR_REGISTERS * text)):
                m.d.sync += getattr(self, name).eq(self.result)
        return m

    def _of_text(self, index: Value) -> Value:
        """The number of a register of the text whose operation is offered."""
        return index if self._texts == 1 else Cat(index, self.text)
