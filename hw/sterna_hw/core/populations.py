"""The block of synapses and neurons: accumulate unit, LIF engines and their memories."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Signal, Value
from amaranth.lib.wiring import Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space, input_space
from sterna.machine.units.neurons import CODES
from sterna.machine.units.synapses import PORT

from sterna_hw.core.assembly import Assembly
from sterna_hw.core.output_words import OutputWords
from sterna_hw.memory import LoadableMemory, SequentialSource
from sterna_hw.spiking.accumulate import AccumulateUnit
from sterna_hw.spiking.code_memory import CodeMemory, code_word
from sterna_hw.spiking.neuron_runner import NeuronRunner, has_synapses, trace_unit
from sterna_hw.spiking.source_place import window_word
from sterna_hw.stream import connect_streams


def neuron_traces(machine: Machine) -> dict[str, Any]:
    """The trace ports by name, with their payloads; bit 0 of each is ``valid``."""
    return {
        f"trace_{number}_{name}": layout
        for number, unit in enumerate(machine.neurons.kinds)
        for name, layout in trace_unit(machine, unit).items()
    }


class Populations:
    """Their commands are executed one after the other, each when the one before is done.

    Neurons start a RUN with the first of their kind, their parameters at word 0, the input's codes
    at the first input word of the RUN frame.

    Members of the accelerator:
        trace_<kind>_sums, _outputs, _states: Out, see `NeuronRunner`.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def members(self) -> dict[str, Any]:
        traces = neuron_traces(self._machine) if self._machine.trace else {}
        return {name: Out(layout) for name, layout in traces.items()}

    def build(self, assembly: Assembly) -> None:
        m, machine = assembly.m, self._machine
        m.submodules.neurons = neurons = NeuronRunner(machine)
        m.submodules.parameters = parameters = SequentialSource(
            machine.neurons.constant_bits, machine.neurons.constant_depth,
            assembly.space(Space.NEURONS), assembly.initial[Space.NEURONS],
            cyclic=machine.neurons.cycle > 0)
        connect_streams(m, parameters.words, neurons.constants)
        assembly.loads(Space.NEURONS, parameters.writes)
        m.d.comb += neurons.begin.eq(assembly.begin)
        if machine.neurons.cycle:
            self._cycles(assembly, neurons, parameters)
        else:
            m.d.comb += parameters.restart.eq(assembly.begin)
        if machine.neurons.input_depth:
            self._inputs(assembly, neurons)
        units: dict[str, Any] = {"NEURON": neurons}
        if has_synapses(machine):
            units["ACCUMULATE"] = self._synapses(assembly, neurons)
        self._dispatch(assembly, units)
        if machine.readable:
            for spec in machine.neurons.states(machine):
                if spec.name != CODES:
                    assembly.keeps(spec.name, getattr(neurons, spec.name))
        if machine.neurons.name in assembly.sent:
            connect_streams(m, assembly.sent[machine.neurons.name], neurons.currents)
        if machine.neurons.name in assembly.given:
            connect_streams(m, neurons.given, assembly.given[machine.neurons.name])
        if machine.neurons.outputs:
            m.submodules.outputs = outputs = OutputWords(machine)
            m.d.comb += [outputs.restart.eq(assembly.begin), outputs.result.eq(neurons.result),
                         outputs.index.eq(assembly.index)]
            assembly.result(machine.neurons.name, outputs.word)
        if machine.trace:
            m.d.comb += [getattr(assembly.ports, name).eq(getattr(neurons, name))
                         for name in neuron_traces(machine)]

    def _cycles(self, assembly: Assembly, neurons: NeuronRunner, parameters: SequentialSource
                ) -> None:
        """A command takes the words behind those of the one before."""
        m, wanted = assembly.m, neurons.cycle
        following = Signal(range(self._machine.neurons.constant_depth + 1),
                           name="following_parameters")
        m.d.comb += [
            parameters.restart.eq(wanted.valid), parameters.base.eq(following),
            parameters.last.eq(following + wanted.words - 1),
        ]
        with m.If(wanted.valid):
            m.d.sync += following.eq(following + wanted.words)
        with m.If(assembly.begin):
            m.d.sync += following.eq(0)

    def _inputs(self, assembly: Assembly, neurons: NeuronRunner) -> None:
        m, machine = assembly.m, self._machine
        space = input_space(machine, codes=True)
        m.submodules.input_codes = inputs = SequentialSource(
            code_word(machine), machine.neurons.input_depth, assembly.space(space),
            assembly.initial[space])
        connect_streams(m, inputs.words, neurons.inputs)
        assembly.loads(space, inputs.writes)
        m.d.comb += [inputs.restart.eq(assembly.begin),
                     inputs.base.eq(assembly.request.input_word_0)]

    def _synapses(self, assembly: Assembly, neurons: NeuronRunner) -> AccumulateUnit:
        m, machine = assembly.m, self._machine
        m.submodules.accumulate = accumulate = AccumulateUnit(machine)
        m.submodules.codes = codes = CodeMemory(machine)
        m.submodules.synapse_weights = weights = LoadableMemory(
            machine.synapses.weight_word_bits, machine.synapses.weight_depth,
            assembly.space(Space.SYNAPSES), assembly.initial[Space.SYNAPSES], large=True,
            written=machine.synapses.written_depth > 0)
        if machine.synapses.written_depth:
            m.d.comb += weights.word.eq(neurons.weights)
        assembly.loads(Space.SYNAPSES, weights.writes)
        if machine.synapses.window_depth:
            m.submodules.windows = windows = LoadableMemory(
                window_word(machine).size, machine.synapses.window_depth,
                assembly.space(Space.WINDOWS), assembly.initial[Space.WINDOWS])
            assembly.loads(Space.WINDOWS, windows.writes)
            m.d.comb += [
                windows.address.eq(accumulate.window_address), windows.enable.eq(1),
                accumulate.window_data.as_value().eq(windows.data),
            ]
        if machine.readable:
            assembly.keeps(CODES, codes.kept)
        events = assembly.counter_events("synapse")
        m.d.comb += [
            codes.address.eq(accumulate.code_address),
            codes.enable.eq(accumulate.code_enable),
            accumulate.code_data.eq(codes.data),
            codes.shift.eq(neurons.shift),
            weights.address.eq(accumulate.weight_address),
            weights.enable.eq(accumulate.weight_enable),
            accumulate.weight_data.eq(weights.data),
            accumulate.take.eq(neurons.take),
            neurons.sums.eq(accumulate.sums),
            events["busy"].eq(accumulate.busy),
            events["events"].eq(accumulate.event),
            events["sources"].eq(accumulate.looked_at),
        ]
        return accumulate

    def _dispatch(self, assembly: Assembly, units: dict[str, Any]) -> None:
        """Each command to its unit, when all units are done with those before.

        That they are is known a clock later, so that sequencer and units share no long path.
        """
        m = assembly.m
        commands = getattr(assembly.sequencer, PORT)
        instructions = self._machine.ports[PORT]
        idle = Signal(name="populations_idle")
        m.d.sync += idle.eq(Cat(unit.idle for unit in units.values()).all()
                            & ~(commands.valid & idle))
        m.d.comb += commands.ready.eq(idle)
        for place, item in enumerate(instructions):
            payload, chosen = commands.payload, Value.cast(1)
            if len(instructions) > 1:
                payload = payload[item.name.lower()]
                chosen = commands.payload.which == place
            unit = units[item.name]
            m.d.comb += [
                unit.commands.payload.eq(payload),
                unit.commands.valid.eq(commands.valid & chosen & idle),
            ]
        assembly.idle(idle)

