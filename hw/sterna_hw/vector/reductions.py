"""Reductions over results: largest magnitude, and sum of squares."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import (
    Array,
    Cat,
    Const,
    Module,
    Mux,
    Shape,
    Signal,
    Value,
    signed,
    unsigned,
)
from amaranth.lib import memory
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import ABSMAX_REGISTERS, SQUARES_BITS, SQUARES_REGISTERS
from sterna.machine.machine import Machine

from sterna_hw.after_reset import take_all_after_reset
from sterna_hw.component import Component
from sterna_hw.immediate_read import add_with_immediate_read

STORE = {"no_rw_check": "1"}
"""The registers sit in look-up table memory, read and written in one clock."""


def magnitude(machine: Machine) -> StructLayout:
    """``abs(word) = rest + negative``: what an exclusive-or makes, without a carry chain."""
    return StructLayout({"rest": unsigned(machine.vector.word_bits - 1), "negative": 1})


def delayed(m: Module, value: Any, clocks: int, name: str) -> Any:
    """The value that many clocks ago; starts at zero."""
    for clock in range(clocks):
        later = Signal.like(value, name=f"{name}_{clock + 1}")
        m.d.sync += later.eq(value)
        value = later
    return value


def of_texts(machine: Machine) -> dict[str, Any]:
    """Members of a reduction that texts share: ``text``, In, whose group is given; ``take_text``,
    In, whose register is taken. Each text has registers of its own, of which one may be taken while
    a group of another is on its way."""
    if not machine.shared:
        return {}
    return {"text": In(range(machine.texts)), "take_text": In(range(machine.texts))}


def exceeds(left: Any, right: Value) -> Value:
    """``left.rest + left.negative > right`` as the sign of one subtraction.

    (A comparison operator would cost yosys a second test, for equality.)
    """
    difference = Cat(Const(0, 1), right) - Cat(left.negative, left.rest)
    return difference[-1]


def within_limit(value: Any) -> Value:
    """The magnitude, where a sum of ``2**(word_bits - 1)`` is the word limit, one less."""
    return Cat(value.rest, value.negative & ~value.rest.all())


class AbsmaxReduction(Component):
    """Largest magnitude of all lanes over any number of groups, in 4 registers.

    One group a clock. A group given in clock ``t`` is in the register from ``t + log2(lanes) + 1``.
    A reset clears the registers within 6 clocks, in which nothing is given.

    Members:
        magnitudes: one for each lane, In.
        enable, register: whether and where the group counts, In.
        take, take_register: clear a register, which happens in the next clock, In. No group may
            be on its way then.
        value: of ``take_register`` while no group is on its way, at most the word limit, Out.
        text, take_text: see `of_texts`.
    """

    def __init__(self, machine: Machine) -> None:
        self._magnitude = magnitude(machine)
        self._lanes = machine.vector.lanes
        self._bits = machine.vector.word_bits - 1
        self._texts = machine.texts
        super().__init__({
            **of_texts(machine),
            "magnitudes": In(ArrayLayout(self._magnitude, self._lanes)),
            "enable": In(1), "register": In(range(ABSMAX_REGISTERS)),
            "take": In(1), "take_register": In(range(ABSMAX_REGISTERS)),
            "value": Out(self._bits),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()

        level = [self.magnitudes[lane] for lane in range(self._lanes)]
        levels = 0
        while len(level) > 1:
            larger = []
            for index, (left, right) in enumerate(zip(level[::2], level[1::2], strict=True)):
                best = Signal(self._magnitude, name=f"largest_{levels}_{index}", reset_less=True)
                wins = exceeds(left, right.rest)  # wrong only where both are as large
                both = left.as_value(), right.as_value()
                if len(level) == 2:  # the other levels need not know
                    both = within_limit(left), within_limit(right)
                m.d.sync += best.eq(Mux(wins, *both))
                larger.append(best)
            level = larger
            levels += 1
        enable = delayed(m, self.enable, levels, "enable")
        register = delayed(m, self.register, levels, "register")

        new = self._magnitude(level[0] if levels else within_limit(level[0]))
        if self._texts == 1:
            self._add_store(m, platform, new, enable, register, self.take, self.value, "")
            return m
        text = delayed(m, self.text, levels, "text")
        values = Array(Signal(self._bits, name=f"value_{own}") for own in range(self._texts))
        for own, value in enumerate(values):
            self._add_store(m, platform, new, enable & (text == own), register,
                            self.take & (self.take_text == own), value, f"_{own}")
        m.d.comb += self.value.eq(values[self.take_text])
        return m

    def _add_store(self, m: Module, platform: Any, new: Any, enable: Value, register: Value,
                   take: Value, value: Value, name: str) -> None:
        """The registers, of one text."""
        store = memory.Memory(
            shape=unsigned(self._bits), depth=ABSMAX_REGISTERS, init=[], attrs=STORE)
        read = add_with_immediate_read(m, platform, f"store{name}", store)
        write = store.write_port()
        grows = Signal(name=f"grows{name}")
        taken = Signal(name=f"taken{name}")
        taken_register = Signal.like(self.take_register, name=f"taken_register{name}")
        take_all_after_reset(m, take, self.take_register, taken, taken_register)
        m.d.comb += [
            grows.eq(exceeds(new, read.data)),
            read.addr.eq(Mux(enable, register, self.take_register)),
            write.addr.eq(Mux(taken, taken_register, register)),
            write.en.eq(taken | (enable & grows)),
            write.data.eq(Mux(taken, 0, new.rest + new.negative)),
            value.eq(read.data),
        ]


class SquaresReduction(Component):
    """Exact sum of squares of all lanes over any number of groups, in 2 registers of 48 bits; or
    of the words themselves, where the machine has sums.

    One group a clock. A group given in clock ``t`` is in the register from ``t + log2(lanes) + 2``.
    A reset clears the registers within 5 clocks, in which nothing is given.

    Members:
        words: one for each lane, In.
        plain: whether it is words that count, not their squares, In; with sums only.
        enable, register: whether and where the group counts, In.
        take, take_register: show a register in ``value`` two clocks later and clear it, In. No
            group may be on its way then.
        value: Out.
        text, take_text: see `of_texts`.
    """

    def __init__(self, machine: Machine) -> None:
        self._bits = machine.vector.word_bits
        self._lanes = machine.vector.lanes
        self._sums = machine.vector.sums
        self._texts = machine.texts
        super().__init__({
            **of_texts(machine),
            **({"plain": In(1)} if self._sums else {}),
            "words": In(ArrayLayout(signed(self._bits), self._lanes)),
            "enable": In(1), "register": In(range(SQUARES_REGISTERS)),
            "take": In(1), "take_register": In(range(SQUARES_REGISTERS)),
            "value": Out(SQUARES_BITS),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        level = []
        for lane in range(self._lanes):
            square = Signal(self._shape(2 * self._bits - 2), name=f"square_{lane}",
                            reset_less=True)
            entered: Value = self.words[lane] * self.words[lane]
            if self._sums:
                entered = Mux(self.plain, self.words[lane], entered)
            m.d.sync += square.eq(entered)
            level.append(square)
        levels = 1
        while len(level) > 1:
            sums = []
            for index, (left, right) in enumerate(zip(level[::2], level[1::2], strict=True)):
                total = Signal(self._shape(len(left) + 1 - self._sums),
                               name=f"sum_{levels}_{index}", reset_less=True)
                m.d.sync += total.eq(left + right)
                sums.append(total)
            level = sums
            levels += 1
        enable = delayed(m, self.enable, levels, "enable")
        register = delayed(m, self.register, levels - 1, "register")
        if self._texts == 1:
            self._add_store(m, level[0], enable, register, self.take, self.value, "")
            return m
        text = delayed(m, self.text, levels - 1, "text")
        later = delayed(m, text, 1, "late_text")
        whose = Signal.like(self.take_text, name="whose")
        with m.If(self.take):
            m.d.sync += whose.eq(self.take_text)
        values = Array(Signal(SQUARES_BITS, name=f"value_{own}") for own in range(self._texts))
        for own, value in enumerate(values):
            self._add_store(m, level[0], enable & (later == own), register,
                            self.take & (self.take_text == own), value, f"_{own}")
        m.d.comb += self.value.eq(values[whose])
        return m

    def _add_store(self, m: Module, total: Value, enable: Value, register: Value, take: Value,
                   value: Value, name: str) -> None:
        """The registers, of one text."""
        asked = Signal(name=f"asked{name}")
        taken = Signal(name=f"taken{name}")
        asked_register = Signal.like(self.take_register, name=f"asked_register{name}")
        address = Signal.like(self.register, name=f"address{name}")
        take_all_after_reset(m, take, self.take_register, asked, asked_register)
        m.d.sync += [taken.eq(asked), address.eq(Mux(asked, asked_register, register))]

        m.submodules[f"store{name}"] = store = memory.Memory(
            shape=unsigned(SQUARES_BITS), depth=SQUARES_REGISTERS, init=[], attrs=STORE)
        read = store.read_port(domain="comb")
        write = store.write_port()
        m.d.comb += [
            read.addr.eq(address),
            write.addr.eq(address),
            write.en.eq(taken | enable),
            write.data.eq(Mux(taken, 0, read.data + total)),
            value.eq(read.data),
        ]

    def _shape(self, bits: int) -> Shape:
        """Of squares so wide, with a sign where words may be among them."""
        return signed(bits + 1) if self._sums else unsigned(bits)
