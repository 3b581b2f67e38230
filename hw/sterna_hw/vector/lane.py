"""One lane of the vector unit: from operands to a saturated word and a code."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import CODE_BITS, TABLE_INDEX_BITS
from sterna.machine.machine import Machine
from sterna.machine.units.vector import vector_registers

from sterna_hw.component import Component
from sterna_hw.vector.reductions import delayed
from sterna_hw.vector.rounding import FINE, ProductShift
from sterna_hw.vector.tables import table_entry

TABLE_REGISTERS = 2
"""Of the ``vector_registers``, those before and behind the look-up tables."""
PRODUCT_REGISTERS = 1
"""Those behind the register of the product, which is in the multiplier."""


def lane_control(machine: Machine) -> StructLayout:
    """Control of all lanes; the number is the stage (clocks after issue) of the group it is for.

    ``shift`` selects are those of `ShiftSelect`. From stage 3 on, `TABLE_REGISTERS` come on top
    where the machine has ``vector_registers``, from stage 5 on `PRODUCT_REGISTERS` too.
    """
    return StructLayout({
        "use_accumulator_1": 1, "use_input_1": 1,
        "use_memory_2": 1, "use_b_2": 1, "use_constant_2": 1,
        "lookup_2": 1, "lookup_3": 1, "add_b_3": 1,
        "broadcast_3": signed(machine.vector.word_bits),
        "coarse_5": FINE, "fine_5": FINE, "keep_5": 5,
    })


class Lane(Component):
    """``saturate(round_shift(a * multiplier, shift) + addend)``, one element a clock.

    Latency: operands in stages 1 and 2, table entry in stage 3, result in stage 7. Sources meet in
    OR gates, and control gates them.

    With ``vector_registers`` (4) there is a register before the tables, one behind them, one behind
    the product, and one behind the result.

    Members:
        control: see `lane_control`, In.
        memory_a, memory_b, accumulator, input: words in stage 1, In. constant: in stage 2, In.
        segment: table segment in stage 2, Out; entry: table entry in stage 3, In.
        word: the result in the last stage, Out.
        magnitude, negative: of the result in the last stage as
            ``abs(word) = magnitude + negative``, where a sum of ``2**(W-1)`` stands for the word
            limit, Out.
        code: the result clamped to a code, in the last stage, Out.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        word = signed(machine.vector.word_bits)
        super().__init__({
            "control": In(lane_control(machine)),
            "memory_a": In(word), "memory_b": In(word),
            "accumulator": In(word), "input": In(word), "constant": In(word),
            "segment": Out(TABLE_INDEX_BITS), "entry": In(table_entry(machine)),
            "word": Out(word),
            "magnitude": Out(machine.vector.word_bits - 1), "negative": Out(1),
            "code": Out(signed(CODE_BITS)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, control = self._machine, self.control
        bits = machine.vector.word_bits

        def register(name: str, width: int = bits) -> Signal:
            return Signal(signed(width), name=name, reset_less=True)

        # Stage 1 to 3: operands; the look-up replaces a by its fraction. Words from memories go
        # straight to a register, which a block RAM has inside.
        memory_2, stream_2 = register("memory_2"), register("stream_2")
        a_2 = Signal(signed(bits))
        b_2 = register("b_2")
        far = vector_registers(machine) > 0
        a_3, b_3, multiplier_3 = register("a_3"), register("b_3"), register("multiplier_3")
        m.d.sync += [
            memory_2.eq(self.memory_a),
            stream_2.eq((self.accumulator & control.use_accumulator_1.replicate(bits))
                        | (self.input & control.use_input_1.replicate(bits))),
            b_2.eq(self.memory_b),
            a_3.eq(a_2),
            b_3.eq(b_2),
            multiplier_3.eq((b_2 & control.use_b_2.replicate(bits))
                            | (self.constant & control.use_constant_2.replicate(bits))),
        ]
        with m.If(control.lookup_2):
            m.d.sync += a_3[bits - TABLE_INDEX_BITS:].eq(0)
        m.d.comb += a_2.eq((memory_2 & control.use_memory_2.replicate(bits)) | stream_2)
        entry: Any = self.entry
        segment = a_2[bits - TABLE_INDEX_BITS:]
        if far:
            entry = Signal.like(self.entry, name="late_entry", reset_less=True)
            m.d.sync += [self.segment.eq(segment), entry.eq(self.entry)]
            a_3, b_3, multiplier_3 = (
                delayed(m, value, TABLE_REGISTERS, value.name)
                for value in (a_3, b_3, multiplier_3))
        else:
            m.d.comb += self.segment.eq(segment)

        # Stage 4: factors and addend. Stage 5: product.
        a_4, multiplier_4 = register("a_4"), register("multiplier_4")
        product_5 = register("product_5", 2 * bits)
        addend_4, addend_5 = register("addend_4"), register("addend_5")
        lookup = control.lookup_3.replicate(bits)
        m.d.sync += [
            a_4.eq(a_3),
            multiplier_4.eq((entry.slope & lookup) | multiplier_3 | control.broadcast_3),
            addend_4.eq((entry.base & lookup) | (b_3 & control.add_b_3.replicate(bits))),
            product_5.eq(a_4 * multiplier_4),
            addend_5.eq(addend_4),
        ]
        if far:
            product_5 = delayed(m, product_5, PRODUCT_REGISTERS, "product")
            addend_5 = delayed(m, addend_5, PRODUCT_REGISTERS, "addend")

        # Stage 6: rounded quotient, still in two parts. Stage 7: saturated sum.
        m.submodules.shift = shift = ProductShift(machine)
        quotient_6, addend_6 = register("quotient_6", bits + 1), register("addend_6")
        half_6 = Signal()
        overflow_6 = Signal()
        sign_6 = Signal()
        m.d.comb += [
            shift.product.eq(product_5),
            shift.coarse.eq(control.coarse_5),
            shift.fine.eq(control.fine_5),
            shift.keep.eq(control.keep_5),
        ]
        m.d.sync += [
            quotient_6.eq(shift.quotient),
            half_6.eq(shift.half),
            overflow_6.eq(shift.overflow),
            sign_6.eq(product_5[-1]),
            addend_6.eq(addend_5),
        ]
        total = Signal(signed(bits + 3))
        result_7 = register("result_7")
        overflow = Signal()
        negative = Signal()
        m.d.comb += [
            # The lowest bit is the carry into one adder.
            total.eq(Cat(half_6, quotient_6).as_signed() + Cat(Const(1, 1), addend_6).as_signed()),
            overflow.eq(overflow_6 | ((total[-1] != total[-2]) | (total[-2] != total[-3]))),
            negative.eq(Mux(overflow_6, sign_6, total[-1])),
        ]
        limit = Cat(Const(1, 1), (~negative).replicate(bits - 2), negative)
        m.d.sync += result_7.eq(Mux(overflow, limit, total[1:bits + 1]))

        # Only here can -2**(W-1), which is no word, become the negative limit: set its lowest bit.
        lowest = result_7[-1] & ~result_7[:-1].any()
        word: Any = Cat(result_7[0] | lowest, result_7[1:]).as_signed()
        if far:
            word = result_7 = delayed(m, word, 1, "word")
        sign = result_7[-1]
        m.d.comb += [
            self.word.eq(word),
            self.magnitude.eq(result_7[:-1] ^ sign.replicate(bits - 1)),
            self.negative.eq(sign),
        ]
        fits = Signal()
        least = sign & ~result_7[:CODE_BITS - 1].any()
        m.d.comb += [
            fits.eq(Mux(sign, result_7[CODE_BITS - 1:-1].all(),
                        ~result_7[CODE_BITS - 1:-1].any())),
            self.code.eq(Cat(
                ~fits | least | result_7[0],
                Mux(fits, result_7[1:CODE_BITS - 1], (~sign).replicate(CODE_BITS - 2)),
                sign,
            ).as_signed()),
        ]
        return m
