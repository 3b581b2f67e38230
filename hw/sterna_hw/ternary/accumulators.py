"""Accumulators of the rows: one slot for each row group of a block."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, signed
from amaranth.lib import memory
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.program.configuration import HardwareConfiguration

from sterna_hw.component import Component


class Accumulators(Component):
    """``slot += sums`` (``slot = sums`` where ``first``), exact, for ``rows`` rows at once.

    Read, add and write take one clock, so a slot may follow itself without a gap. Slot 0
    stays zero and is read for the first sum: cheaper than a mask behind the memory as long as
    block_groups + 1 fits the depth of a look-up table memory (16 or 32).

    Members:
        valid: In(1), add in this clock.
        slot: In, 1 .. block_groups.
        first: In(1).
        sums: In, ``rows`` sums.
        values: Out, ``rows`` accumulators after the add, in the same clock.

    Args:
        configuration: shape of the accelerator.
        sum_bits: width of a sum.
    """

    def __init__(self, configuration: HardwareConfiguration, sum_bits: int) -> None:
        self._configuration = configuration
        rows, bits = configuration.rows, configuration.accumulator_bits
        super().__init__({
            "valid": In(1),
            "slot": In(range(configuration.block_groups + 1)),
            "first": In(1),
            "sums": In(ArrayLayout(signed(sum_bits), rows)),
            "values": Out(ArrayLayout(signed(bits), rows)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.storage = storage = memory.Memory(
            shape=self.values.shape(), depth=self._configuration.block_groups + 1, init=[])
        write, read = storage.write_port(), storage.read_port(domain="comb")
        m.d.comb += [
            read.addr.eq(Mux(self.first, 0, self.slot)),
            write.addr.eq(self.slot),
            write.en.eq(self.valid),
            write.data.eq(self.values),
        ]
        m.d.comb += [
            self.values[row].eq(read.data[row] + self.sums[row])
            for row in range(self._configuration.rows)
        ]
        return m
