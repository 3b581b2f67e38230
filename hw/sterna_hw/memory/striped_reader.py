"""A region that is striped among memory ports, as a stream of words."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.memory import AXI_ADDRESS_BITS

from sterna_hw.component import Component
from sterna_hw.layouts import word_group
from sterna_hw.memory.axi_port import AxiReadPort
from sterna_hw.memory.dense_words import DenseWords
from sterna_hw.memory.row_words import RowWords
from sterna_hw.stream import connect_streams


class StripedReader(Component):
    """Words that lie one after the other in beats that go round the ports.

    After ``restart`` the words 0 .. depth - 1 follow, then nothing more; or the row of a RUN, as
    `RowWords` gives it. Throughput: one word a
    clock, or what the ports deliver; latency that of `AxiReadPort` and `DenseWords`. The last burst
    may read behind the last word.

    Members:
        restart: In(1). words: Out, stream of unsigned(8 * word_bytes), or of
            `word_group`. row_base: In, number of the first word of the row, as in `RowWords`.
        failed: Out(memory_ports), in which ports a beat comes with an error answer in this clock.
        arvalid_<p>, araddr_<p>, arready_<p>, rvalid_<p>, rdata_<p>, rerror_<p>: as in
            `AxiReadPort`, of every port p.

    Args:
        machine: gives ports, their width and the burst.
        word_bytes: bytes of a word. depth: words.
        base: dense address of word 0, a multiple of a burst of all ports.
        queue_beats: beats that each port fetches ahead.
        row: gives the row instead, and says where it lies.
    """

    def __init__(self, machine: Machine, word_bytes: int, depth: int,
                 base: int, queue_beats: int, row: RowWords | None = None) -> None:
        self._machine = machine
        self._word_bytes = word_bytes
        self._depth = depth
        self._base = base
        self._queue_beats = queue_beats
        self._row = row
        members: dict[str, Any] = {}
        for port in range(machine.outside.ports):
            members |= {
                f"arvalid_{port}": Out(1), f"araddr_{port}": Out(AXI_ADDRESS_BITS),
                f"arready_{port}": In(1), f"rvalid_{port}": In(1),
                f"rdata_{port}": In(machine.outside.bits), f"rerror_{port}": In(1),
            }
        given: Any = word_group(machine) if row else 8 * word_bytes
        if row:
            members["row_base"] = In(range(machine.vector.input_depth))
        super().__init__({
            "restart": In(1), "failed": Out(machine.outside.ports),
            "words": Out(stream.Signature(given)), **members,
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        ports, bits = machine.outside.ports, machine.outside.bits
        beat_bytes = ports * bits // 8
        burst_bytes = machine.outside.burst * beat_bytes
        row = self._row
        bursts = -(-self._depth * self._word_bytes // burst_bytes)
        if row:
            bursts = row.most
        readers = []
        for port in range(ports):
            reader = AxiReadPort(bits, machine.outside.burst, self._queue_beats, bursts,
                                 self._base // ports, row is not None)
            m.submodules[f"reader_{port}"] = reader
            readers.append(reader)
            m.d.comb += reader.restart.eq(self.restart)
            if row:
                m.d.comb += [reader.first.eq(row.first), reader.bursts.eq(row.bursts)]
            m.d.comb += self.failed[port].eq(reader.failed)
            for name in ("arready", "rvalid", "rdata", "rerror"):
                m.d.comb += getattr(reader, name).eq(getattr(self, f"{name}_{port}"))
            for name in ("arvalid", "araddr"):
                m.d.comb += getattr(self, f"{name}_{port}").eq(getattr(reader, name))

        dense: Any = row or DenseWords(beat_bytes, self._word_bytes, self._depth)
        m.submodules.dense = dense
        if row:
            m.d.comb += row.base.eq(self.row_base)
        whole = Cat(reader.beats.valid for reader in readers).all()
        m.d.comb += [
            dense.restart.eq(self.restart),
            dense.beats.payload.eq(Cat(reader.beats.payload for reader in readers)),
            dense.beats.valid.eq(whole),
            *(reader.beats.ready.eq(dense.beats.ready & whole) for reader in readers),
        ]
        connect_streams(m, dense.words, self.words)
        return m
