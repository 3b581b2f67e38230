"""Words of a memory behind AXI4 ports, as a stream."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.memory import AXI_ADDRESS_BITS, constant_base, outside_words
from sterna.machine.protocol import FAILURE_BITS, Space, space_number
from sterna.machine.row_memory import row_base, row_beats

from sterna_hw.component import Component
from sterna_hw.layouts import WriteChunk, word_group
from sterna_hw.memory.axi_failures import AxiFailures
from sterna_hw.memory.axi_read_guard import AxiReadGuard
from sterna_hw.memory.axi_share import AxiReadShare
from sterna_hw.memory.axi_writer import AxiWriter
from sterna_hw.memory.row_words import RowWords, row_members
from sterna_hw.memory.striped_reader import StripedReader
from sterna_hw.stream import connect_streams

QUIET_CLOCKS = 4096
"""Clocks without any traffic after which what was asked for before a reset will not come."""

_INCREMENT, _BUFFERABLE = 1, 3


def axi_members(machine: Machine) -> dict[str, Any]:
    """Ports of one AXI4 master for each memory port, ``m_axi_0_araddr`` and so on.

    No identifiers, locks, qualities or regions: one order of reads, one write at a time.
    """
    bits = machine.outside.bits
    members: dict[str, Any] = {}
    for port in range(machine.outside.ports):
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

    After ``restart`` the words 0 .. outside_words - 1 follow, then nothing more. Prefetched are
    ``memory_prefetch`` beats a port. Throughput: one word a clock, or what the ports deliver.

    With ``constant_source`` axi the constants lie behind the weights, from byte
    `constant_base` on, each group in whole bytes. They have a reader of
    their own, with two bursts fetched ahead in every port, whose requests go before the weights':
    they are few, and the vector unit should not wait for a queue of weights.

    Rows lie behind both, from `row_base` on. Each token stream has a reader, whose requests go
    first, with a queue for a whole row.

    A reset may come at any time, whether the memory sees it or not: see `AxiReadGuard` and
    `AxiWriter`.

    Members:
        restart: In(1), of all streams. words: Out, stream of unsigned(8 * machine.weight_bytes).
        writes: In, stream of `WriteChunk` for the weights; see `AxiWriter`.
        constants: Out, stream of `word_group`. constant_writes: In, stream of `WriteChunk`. Both
            only where the constants are outside.
        base_<n>, rows_<n>, row_writes: see `row_members`.
        failure, failure_taken: as in `AxiFailures`.
        m_axi_*: see `axi_members`.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._has_constants = machine.memory.holds_constants
        members: dict[str, Any] = {
            "restart": In(1),
            "words": Out(stream.Signature(8 * machine.weight_bytes)),
            "writes": In(stream.Signature(WriteChunk)),
            "failure": Out(FAILURE_BITS), "failure_taken": In(1),
            **row_members(machine), **axi_members(machine),
        }
        if self._has_constants:
            members |= {
                "constants": Out(stream.Signature(word_group(machine))),
                "constant_writes": In(stream.Signature(WriteChunk)),
            }
        super().__init__(members)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        m.submodules.reader = reader = StripedReader(
            machine, machine.weight_bytes, outside_words(machine), 0,
            machine.outside.prefetch)
        connect_streams(m, reader.words, self.words)
        readers = [reader]
        if self._has_constants:
            m.submodules.constant_reader = constants = StripedReader(
                machine, machine.vector.constant_bytes, machine.vector.constant_depth,
                constant_base(machine), 2 * machine.outside.burst)
            readers.append(constants)
            m.d.comb += [
                Value.cast(self.constants.payload).eq(constants.words.payload),
                self.constants.valid.eq(constants.words.valid),
                constants.words.ready.eq(self.constants.ready),
            ]
        for number in range(machine.streams if machine.row_memory.outside else 0):
            row = RowWords(machine, machine.outside.ports * machine.outside.bits // 8)
            reader = StripedReader(machine, 0, 0, 0, max(2, row.most) * machine.outside.burst, row)
            m.submodules[f"row_reader_{number}"] = reader
            readers.append(reader)
            m.d.comb += reader.row_base.eq(getattr(self, f"base_{number}"))
            connect_streams(m, reader.words, getattr(self, f"rows_{number}"))
        m.d.comb += [each.restart.eq(self.restart) for each in readers]
        ports = range(machine.outside.ports)
        forget = self._quiet(m)
        for port in ports:
            self._read(m, port, readers, forget)
        answering = self._write(m, forget)
        m.submodules.failures = failures = AxiFailures(machine.outside.ports)
        m.d.comb += [
            failures.restart.eq(self.restart),
            failures.reads.eq(reduce(or_, (reader.failed for reader in readers))),
            failures.writes.eq(Cat(
                self._port(port, "bvalid") & self._port(port, "bresp")[1] & answering
                for port in ports)),
            failures.taken.eq(self.failure_taken),
            self.failure.eq(failures.failure),
        ]
        return m

    def _port(self, port: int, name: str) -> Any:
        return getattr(self, f"m_axi_{port}_{name}")

    def _quiet(self, m: Module) -> Value:
        """No port has had traffic for `QUIET_CLOCKS`, nor has been in reset."""
        moving = Cat(self._port(port, name) for port in range(self._machine.outside.ports)
                     for name in ("arvalid", "rvalid", "awvalid", "wvalid", "bvalid"))
        clocks = Signal(range(QUIET_CLOCKS + 1))
        with m.If(moving.any()):
            m.d.sync += clocks.eq(0)
        with m.Elif(~clocks[-1]):
            m.d.sync += clocks.eq(clocks + 1)
        return clocks[-1]

    def _read(self, m: Module, port: int, readers: list[StripedReader], forget: Value) -> None:
        """Connect the read channels of a port with its readers."""
        machine = self._machine
        most = machine.outside.prefetch // machine.outside.burst + 2
        if machine.row_memory.outside:
            most += machine.streams * max(2, row_beats(machine) // (
                machine.outside.ports * machine.outside.burst))
        m.submodules[f"guard_{port}"] = guard = AxiReadGuard(machine.outside.burst, most)
        m.d.comb += [
            self._port(port, "arlen").eq(machine.outside.burst - 1),
            self._port(port, "arsize").eq((machine.outside.bits // 8).bit_length() - 1),
            self._port(port, "arburst").eq(_INCREMENT),
            self._port(port, "arcache").eq(_BUFFERABLE),
            guard.forget.eq(forget),
            *(self._port(port, name).eq(getattr(guard, name))
              for name in ("arvalid", "araddr", "rready")),
            *(getattr(guard, name).eq(self._port(port, name))
              for name in ("arready", "rvalid", "rresp", "rlast")),
            *(getattr(reader, f"rdata_{port}").eq(self._port(port, "rdata"))
              for reader in readers),
            *(getattr(reader, f"rerror_{port}").eq(guard.read_error) for reader in readers),
        ]
        if len(readers) == 1:
            m.d.comb += [
                guard.read_arvalid.eq(getattr(readers[0], f"arvalid_{port}")),
                guard.read_araddr.eq(getattr(readers[0], f"araddr_{port}")),
                getattr(readers[0], f"arready_{port}").eq(guard.read_arready),
                getattr(readers[0], f"rvalid_{port}").eq(guard.read_rvalid),
            ]
            return
        share = AxiReadShare(machine.outside.burst, most, len(readers))
        m.submodules[f"share_{port}"] = share
        m.d.comb += [
            guard.read_arvalid.eq(share.arvalid),
            guard.read_araddr.eq(share.araddr),
            share.arready.eq(guard.read_arready),
            share.rvalid.eq(guard.read_rvalid),
        ]
        for number, reader in enumerate(readers):
            m.d.comb += [
                getattr(share, f"arvalid_{number}").eq(getattr(reader, f"arvalid_{port}")),
                getattr(share, f"araddr_{number}").eq(getattr(reader, f"araddr_{port}")),
                getattr(reader, f"arready_{port}").eq(getattr(share, f"arready_{number}")),
                getattr(reader, f"rvalid_{port}").eq(getattr(share, f"rvalid_{number}")),
            ]

    def _write(self, m: Module, forget: Value) -> Value:
        """Connect the write channels: one writer for each object, of which one works at a time.

        Returns whether a write that is answered now is that of a chunk on offer.
        """
        machine = self._machine
        bits, ports = machine.outside.bits, machine.outside.ports
        writer = AxiWriter(ports, bits, machine.weight_bytes,
                           space_number(machine, Space.WEIGHTS))
        m.submodules.writer = writer
        connect_streams(m, self.writes, writer.writes)
        writers = [writer]
        if self._has_constants:
            m.submodules.constant_writer = second = AxiWriter(
                ports, bits, machine.vector.constant_bytes,
                space_number(machine, Space.CONSTANTS),
                constant_base(machine))
            connect_streams(m, self.constant_writes, second.writes)
            writers.append(second)
        if machine.row_memory.outside:
            m.submodules.row_writer = third = AxiWriter(
                ports, bits, machine.vector.constant_bytes, space_number(machine, Space.INPUT),
                row_base(machine))
            connect_streams(m, self.row_writes, third.writes)
            writers.append(third)
        busy = reduce(or_, (each.under_way for each in writers))
        for each in writers:
            m.d.comb += [each.busy.eq(busy), each.forget.eq(forget)]
        for port in range(ports):
            for each in writers:
                for name in ("awready", "wready", "bvalid"):
                    m.d.comb += getattr(each, name)[port].eq(self._port(port, name))
            m.d.comb += [
                self._port(port, "awsize").eq((bits // 8).bit_length() - 1),
                self._port(port, "awburst").eq(_INCREMENT),
                self._port(port, "awcache").eq(_BUFFERABLE),
                self._port(port, "wlast").eq(1),
                self._port(port, "bready").eq(1),
            ]
            for each in writers:
                with m.If(each.awvalid.any() | each.wvalid.any()):
                    m.d.comb += [
                        self._port(port, "awvalid").eq(each.awvalid[port]),
                        self._port(port, "wvalid").eq(each.wvalid[port]),
                        self._port(port, "awaddr").eq(each.awaddr),
                        self._port(port, "wdata").eq(each.wdata),
                        self._port(port, "wstrb").eq(each.wstrb),
                    ]
        return reduce(or_, (each.answering for each in writers))
