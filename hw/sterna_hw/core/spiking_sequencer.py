"""The sequencer of a spiking accelerator."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib import stream
from amaranth.lib.data import StructLayout, View
from amaranth.lib.wiring import Out
from sterna.machine.encoding import HEADER, Kind, instruction_fields
from sterna.machine.spiking_configuration import SpikingConfiguration

from sterna_hw.core.sequencer import Sequencer
from sterna_hw.layouts import accumulate_command, instruction_layout, neuron_command


def spiking_command(configuration: SpikingConfiguration) -> StructLayout:
    """Commands in program order: ``neuron`` if ``neurons`` is set, else ``accumulate``."""
    return StructLayout({
        "neurons": 1,
        "accumulate": accumulate_command(configuration),
        "neuron": neuron_command(configuration),
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
        return {"commands": Out(stream.Signature(spiking_command(self._spiking())))}

    def _spiking(self) -> SpikingConfiguration:
        assert isinstance(self._configuration, SpikingConfiguration)
        return self._configuration

    def _dispatched(self) -> Value:
        return self.commands.valid

    def _dispatch(self, m: Module, instruction: Signal, offsets: tuple[Value, Value],
                  executing: Signal, taken: Signal) -> Signal:
        configuration = self._spiking()
        fields = {kind: View(layout, instruction[:layout.size]) for kind, layout in (
            (kind, instruction_layout(configuration, kind))
            for kind in instruction_fields(configuration))}
        kind = fields[Kind.END].kind
        ended, room = Signal(), Signal()
        m.d.comb += [
            room.eq(~self.commands.valid | self.commands.ready),
            ended.eq((kind != Kind.ACCUMULATE) & (kind != Kind.NEURON)),
            taken.eq(room & ~ended),
        ]
        command = self.commands.payload
        with m.If(room):
            m.d.sync += [
                self.commands.valid.eq(executing & ~ended),
                command.neurons.eq(kind == Kind.NEURON),
            ]
            for target, of in ((command.accumulate, Kind.ACCUMULATE),
                               (command.neuron, Kind.NEURON)):
                m.d.sync += [target[name].eq(fields[of][name])
                             for name, _ in instruction_fields(configuration)[of][len(HEADER):]]
        return ended

    def _walk(self, m: Module, instruction: Signal, arriving: Value, decoding: Signal,
              begin: Signal, following: Signal, done: Value,
              next_address: Signal) -> tuple[Value, Value]:
        m.d.comb += next_address.eq(following)
        return Const(0), Const(0)
