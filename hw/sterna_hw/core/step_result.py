"""The payload of a spiking accelerator's RESULT frame, word by word."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import memory, stream
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS, counter_words
from sterna.machine.units.neurons import RESULT_BITS

from sterna_hw.component import Component
from sterna_hw.spiking.neuron_runner import result_group


class StepResult(Component):
    """Keeps the outputs of a step, and sends them behind the counters.

    One word in two clocks. What it reads must be steady until the last word is taken.

    Members:
        result: In, `result_group`; groups of one population, the first marked.
        start: In(1), send one payload.
        counters: In, `counter_words` words of 32 bits.
        words: Out, stream of unsigned(32).
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        super().__init__({
            "result": In(result_group(machine)),
            "start": In(1),
            "counters": In(ArrayLayout(CHUNK_BITS, counter_words(machine))),
            "words": Out(stream.Signature(CHUNK_BITS)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, lanes = self._machine, self._machine.neurons.lanes
        counters = counter_words(machine)
        depth = max(2, -(-machine.neurons.outputs // lanes))
        m.submodules.storage = storage = memory.Memory(
            shape=ArrayLayout(signed(RESULT_BITS), lanes), depth=depth, init=[],
            attrs={"no_rw_check": "1"})
        write, read = storage.write_port(), storage.read_port()
        group = Signal(range(depth))
        with m.If(self.result.valid):
            m.d.sync += group.eq(write.addr + 1)
        m.d.comb += [
            write.addr.eq(group), write.en.eq(self.result.valid),
            write.data.eq(self.result["values"]),
        ]
        with m.If(self.result.first):
            m.d.comb += write.addr.eq(0)

        # Counters come first, then the outputs: bits below `shift` say which lane.
        total, shift = counters + machine.neurons.outputs, lanes.bit_length() - 1
        number, counting = Signal(range(total + 1)), Signal()
        place = Signal(range(max(2, lanes * depth)))
        active, read_last = Signal(), Signal()
        lane = place[:shift] if shift else 0
        with m.If(self.start):
            m.d.sync += [active.eq(1), number.eq(0), place.eq(0)]
        m.d.comb += [
            read.addr.eq(place >> shift),
            counting.eq(number < counters),
        ]
        m.d.sync += read_last.eq(active & ~self.words.valid & ~read_last)
        with m.If(self.words.valid & self.words.ready):
            m.d.sync += self.words.valid.eq(0)
        with m.If(read_last):
            m.d.sync += [self.words.valid.eq(1), number.eq(number + 1)]
            with m.If(counting):
                m.d.sync += self.words.payload.eq(
                    self.counters[number[:counters.bit_length() - 1]])
            with m.Else():
                m.d.sync += [self.words.payload.eq(read.data[lane]), place.eq(place + 1)]
            with m.If(number == total - 1):
                m.d.sync += active.eq(0)
        return m
