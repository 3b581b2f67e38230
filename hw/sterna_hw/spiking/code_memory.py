"""The last codes of every source: one delay line memory for the input and all populations."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, signed, unsigned
from amaranth.lib import memory
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.unit import MemorySpec
from sterna.machine.units.neurons import history_bits

from sterna_hw.component import Component
from sterna_hw.state_layouts import state_port


def history_word(machine: Machine) -> ArrayLayout:
    """The histories of ``neuron_lanes`` sources: ``taps`` codes each, the newest lowest."""
    return ArrayLayout(unsigned(history_bits(machine)), machine.neurons.lanes)


def code_word(machine: Machine) -> ArrayLayout:
    """New codes of ``neuron_lanes`` sources."""
    return ArrayLayout(signed(machine.neurons.code_bits), machine.neurons.lanes)


class CodeMemory(Component):
    """Keeps ``taps`` codes of each source; one word a clock is read, or gets its next codes.

    Members:
        address: In(range(code_depth)). enable: In(1), read in this clock.
        data: Out, `history_word`, the word last read (latency 1).
        shift: In, structure of ``valid``, ``clear``, ``address`` and ``codes`` (`code_word`): the
            codes become the newest of their word and the oldest are forgotten; with ``clear`` all
            become 0. The word is there for reads two clocks later; in this clock none is read.
        kept: In, `state_port`; only in a machine with READ.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._address = range(max(2, machine.neurons.code_depth))
        super().__init__({
            "address": In(self._address),
            "enable": In(1),
            "data": Out(history_word(machine)),
            "shift": In(shift_layout(machine)),
            **({"kept": In(state_port(MemorySpec(
                "kept", history_word(machine).size, machine.neurons.code_depth)))}
               if machine.readable else {}),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        m.submodules.storage = storage = memory.Memory(
            shape=history_word(machine), depth=max(2, machine.neurons.code_depth), init=[],
            attrs={"no_rw_check": "1"})
        read = storage.read_port()
        write = storage.write_port()
        shift = Signal.like(self.shift, name="kept_shift", reset_less=True)
        valid = Signal()
        m.d.sync += [shift.eq(self.shift), valid.eq(self.shift.valid)]
        m.d.comb += [
            read.addr.eq(self.address),
            read.en.eq(self.enable | self.shift.valid),
            self.data.eq(read.data),
            write.addr.eq(shift.address),
            write.en.eq(valid),
        ]
        with m.If(self.shift.valid):
            m.d.comb += read.addr.eq(self.shift.address)
        kept = history_bits(machine) - machine.neurons.code_bits
        with m.If(~shift.clear):
            for lane, code in enumerate(shift.codes):
                m.d.comb += write.data[lane].eq(Cat(code, read.data[lane][:kept]))
        if machine.readable:
            with m.If(self.kept.read):
                m.d.comb += [read.addr.eq(self.kept.word), read.en.eq(1)]
            with m.If(self.kept.write):
                m.d.comb += [
                    write.en.eq(1), write.addr.eq(self.kept.word),
                    write.data.as_value().eq(self.kept.data),
                ]
            m.d.comb += self.kept.value.eq(read.data)
        return m


def shift_layout(machine: Machine) -> StructLayout:
    """New codes for a word of the memory."""
    return StructLayout({
        "valid": 1, "clear": 1, "address": range(max(2, machine.neurons.code_depth)),
        "codes": code_word(machine),
    })
