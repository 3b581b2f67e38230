"""The vector memory: two copies, so that two groups are read in each clock."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Shape
from amaranth.lib import memory
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.vector import VECTORS

from sterna_hw.component import Component
from sterna_hw.layouts import word_group
from sterna_hw.memory.single_port import RAM_DEPTH, SinglePortBank, has_single_port_rams
from sterna_hw.memory.storage import in_large_rams
from sterna_hw.state_layouts import state_port


class VectorMemory(Component):
    """``vector_depth`` groups with two read ports and one write port; of each text that shares it,
    whose number is the lowest part of an address.

    Read latency 1 clock. A read in the clock of a write to the same address returns anything; the
    issue rules never let such a read matter. Hence the attribute, which keeps yosys from adding a
    bypass of two registers and a multiplexer for every bit.

    With ``vector_interval`` 2 reads that matter are in one clock of two and writes in the other one
    (results come an odd number of clocks after their reads), so single-port RAM will do. A memory
    of many groups asks for RAMs as `in_large_rams` says.

    Members:
        a_address, b_address: read addresses, In.
        a, b: the groups read in the clock before, Out.
        write_enable, write_address, write_data: In; readable from the next clock.
    """

    def __init__(self, machine: Machine) -> None:
        self._shape = word_group(machine)
        self._depth = machine.vector.depth * machine.texts
        self._alternate = machine.vector.interval == 2
        address = machine.vector.address_bits + (machine.texts - 1).bit_length()
        super().__init__({
            "a_address": In(address), "b_address": In(address),
            "a": Out(self._shape), "b": Out(self._shape),
            "write_enable": In(1), "write_address": In(address), "write_data": In(self._shape),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        single_port = (self._alternate and self._depth <= RAM_DEPTH
                       and has_single_port_rams(platform))
        for name, address, output in (("copy_a", self.a_address, self.a),
                                      ("copy_b", self.b_address, self.b)):
            if single_port:
                width = Shape.cast(self._shape).width
                m.submodules[name] = bank = SinglePortBank(width, self._depth)
                m.d.comb += [
                    bank.enable.eq(1), bank.address.eq(address), output.eq(bank.data),
                    bank.write_enable.eq(self.write_enable),
                    bank.write_address.eq(self.write_address),
                    bank.write_data.eq(self.write_data),
                ]
                continue
            storage = memory.Memory(
                shape=self._shape, depth=self._depth, init=[],
                attrs={"no_rw_check": "1"} | (
                    {"ram_style": "ultra"} if in_large_rams(platform, self._depth) else {}))
            m.submodules[name] = storage
            read = storage.read_port()
            write = storage.write_port()
            m.d.comb += [
                read.en.eq(1), read.addr.eq(address), output.eq(read.data),
                write.en.eq(self.write_enable), write.addr.eq(self.write_address),
                write.data.eq(self.write_data),
            ]
        return m


def state_members(machine: Machine) -> dict[str, Any]:
    """``vectors``: In, the `state_port` of the vector memory; only in a machine with READ."""
    if not machine.readable:
        return {}
    spec, = machine.vector.states(machine)
    return {VECTORS: In(state_port(spec))}


def add_state_port(m: Module, port: Any, vectors: VectorMemory) -> None:
    """Let a `state_port` have port a and the writes, which have been given to the vector unit."""
    with m.If(port.read):
        m.d.comb += vectors.a_address.eq(port.word)
    with m.If(port.write):
        m.d.comb += [
            vectors.write_enable.eq(1), vectors.write_address.eq(port.word),
            vectors.write_data.as_value().eq(port.data),
        ]
    m.d.comb += port.value.eq(vectors.a.as_value())
