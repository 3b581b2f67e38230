"""Accumulators of the rows: one slot for each row group of a block."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal, signed
from amaranth.lib import memory
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.unit import is_power_of_two

from sterna_hw.component import Component
from sterna_hw.immediate_read import add_with_immediate_read
from sterna_hw.ternary.folded_adder import FoldedAdder

_MEMORY_DEPTH = 16
READ_CLOCKS = 2
"""From the address of a block RAM to what was there, which leaves a register."""


class Accumulators(Component):
    """``slot += sums + carries`` (``slot = …`` unless ``again``), for ``rows`` rows at once.

    Exact. Read, add and write take one clock, so a slot may follow itself without a gap. Slot 0
    stays zero and is read for the first sum: cheaper than a mask behind the memory, unless there
    are as many slots as a look-up table memory is deep.

    Deep ones lie in block RAM, which is read `READ_CLOCKS` before: a slot must not be added to
    again so soon.

    Members:
        valid: In(1), add in this clock.
        slot: In, 1 .. block_groups. soon: In, the slot in `READ_CLOCKS`, where accumulators are
            deep.
        again: In(1), the slot holds a sum of the same row group.
        sums: In, ``rows`` sums. carries: In(rows).
        values: Out, ``rows`` accumulators after the add, in the same clock.

    Args:
        machine: shape of the accelerator.
        sum_bits: width of a sum.
    """

    def __init__(self, machine: Machine, sum_bits: int) -> None:
        self._machine = machine
        rows, bits = machine.ternary.rows, machine.ternary.accumulator_bits
        slot = In(range(machine.ternary.block_groups + 1))
        super().__init__({
            "valid": In(1),
            "slot": slot,
            **({"soon": slot} if machine.ternary.deep_accumulators else {}),
            "again": In(1),
            "sums": In(ArrayLayout(signed(sum_bits), rows)),
            "carries": In(machine.ternary.rows),
            "values": Out(ArrayLayout(signed(bits), rows)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        groups, bits = self._machine.ternary.block_groups, self._machine.ternary.accumulator_bits
        deep = self._machine.ternary.deep_accumulators
        masked = deep or groups == _MEMORY_DEPTH
        # Slots begin at one: of as many as the memory has words the last one is word 0.
        whole = masked and is_power_of_two(groups)
        storage = memory.Memory(
            shape=self.values.shape(), depth=groups if whole else groups + 1, init=[])
        if deep:
            before = self._read_ahead(m, storage)
        else:
            read = add_with_immediate_read(m, platform, "storage", storage)
            m.d.comb += read.addr.eq(self.slot if masked else Mux(self.again, self.slot, 0))
            before = read.data
        write = storage.write_port()
        m.d.comb += [
            write.addr.eq(self.slot),
            write.en.eq(self.valid),
            write.data.eq(self.values),
        ]
        for row in range(self._machine.ternary.rows):
            m.submodules[f"adder_{row}"] = adder = FoldedAdder(
                bits, len(self.sums[row]), bits, mask=True)
            m.d.comb += [
                adder.a.eq(before[row]),
                adder.control.eq(self.again if masked else Const(1)),
                adder.b.eq(self.sums[row]),
                adder.carry.eq(self.carries[row]),
                self.values[row].eq(adder.total),
            ]
        return m

    def _read_ahead(self, m: Module, storage: memory.Memory) -> Any:
        """What the slot holds that comes next, in the clock in which it comes."""
        storage.attrs.update(ram_style="block", no_rw_check="1")
        m.submodules.storage = storage
        read = storage.read_port()
        before = Signal.like(read.data, reset_less=True)
        m.d.comb += [read.addr.eq(self.soon), read.en.eq(Const(1))]
        m.d.sync += before.eq(read.data)
        return before
