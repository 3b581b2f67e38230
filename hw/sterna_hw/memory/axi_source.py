"""Words of a memory behind AXI4 ports, as a stream."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.program.configuration import AXI_ADDRESS_BITS, HardwareConfiguration
from sterna.program.protocol import Space

from sterna_hw.component import Component
from sterna_hw.layouts import WriteChunk
from sterna_hw.memory.axi_port import AxiReadPort
from sterna_hw.memory.axi_writer import AxiWriter
from sterna_hw.memory.gearbox import Gearbox
from sterna_hw.stream import connect_streams

_INCREMENT, _BUFFERABLE = 1, 3


def axi_members(configuration: HardwareConfiguration) -> dict[str, Any]:
    """Ports of one AXI4 master for each memory port, ``m_axi_0_araddr`` and so on.

    No identifiers, locks, qualities or regions: one order of reads, one write at a time.
    """
    bits = configuration.memory_bits
    members: dict[str, Any] = {}
    for port in range(configuration.memory_ports):
        members |= {f"m_axi_{port}_{name}": member for name, member in {
            "araddr": Out(AXI_ADDRESS_BITS), "arlen": Out(8), "arsize": Out(3),
            "arburst": Out(2), "arcache": Out(4), "arprot": Out(3),
            "arvalid": Out(1), "arready": In(1),
            "rdata": In(bits), "rresp": In(2), "rlast": In(1),
            "rvalid": In(1), "rready": Out(1),
            "awaddr": Out(AXI_ADDRESS_BITS), "awlen": Out(8), "awsize": Out(3),
            "awburst": Out(2), "awcache": Out(4), "awprot": Out(3),
            "awvalid": Out(1), "awready": In(1),
            "wdata": Out(bits), "wstrb": Out(bits // 8), "wlast": Out(1),
            "wvalid": Out(1), "wready": In(1),
            "bresp": In(2), "bvalid": In(1), "bready": Out(1),
        }.items()}
    return members


class AxiSource(Component):
    """The weight source for memories outside, with the members of `SequentialSource` less ``base``.

    Words lie one after the other, byte after byte, without padding. Beats of ``memory_bits`` go
    round the ports: byte b is in port ``b // n % ports`` at address ``b // (n * ports) * n`` plus
    ``b % n``, with n bytes a beat. Each port reads its region, from its address 0, in long bursts;
    whoever connects it may add an offset. The last burst may read up to 4 kB behind the last word.

    After ``restart`` the words 0 .. depth - 1 follow, then nothing more. Prefetched are
    ``memory_prefetch`` beats a port. Throughput: one word a clock, or what the ports deliver.

    Members:
        restart: In(1). words: Out, stream of unsigned(8 * weight_bytes).
        writes: In, stream of `WriteChunk` for the weights; see `AxiWriter`.
        m_axi_*: see `axi_members`.
    """

    def __init__(self, configuration: HardwareConfiguration) -> None:
        self._configuration = configuration
        super().__init__({
            "restart": In(1),
            "words": Out(stream.Signature(8 * configuration.weight_bytes)),
            "writes": In(stream.Signature(WriteChunk)),
            **axi_members(configuration),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        configuration = self._configuration
        ports, bits = configuration.memory_ports, configuration.memory_bits
        beat_bytes = ports * bits // 8
        burst_bytes = configuration.memory_burst * beat_bytes
        total = configuration.weight_depth * configuration.weight_bytes
        readers = []
        for port in range(ports):
            reader = AxiReadPort(bits, configuration.memory_burst, configuration.memory_prefetch,
                                 -(-total // burst_bytes))
            m.submodules[f"reader_{port}"] = reader
            readers.append(reader)
            m.d.comb += reader.restart.eq(self.restart)
            for name in ("arready", "rvalid", "rdata"):
                m.d.comb += getattr(reader, name).eq(self._port(port, name))
            for name in ("arvalid", "araddr", "rready"):
                m.d.comb += self._port(port, name).eq(getattr(reader, name))
            m.d.comb += [
                self._port(port, "arlen").eq(configuration.memory_burst - 1),
                self._port(port, "arsize").eq((bits // 8).bit_length() - 1),
                self._port(port, "arburst").eq(_INCREMENT),
                self._port(port, "arcache").eq(_BUFFERABLE),
            ]

        # What is wider than a word enters the gearbox in parts.
        part_bytes = beat_bytes
        while part_bytes > configuration.weight_bytes:
            part_bytes //= 2
        parts = beat_bytes // part_bytes
        m.submodules.gearbox = gearbox = Gearbox(part_bytes, configuration.weight_bytes)
        part = Signal(range(max(2, parts)))
        beat = Cat(reader.beats.payload for reader in readers)
        whole, taken = Signal(), Signal()
        m.d.comb += [
            whole.eq(Cat(reader.beats.valid for reader in readers).all()),
            gearbox.restart.eq(self.restart),
            gearbox.i.valid.eq(whole),
            gearbox.i.payload.eq(beat.word_select(part, 8 * part_bytes) if parts > 1 else beat),
            taken.eq(whole & gearbox.i.ready & (part == parts - 1)),
            *(reader.beats.ready.eq(taken) for reader in readers),
        ]
        if parts > 1:
            with m.If(whole & gearbox.i.ready):
                m.d.sync += part.eq(part + 1)
            with m.If(self.restart):
                m.d.sync += part.eq(0)
        self._limit(m, gearbox)
        self._write(m)
        return m

    def _port(self, port: int, name: str) -> Any:
        return getattr(self, f"m_axi_{port}_{name}")

    def _limit(self, m: Module, gearbox: Gearbox) -> None:
        """Nothing follows the last word: the rest of the last burst is padding."""
        left = Signal(range(self._configuration.weight_depth + 1))
        m.d.comb += [
            self.words.payload.eq(gearbox.o.payload),
            self.words.valid.eq(gearbox.o.valid & (left != 0)),
            gearbox.o.ready.eq(self.words.ready & (left != 0)),
        ]
        with m.If(self.words.valid & self.words.ready):
            m.d.sync += left.eq(left - 1)
        with m.If(self.restart):
            m.d.sync += left.eq(self._configuration.weight_depth)

    def _write(self, m: Module) -> None:
        configuration = self._configuration
        bits, ports = configuration.memory_bits, configuration.memory_ports
        m.submodules.writer = writer = AxiWriter(
            ports, bits, configuration.weight_bytes, Space.WEIGHTS)
        connect_streams(m, self.writes, writer.writes)
        for port in range(ports):
            for name in ("awready", "wready", "bvalid"):
                m.d.comb += getattr(writer, name)[port].eq(self._port(port, name))
            m.d.comb += [
                self._port(port, "awvalid").eq(writer.awvalid[port]),
                self._port(port, "wvalid").eq(writer.wvalid[port]),
                self._port(port, "awaddr").eq(writer.awaddr),
                self._port(port, "awsize").eq((bits // 8).bit_length() - 1),
                self._port(port, "awburst").eq(_INCREMENT),
                self._port(port, "awcache").eq(_BUFFERABLE),
                self._port(port, "wdata").eq(writer.wdata),
                self._port(port, "wstrb").eq(writer.wstrb),
                self._port(port, "wlast").eq(1),
                self._port(port, "bready").eq(1),
            ]
