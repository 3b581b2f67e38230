"""The sequencer of a spiking accelerator."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib import stream
from amaranth.lib.data import StructLayout, View
from amaranth.lib.wiring import Out
from sterna.machine.encoding import instruction_fields, kind_of
from sterna.machine.machine import Machine

from sterna_hw.core.sequencer import Sequencer
from sterna_hw.layouts import (
    accumulate_command,
    command_fields,
    instruction_layout,
    neuron_command,
)


def spiking_command(machine: Machine) -> StructLayout:
    """Commands in program order: ``neuron`` if ``neurons`` is set, else ``accumulate``."""
    return StructLayout({
        "neurons": 1,
        "accumulate": accumulate_command(machine),
        "neuron": neuron_command(machine),
    })


class SpikingSequencer(Sequencer):
    """Fetches, dispatches and ends as the `Sequencer` does; its instructions are others.

    ACCUMULATE and NEURON go into one stream. A step's program is a straight line, so there are no
    loops.

    Members:
        commands: Out, stream of `spiking_command`. The others are those of the `Sequencer`; there
        is no ``matmuls``.
    """

    def _command_members(self) -> dict[str, Any]:
        return {"commands": Out(stream.Signature(spiking_command(self._machine)))}

    def _dispatched(self) -> Value:
        return self.commands.valid

    def _dispatch(self, m: Module, instruction: Signal, offsets: tuple[Value, Value],
                  executing: Signal, taken: Signal) -> Signal:
        machine = self._machine
        fields = {kind: View(layout, instruction[:layout.size]) for kind, layout in (
            (kind, instruction_layout(machine, kind))
            for kind in instruction_fields(machine))}
        kind = fields["END"].kind
        accumulate, neuron = (kind_of(machine, name) for name in ("ACCUMULATE", "NEURON"))
        ended, room = Signal(), Signal()
        m.d.comb += [
            room.eq(~self.commands.valid | self.commands.ready),
            ended.eq((kind != accumulate) & (kind != neuron)),
            taken.eq(room & ~ended),
        ]
        command = self.commands.payload
        with m.If(room):
            m.d.sync += [
                self.commands.valid.eq(executing & ~ended),
                command.neurons.eq(kind == neuron),
            ]
            for target, of in ((command.accumulate, "ACCUMULATE"),
                               (command.neuron, "NEURON")):
                m.d.sync += [target[name].eq(fields[of][name])
                             for name in command_fields(machine, of)]
        return ended

    def _walk(self, m: Module, instruction: Signal, arriving: Value, decoding: Signal,
              begin: Signal, following: Signal, done: Value,
              next_address: Signal) -> tuple[Value, Value]:
        m.d.comb += next_address.eq(following)
        return Const(0), Const(0)
