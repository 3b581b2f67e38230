"""The spiking accelerator: accumulate unit, LIF engines, their memories and the link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space, space_number

from sterna_hw.component import Component
from sterna_hw.core.counters import Counters
from sterna_hw.core.spiking_sequencer import SpikingSequencer
from sterna_hw.core.step_result import StepResult
from sterna_hw.core.writes import distribute_writes
from sterna_hw.link.link import Link
from sterna_hw.link.receiver import FRAME_TIMEOUT
from sterna_hw.memory import LoadableMemory, SequentialSource
from sterna_hw.spiking.accumulate import AccumulateUnit
from sterna_hw.spiking.code_memory import CodeMemory, code_word
from sterna_hw.spiking.neuron_runner import NeuronRunner, trace_unit
from sterna_hw.stream import connect_streams


def spiking_traces(machine: Machine) -> dict[str, Any]:
    """The trace ports by name, with their payloads; bit 0 of each is ``valid``."""
    return {
        f"trace_{number}_{name}": layout
        for number, unit in enumerate(machine.neurons.kinds)
        for name, layout in trace_unit(machine, unit).items()
    }


class SpikingAccelerator(Component):
    """Everything behind the byte link; see `sterna.machine.protocol` for what it understands.

    A run is a time step: constants start at word 0, the input's codes at the first input word of
    the RUN frame, and the sequencer at the entry. Commands are executed one after the other, each
    when the one before has written everything. When the sequencer has reached END, the RESULT is
    sent. The counters run from the clock after the RUN frame is accepted until then.

    Members:
        link_in: In, stream of unsigned(8). link_out: Out, stream of unsigned(8).
        trace_<unit>_sums, _outputs, _states: Out, see `NeuronRunner`; only where the machine
            says ``trace``.

    Args:
        frame_timeout: clocks without a byte after which a frame that has begun is given up.
        contents: names the memory image that the memories hold from the start, 0 for none.
        initial: the words of that image by memory, from word 0 on.
    """

    def __init__(self, machine: Machine, frame_timeout: int = FRAME_TIMEOUT,
                 contents: int = 0,
                 initial: Mapping[str, Sequence[int]] | None = None) -> None:
        self._machine = machine
        self._frame_timeout, self._contents = frame_timeout, contents
        self._initial = {item.name: (initial or {}).get(item.name, ())
                         for item in machine.memories}
        traces = spiking_traces(machine) if machine.trace else {}
        super().__init__({
            "link_in": In(stream.Signature(8)),
            "link_out": Out(stream.Signature(8)),
            **{name: Out(layout) for name, layout in traces.items()},
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, initial = self._machine, self._initial
        number = partial(space_number, machine)
        m.submodules.link = link = Link(machine, self._frame_timeout, self._contents)
        m.submodules.sequencer = sequencer = SpikingSequencer(
            machine, initial[Space.PROGRAM])
        m.submodules.accumulate = accumulate = AccumulateUnit(machine)
        m.submodules.neurons = neurons = NeuronRunner(machine)
        m.submodules.codes = codes = CodeMemory(machine)
        m.submodules.weights = weights = LoadableMemory(
            machine.synapses.weight_word_bits, machine.synapses.weight_depth,
            number(Space.SYNAPSES), initial[Space.SYNAPSES], large=True)
        m.submodules.constants = constants = SequentialSource(
            machine.neurons.constant_bits, machine.neurons.constant_depth,
            number(Space.NEURONS), initial[Space.NEURONS])
        m.submodules.inputs = inputs = SequentialSource(
            code_word(machine), machine.neurons.input_depth, number(Space.INPUT),
            initial[Space.INPUT])

        for source, sink in (
            (self.link_in, link.link_in),
            (link.link_out, self.link_out),
            (constants.words, neurons.constants),
            (inputs.words, neurons.inputs),
        ):
            connect_streams(m, source, sink)
        distribute_writes(m, link.writes, {
            number(Space.PROGRAM): [sequencer.writes],
            number(Space.SYNAPSES): [weights.writes],
            number(Space.NEURONS): [constants.writes],
            number(Space.INPUT): [inputs.writes],
        })
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
        ]
        self._dispatch(m, sequencer, accumulate, neurons)
        self._run(m, link, sequencer, accumulate, neurons, constants, inputs)
        if machine.trace:
            m.d.comb += [getattr(self, name).eq(getattr(neurons, name))
                         for name in spiking_traces(machine)]
        return m

    def _dispatch(self, m: Module, sequencer: SpikingSequencer, accumulate: AccumulateUnit,
                  neurons: NeuronRunner) -> None:
        """Each command to its unit, when both units are done with those before.

        That they are is known a clock later, so that sequencer and units share no long path.
        """
        command, idle = sequencer.commands, Signal()
        m.d.sync += idle.eq(accumulate.idle & neurons.idle & ~(command.valid & idle))
        m.d.comb += [
            sequencer.units_idle.eq(idle),
            accumulate.commands.payload.eq(command.payload.accumulate),
            accumulate.commands.valid.eq(command.valid & ~command.payload.neurons & idle),
            neurons.commands.payload.eq(command.payload.neuron),
            neurons.commands.valid.eq(command.valid & command.payload.neurons & idle),
            command.ready.eq(idle),
        ]

    def _run(self, m: Module, link: Link, sequencer: SpikingSequencer, accumulate: AccumulateUnit,
             neurons: NeuronRunner, constants: SequentialSource, inputs: SequentialSource) -> None:
        """Start everything at a RUN, count while it lasts, report when it is done."""
        machine = self._machine
        m.submodules.counters = counters = Counters(
            {"busy": 1, "events": 1, "sources": machine.neurons.lanes})
        m.submodules.result = result = StepResult(machine)
        connect_streams(m, result.words, link.result)
        request = link.runs.payload
        begin, running = Signal(), Signal()
        m.d.comb += [
            sequencer.start.valid.eq(link.runs.valid),
            sequencer.start.payload.eq(request.entry),
            link.runs.ready.eq(sequencer.start.ready),
            begin.eq(link.runs.valid & link.runs.ready),
            constants.restart.eq(begin),
            inputs.restart.eq(begin),
            inputs.base.eq(request.input_word_0),
            counters.clear.eq(begin),
            counters.running.eq(running),
            counters.busy.eq(accumulate.busy),
            counters.events.eq(accumulate.event),
            counters.sources.eq(accumulate.looked_at),
            result.result.eq(neurons.result),
            result.start.eq(sequencer.done),
        ]
        m.d.comb += [
            to.eq(value) for to, value in zip(result.counters, (
                counters.cycles, counters.busy_cycles, counters.events_cycles,
                counters.sources_cycles), strict=True)]
        with m.If(begin):
            m.d.sync += running.eq(1)
        with m.Elif(sequencer.done):
            m.d.sync += running.eq(0)
