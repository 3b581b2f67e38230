"""Words of an SDR SDRAM as a stream."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.memory import outside_words
from sterna.machine.protocol import Space, space_number
from sterna.machine.sdram import BURST_BEATS, SdramClocks, find_part

from sterna_hw.component import Component
from sterna_hw.layouts import WriteChunk
from sterna_hw.memory.axi_writer import AxiWriter
from sterna_hw.memory.block_queue import BlockQueue
from sterna_hw.memory.dense_words import DenseWords
from sterna_hw.memory.sdram_controller import SdramController, pin_members
from sterna_hw.stream import connect_streams


def sdram_members(machine: Machine) -> dict[str, Any]:
    """The pins of `sterna_hw.memory.sdram_controller.pin_members`, ``sdram_ras_n`` and so on."""
    part = find_part(machine.sdram.part)
    return {f"sdram_{name}": member for name, member in pin_members(part).items()}


class SdramSource(Component):
    """The weight source for SDR SDRAM, with the members of `SequentialSource` less ``base``.

    Words lie byte after byte from beat 0 on, without padding. After ``restart`` the words 0 ..
    outside_words - 1 follow, then nothing more. ``memory_prefetch`` beats are fetched ahead.
    Throughput: one word a clock, or what the part delivers; see `SdramController`.

    Members:
        restart: In(1). words: Out, stream of unsigned(8 * weight_bytes).
        writes: In, stream of `WriteChunk` for the weights; each byte is a write of its own, about
            40 clocks. Load before restart.
        sdram_*: see `sdram_members`.

    Args:
        machine: gives the part and the clock.
        clocks: times of the part other than those that follow from it.
    """

    def __init__(self, machine: Machine,
                 clocks: SdramClocks | None = None) -> None:
        self._machine = machine
        self._part = find_part(machine.sdram.part)
        self._clocks = clocks or self._part.clocks(machine.sdram.hz)
        super().__init__({
            "restart": In(1),
            "words": Out(stream.Signature(8 * machine.ternary.weight_bytes)),
            "writes": In(stream.Signature(WriteChunk)),
            **sdram_members(machine),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, part = self._machine, self._part
        m.submodules.controller = controller = SdramController(part, self._clocks)
        for name, member in pin_members(part).items():
            outer, inner = getattr(self, f"sdram_{name}"), getattr(controller, name)
            m.d.comb += outer.eq(inner) if member.flow is Out else inner.eq(outer)

        depth = machine.outside.prefetch
        total = outside_words(machine) * machine.ternary.weight_bytes
        bursts = -(-total // (BURST_BEATS * part.bits // 8))
        m.submodules.queue = queue = BlockQueue(part.bits, depth)
        m.submodules.dense = dense = DenseWords(
            part.bits // 8, machine.ternary.weight_bytes, outside_words(machine))
        m.d.comb += [
            controller.restart.eq(self.restart),
            queue.clear.eq(self.restart),
            queue.push.eq(controller.arrived),
            queue.data.eq(controller.data),
            dense.restart.eq(self.restart),
        ]
        connect_streams(m, queue.o, dense.beats)
        connect_streams(m, dense.words, self.words)

        # Room that is not yet promised to a burst, and bursts that were not begun.
        room = Signal(range(depth + 1))
        left = Signal(range(bursts + 1))
        leaving = Signal()
        promised = Signal(range(BURST_BEATS + 1))
        m.d.comb += [
            controller.go.eq((left != 0) & (room >= BURST_BEATS)),
            leaving.eq(queue.o.valid & queue.o.ready),
        ]
        with m.If(controller.begun):
            m.d.comb += promised.eq(BURST_BEATS)
            m.d.sync += left.eq(left - 1)
        m.d.sync += room.eq(room + leaving - promised)
        with m.If(self.restart):
            m.d.sync += [room.eq(depth), left.eq(bursts)]
        self._write(m, controller)
        return m

    def _write(self, m: Module, controller: SdramController) -> None:
        """Chunks become bytes at dense addresses, as for an AXI port."""
        beat_bytes = self._part.bits // 8
        m.submodules.writer = writer = AxiWriter(
            1, self._part.bits, self._machine.ternary.weight_bytes,
            space_number(self._machine, Space.WEIGHTS))
        connect_streams(m, self.writes, writer.writes)
        m.d.comb += [
            controller.write_valid.eq(writer.awvalid[0]),
            controller.write_beat.eq(writer.awaddr >> (beat_bytes.bit_length() - 1)),
            controller.write_data.eq(writer.wdata),
            controller.write_mask.eq(Cat(strobe.replicate(8) for strobe in writer.wstrb)),
            writer.awready.eq(controller.written),
            writer.wready.eq(controller.written),
            writer.bvalid.eq(controller.written),
        ]
