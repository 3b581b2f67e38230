"""Walks the codes of a connection's source and makes an event of each that is not silent."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, unsigned
from amaranth.lib import stream
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.neurons import history_bits

from sterna_hw.component import Component
from sterna_hw.layouts import accumulate_command
from sterna_hw.spiking.code_memory import history_word
from sterna_hw.spiking.event_compressor import EventCompressor


def address_range(depth: int) -> range:
    """Addresses of a memory."""
    return range(max(2, depth))


def source_event(machine: Machine) -> StructLayout:
    """A source's history, and where its column of weights begins; or its number, of a window."""
    column = unsigned((machine.synapses.weight_depth - 1).bit_length() or 1)
    if machine.synapses.window_depth:
        column = unsigned(max(column.width, machine.synapses.source_bits(machine)))
    return StructLayout({"history": unsigned(history_bits(machine)), "column": column})


class CodeScanner(Component):
    """Reads the code words of an ACCUMULATE command; an event for each source, in order.

    With ``skip`` a source whose whole history is 0 makes none. ``neuron_lanes`` sources a clock
    are looked at, one event a clock is made. Latency from command to first event: 5 clocks.

    Members:
        commands: In, stream of `accumulate_command`; taken when the one before is done.
        address, enable: Out, data: In; the read port of `CodeMemory`.
        events: Out, stream of `source_event`.
        groups: Out, those of the command that the events belong to.
        looked_at: Out, number of sources looked at in this clock.
        idle: Out(1), all events of all commands are taken.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        command = accumulate_command(machine)
        lanes = machine.neurons.lanes
        super().__init__({
            "commands": In(stream.Signature(command)),
            "address": Out(address_range(machine.neurons.code_depth)),
            "enable": Out(1),
            "data": In(history_word(machine)),
            "events": Out(stream.Signature(source_event(machine))),
            "groups": Out(command["groups"].shape),
            "looked_at": Out(range(lanes + 1)),
            "idle": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, lanes = self._machine, self._machine.neurons.lanes
        shift = lanes.bit_length() - 1
        column_shape = unsigned(len(self.events.payload.column))
        m.submodules.compressor = compressor = EventCompressor(
            history_bits(machine), lanes, column_shape.width)

        left = Signal(machine.synapses.source_bits(machine))
        column = Signal(column_shape, reset_less=True)
        skip = Signal(reset_less=True)
        advance = Signal()
        fetch = Signal()
        m.d.comb += [advance.eq(compressor.i.ready), fetch.eq(advance & (left != 0))]

        # Fetched words pass two registers: the memory's own, and one before the zeros are found.
        def present(count: Any) -> Any:
            return Cat(
                (count > index) if index else count.any() for index in range(lanes))

        meant = [Signal(lanes, name=f"meant_{stage}") for stage in range(2)]
        columns = [Signal(column_shape, name=f"column_{stage}", reset_less=True)
                   for stage in range(2)]
        word = Signal.like(self.data, name="word", reset_less=True)
        with m.If(advance):
            m.d.sync += [
                meant[0].eq(present(left)), columns[0].eq(column),
                meant[1].eq(meant[0]), columns[1].eq(columns[0]), word.eq(self.data),
            ]
        m.d.comb += [self.enable.eq(advance), self.looked_at.eq(0)]
        with m.If(fetch):
            m.d.sync += [
                self.address.eq(self.address + 1),
                column.eq(column + (self.groups << shift)),
            ]
            with m.If(left > lanes):
                m.d.sync += left.eq(left - lanes)
                m.d.comb += self.looked_at.eq(lanes)
            with m.Else():
                m.d.sync += left.eq(0)
                m.d.comb += self.looked_at.eq(left)

        loud = Cat(word[lane].any() | ~skip for lane in range(lanes))
        m.d.comb += [
            compressor.i.valid.eq(meant[1].any()),
            compressor.i.payload["items"].eq(word),
            compressor.i.payload.wanted.eq(meant[1] & loud),
            compressor.i.payload.tag.eq(columns[1]),
        ]
        offsets = self._offsets(m, shift, column_shape)
        event = self.events.payload
        m.d.comb += compressor.o.ready.eq(~self.events.valid | self.events.ready)
        with m.If(compressor.o.ready):
            with m.Switch(compressor.o.payload.lane):
                for lane in range(lanes):
                    with m.Case(lane):
                        m.d.sync += event.column.eq(compressor.o.payload.tag + offsets[lane])
            m.d.sync += [
                self.events.valid.eq(compressor.o.valid),
                event.history.eq(compressor.o.payload.item),
            ]
        m.d.comb += [
            self.idle.eq((left == 0) & ~meant[0].any() & ~meant[1].any() & compressor.idle
                         & ~self.events.valid),
            self.commands.ready.eq(self.idle),
        ]
        command = self.commands.payload
        with m.If(self.commands.valid & self.commands.ready):
            m.d.sync += [
                self.address.eq(command.codes), left.eq(command.sources), skip.eq(command.skip),
                column.eq(command.weights), self.groups.eq(command.groups),
            ]
        return m

    def _offsets(self, m: Module, shift: int, shape: Any) -> list[Any]:
        """Weight words between a word's first column and that of each of its lanes."""
        offsets: list[Any] = [Const(0, shape)]
        for lane in range(1, self._machine.neurons.lanes):
            offset = Signal(shape, name=f"offset_{lane}", reset_less=True)
            m.d.sync += offset.eq(sum(
                ((self.groups << bit) for bit in range(shift) if lane >> bit & 1), Const(0, 1)))
            offsets.append(offset)
        return offsets
