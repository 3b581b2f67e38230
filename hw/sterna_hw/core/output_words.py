"""The outputs of a network in RESULT."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import memory
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS
from sterna.machine.units.neurons import RESULT_BITS

from sterna_hw.component import Component
from sterna_hw.spiking.neuron_runner import result_group


class OutputWords(Component):
    """Keeps the outputs of a step, to be read one by one.

    Members:
        restart: In(1), the next group is the first of a RUN.
        result: In, `result_group`; groups of one population after the other.
        index: In(range(outputs)), output wanted; word: Out(32), it, in the clock after.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        super().__init__({
            "restart": In(1),
            "result": In(result_group(machine)),
            "index": In(range(max(2, machine.neurons.outputs))),
            "word": Out(CHUNK_BITS),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        lanes, outputs = self._machine.neurons.lanes, self._machine.neurons.outputs
        depth = max(2, -(-outputs // lanes))
        m.submodules.storage = storage = memory.Memory(
            shape=ArrayLayout(signed(RESULT_BITS), lanes), depth=depth, init=[],
            attrs={"no_rw_check": "1"})
        write = storage.write_port()
        read = storage.read_port()
        group = Signal(range(depth))
        with m.If(self.result.valid):
            m.d.sync += group.eq(group + 1)
        with m.If(self.restart):
            m.d.sync += group.eq(0)
        m.d.comb += [
            write.addr.eq(group), write.en.eq(self.result.valid),
            write.data.eq(self.result["values"]),
        ]

        shift = lanes.bit_length() - 1
        m.d.comb += read.addr.eq(self.index >> shift)
        if lanes == 1:
            m.d.comb += self.word.eq(read.data[0])
            return m
        lane = Signal(shift)
        m.d.sync += lane.eq(self.index[:shift])
        m.d.comb += self.word.eq(read.data[lane])
        return m
