"""Words of the vector unit, in groups as the LIF engines take them."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import stream
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.vector import LENGTH_BITS

from sterna_hw.component import Component
from sterna_hw.layouts import word_group


class CurrentGroups(Component):
    """Cuts groups of the vector unit's lanes into those of ``neuron_lanes``.

    What the last group has beyond ``count`` is left out. Throughput: a group of currents a clock.
    Latency: none.

    Members:
        start: In(1), a command begins; only when all was taken. count: In, groups of currents
            wanted, at least 1.
        words: In, stream of `word_group`; taken from ``start`` on.
        o: Out, stream of ``neuron_lanes`` currents.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        values = ArrayLayout(signed(machine.vector.word_bits), machine.neurons.lanes)
        super().__init__({
            "start": In(1),
            "count": In(LENGTH_BITS),
            "words": In(stream.Signature(word_group(machine))),
            "o": Out(stream.Signature(values)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        parts = self._machine.vector.lanes // self._machine.neurons.lanes
        width = self.o.payload.shape().size
        part = Signal(range(max(2, parts)))
        left = Signal(LENGTH_BITS)
        leaves = Signal()
        last = Signal()
        m.d.comb += [
            self.o.valid.eq(self.words.valid & (left != 0)),
            self.o.payload.as_value().eq(self.words.payload.as_value().word_select(part, width)),
            leaves.eq(self.o.valid & self.o.ready),
            last.eq((part == parts - 1) | (left == 1)),
            self.words.ready.eq(self.o.ready & (left != 0) & last),
        ]
        with m.If(leaves):
            m.d.sync += [left.eq(left - 1), part.eq(part + 1)]
            with m.If(last):
                m.d.sync += part.eq(0)
        with m.If(self.start):
            m.d.sync += left.eq(self.count)
        return m
