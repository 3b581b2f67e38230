"""Weights, and rows, of an SDR SDRAM as streams of words."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.memory import outside_words
from sterna.machine.protocol import Space, space_number
from sterna.machine.row_memory import row_base
from sterna.machine.sdram import BURST_BEATS, SdramClocks, find_part

from sterna_hw.component import Component
from sterna_hw.layouts import WriteChunk
from sterna_hw.memory.axi_writer import AxiWriter
from sterna_hw.memory.dense_words import DenseWords
from sterna_hw.memory.row_words import RowWords, row_members
from sterna_hw.memory.sdram_controller import pin_members
from sterna_hw.memory.sdram_reader import Region, SdramReader
from sterna_hw.stream import connect_streams


def sdram_members(machine: Machine) -> dict[str, Any]:
    """The pins of `sterna_hw.memory.sdram_controller.pin_members`, ``sdram_ras_n`` and so on."""
    part = find_part(machine.sdram.part)
    return {f"sdram_{name}": member for name, member in pin_members(part).items()}


class SdramSource(Component):
    """The source of what lies in an SDR SDRAM: weights, rows, or both.

    Weights have the members of `SequentialSource` less ``base``. Words lie byte after byte from
    beat 0 on, without padding. After ``restart`` the words 0 .. outside_words - 1 follow, then
    nothing more. ``memory_prefetch`` beats are fetched ahead. Throughput: one word a clock, or what
    the part delivers; see `SdramController`.

    Rows lie from `row_base` on, and are fetched first, one token stream's after the other's, each
    into a queue that holds it. The first word comes about 20 clocks after the restart, the others
    as fast as the part delivers.

    Members:
        restart: In(1). words: Out, stream of unsigned(8 * machine.weight_bytes).
        writes: In, stream of `WriteChunk` for the weights; each byte is a write of its own, about
            40 clocks. Load before restart.
        base_<n>, rows_<n>, row_writes: see `row_members`.
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
        weights: dict[str, Any] = {
            "words": Out(stream.Signature(8 * machine.weight_bytes)),
            "writes": In(stream.Signature(WriteChunk)),
        } if machine.memory.outside else {}
        super().__init__({
            "restart": In(1), **weights, **row_members(machine), **sdram_members(machine)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, part = self._machine, self._part
        beat_bytes = part.bits // 8
        burst_bytes = BURST_BEATS * beat_bytes
        rows = [RowWords(machine, beat_bytes)
                for _ in range(machine.streams)] if machine.row_memory.outside else []
        regions = [Region(row.most, row.most * BURST_BEATS) for row in rows]
        if machine.memory.outside:
            total = outside_words(machine) * machine.weight_bytes
            regions.append(Region(-(-total // burst_bytes), machine.outside.prefetch))
        m.submodules.reader = reader = SdramReader(part, self._clocks, regions)
        for name, member in pin_members(part).items():
            outer, inner = getattr(self, f"sdram_{name}"), getattr(reader, name)
            m.d.comb += outer.eq(inner) if member.flow is Out else inner.eq(outer)
        m.d.comb += reader.restart.eq(self.restart)
        for number, row in enumerate(rows):
            m.submodules[f"row_{number}"] = row
            m.d.comb += [
                row.restart.eq(self.restart),
                row.base.eq(getattr(self, f"base_{number}")),
                getattr(reader, f"first_{number}").eq(row.first),
                getattr(reader, f"bursts_{number}").eq(row.bursts),
            ]
            connect_streams(m, getattr(reader, f"beats_{number}"), row.beats)
            connect_streams(m, row.words, getattr(self, f"rows_{number}"))
        writers = []
        if machine.memory.outside:
            number = len(rows)
            m.submodules.dense = dense = DenseWords(
                beat_bytes, machine.weight_bytes, outside_words(machine))
            m.d.comb += [
                dense.restart.eq(self.restart),
                getattr(reader, f"bursts_{number}").eq(regions[number].bursts),
            ]
            connect_streams(m, getattr(reader, f"beats_{number}"), dense.beats)
            connect_streams(m, dense.words, self.words)
            writers.append((self.writes, machine.weight_bytes, Space.WEIGHTS, 0))
        if rows:
            writers.append((self.row_writes, machine.vector.constant_bytes, Space.INPUT,
                            row_base(machine)))
        for writes, size, space, base in writers:
            self._write(m, reader, writes, size, space, base)
        return m

    def _write(self, m: Module, reader: SdramReader, writes: Any, word_bytes: int, space: str,
               base: int) -> None:
        """Chunks become bytes at dense addresses, as for an AXI port; one object at a time."""
        beat_bytes = self._part.bits // 8
        writer = AxiWriter(1, self._part.bits, word_bytes,
                           space_number(self._machine, space), base)
        m.submodules[f"{space}_writer"] = writer
        connect_streams(m, writes, writer.writes)
        m.d.comb += [
            writer.awready.eq(reader.written),
            writer.wready.eq(reader.written),
            writer.bvalid.eq(reader.written),
        ]
        with m.If(writer.awvalid[0]):
            m.d.comb += [
                reader.write_valid.eq(1),
                reader.write_beat.eq(writer.awaddr >> (beat_bytes.bit_length() - 1)),
                reader.write_data.eq(writer.wdata),
                reader.write_mask.eq(Cat(strobe.replicate(8) for strobe in writer.wstrb)),
            ]
