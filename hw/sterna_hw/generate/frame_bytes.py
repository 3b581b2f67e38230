"""The payload of a GENERATE or STOP frame, kept until it is known to be good."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import memory, stream
from amaranth.lib.wiring import In, Out
from sterna.machine.generation import HEADER, ID_BYTES, REQUEST_BYTES, most_given
from sterna.machine.machine import Machine
from sterna.machine.units.generate import MOST_ENDS

from sterna_hw.component import Component
from sterna_hw.generate.texts import window_of


class FrameBytes(Component):
    """Keeps the bytes of the longest frame that is right, and counts all of them.

    Throughput: a byte a clock, each way. Latency: a byte that is written is read two clocks later.

    Members:
        bytes: In, stream of unsigned(8), always taken. clear: In(1), the next is the first.
        count: Out(16), bytes, no more than 65535.
        go: In(1), place: In, of the byte to read next; step: In(1), to the one behind. byte:
            Out(8), that to which this has led, from the clock after on.
    """

    def __init__(self, machine: Machine) -> None:
        most = HEADER.size + REQUEST_BYTES + ID_BYTES * (
            MOST_ENDS + most_given(window_of(machine)))
        self._bits = (most - 1).bit_length()
        super().__init__({
            "bytes": In(stream.Signature(8, always_ready=True)), "clear": In(1),
            "count": Out(16),
            "go": In(1), "place": In(self._bits), "step": In(1), "byte": Out(8),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.storage = storage = memory.Memory(
            shape=unsigned(8), depth=1 << self._bits, init=[])
        read = storage.read_port()
        write = storage.write_port()
        full = Signal()
        place = Signal(self._bits)
        following = Signal(self._bits)
        m.d.comb += [
            full.eq(self.count[self._bits:].any()),
            write.addr.eq(self.count), write.data.eq(self.bytes.payload),
            write.en.eq(self.bytes.valid & ~full),
            following.eq(Mux(self.go, self.place, place + self.step)),
            read.addr.eq(following), self.byte.eq(read.data),
        ]
        m.d.sync += place.eq(following)
        with m.If(self.clear):
            m.d.sync += self.count.eq(0)
        with m.Elif(self.bytes.valid & ~self.count.all()):
            m.d.sync += self.count.eq(self.count + 1)
        return m
