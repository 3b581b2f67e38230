"""Registers and interpolation tables of the scalar unit."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, unsigned
from amaranth.lib import memory
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import (
    CODE_SCALE_TABLE,
    MANTISSA_BITS,
    RSQRT_EVEN_TABLE,
    RSQRT_ODD_TABLE,
    SCALAR_REGISTERS,
    SCALAR_SEGMENTS,
)

from sterna_hw.component import Component
from sterna_hw.immediate_read import add_with_immediate_read
from sterna_hw.vector.command import SCALAR

SEGMENT_BITS = (SCALAR_SEGMENTS - 1).bit_length()
SLOPE_BITS = 10
SEGMENT = StructLayout({"base": unsigned(MANTISSA_BITS), "slope": unsigned(SLOPE_BITS)})


class ScalarRegisters(Component):
    """16 scalar floats of each text, zero at first.

    Members:
        read_index: In; read: in the same clock, Out.
        write_enable, write_index, write: In; readable from the next clock.
    """

    def __init__(self, texts: int = 1) -> None:
        self._depth = SCALAR_REGISTERS * texts
        super().__init__({
            "read_index": In(range(self._depth)), "read": Out(SCALAR),
            "write_enable": In(1), "write_index": In(range(self._depth)), "write": In(SCALAR),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        store = memory.Memory(
            shape=SCALAR, depth=self._depth, init=[], attrs={"no_rw_check": "1"})
        read = add_with_immediate_read(m, platform, "store", store)
        write = store.write_port()
        m.d.comb += [
            read.addr.eq(self.read_index), self.read.eq(read.data),
            write.en.eq(self.write_enable), write.addr.eq(self.write_index),
            write.data.eq(self.write),
        ]
        return m


class ScalarTables(Component):
    """The three tables of the arithmetic as one read-only memory. Read latency 2 clocks.

    Members:
        rsqrt, odd: which table: code scale (``odd`` clear), reciprocal root of even or odd
            exponent, In.
        index: high bits of the mantissa without its leading one, In.
        segment: base and slope, Out.
    """

    def __init__(self) -> None:
        super().__init__({
            "rsqrt": In(1), "odd": In(1), "index": In(SEGMENT_BITS),
            "segment": Out(SEGMENT),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        tables = CODE_SCALE_TABLE + RSQRT_EVEN_TABLE + RSQRT_ODD_TABLE
        rows = [base | slope << MANTISSA_BITS for base, slope in tables]
        m.submodules.store = store = memory.Memory(
            shape=unsigned(SEGMENT.size), depth=len(rows), init=rows)
        read = store.read_port()
        m.d.comb += [
            read.en.eq(1),
            read.addr.eq(Cat(self.index, self.rsqrt & ~self.odd, self.rsqrt & self.odd)),
        ]
        m.d.sync += self.segment.eq(read.data)
        return m
