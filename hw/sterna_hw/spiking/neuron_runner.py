"""Executes NEURON commands: accumulators or words through a LIF engine to codes and results."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value, signed, unsigned
from amaranth.lib import stream
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.neurons import (
    CODES,
    RESULT_BITS,
    NeuronKind,
    group_lanes,
    kind_states,
)

from sterna_hw.component import Component
from sterna_hw.layouts import neuron_command, word_group
from sterna_hw.memory.loadable import written_word
from sterna_hw.spiking.code_memory import code_word, shift_layout
from sterna_hw.spiking.code_scanner import address_range
from sterna_hw.spiking.current_groups import CurrentGroups
from sterna_hw.spiking.engine import LifEngine
from sterna_hw.spiking.given_words import GivenWords
from sterna_hw.spiking.lane import output_shape, state_layout
from sterna_hw.spiking.output_codes import signed_output, to_code
from sterna_hw.spiking.pipeline import Pipeline, Word
from sterna_hw.spiking.sum_groups import SumGroups
from sterna_hw.spiking.synapses import accumulator_group
from sterna_hw.state_layouts import connect_state, state_port
from sterna_hw.stream import connect_streams


def result_group(machine: Machine) -> StructLayout:
    """Outputs of ``neuron_lanes`` neurons for the step's result."""
    values = ArrayLayout(signed(RESULT_BITS), machine.neurons.lanes)
    return StructLayout({"valid": 1, "values": values})


def trace_unit(machine: Machine, unit: NeuronKind) -> dict[str, StructLayout]:
    """Payloads of the trace ports of a unit: sums that enter it, its outputs and new states."""
    lanes = machine.neurons.lanes
    return {
        "sums": StructLayout({
            "valid": 1, "values": ArrayLayout(signed(unit.definition.sum_bits), lanes)}),
        "outputs": StructLayout({
            "valid": 1, "values": ArrayLayout(output_shape(unit.definition, False), lanes)}),
        "states": StructLayout({
            "valid": 1, "states": ArrayLayout(state_layout(unit.definition), lanes)}),
    }


def has_synapses(machine: Machine) -> bool:
    """Whether some of its neurons take sums of synapses."""
    return not all(kind.current for kind in machine.neurons.kinds)


def writes_weights(machine: Machine) -> bool:
    """Whether outputs of some of its neurons are weights of others."""
    return has_synapses(machine) and machine.synapses.written_depth > 0


class NeuronRunner(Component):
    """The LIF engines, and what brings them sums and parameters and takes their outputs.

    One command at a time, when the words that the one before gave are taken. Throughput: one group
    of ``neuron_lanes`` neurons a clock while sums or words and parameters come and the engine takes
    them; codes of the input likewise. Latency of a command: that of the engine's output and about
    ten clocks beside its groups.

    Members:
        commands: In, stream of `neuron_command`; taken when the one before is done.
        begin: In(1), the next neurons of all kinds are their first; only while ``idle``.
        take: Out, sums: In; the accumulators, as in `SynapseArray`. Only with synapses.
        currents: In, stream of `word_group`, in the order of neurons. Only where some kind of
            neurons takes words.
        given: Out, stream of `word_group`: codes, as words. Only where some are given.
        constants: In, stream of words of ``constant_bits``: parameters in the order of use, those
            of a neuron in the order of its unit's ``varying``, the first lowest.
        cycle: Out, ``valid`` while a command of neurons with parameters is taken, which go through
            so many ``words`` again and again; ``constants`` are these from the next clock on. Only
            where the machine has cycles.
        inputs: In, stream of `code_word`. Only with a memory of inputs.
        shift: Out, `shift_layout`; new codes for `CodeMemory`.
        weights: Out, `written_word`: outputs that are weights, a word of all lanes of synapses when
            full, or when the command ends. Only where some are written.
        result: Out, `result_group`; the groups of one command after the other.
        idle: Out(1), nothing is left of any command.
        states_<unit>: In, `state_port` of its states; only in a machine with READ.
        trace_<unit>_sums, _outputs, _states: Out, only where the machine says ``trace``.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        neurons = machine.neurons
        members: dict[str, Any] = {"commands": In(stream.Signature(neuron_command(machine))),
                                   "begin": In(1)}
        if has_synapses(machine):
            members |= {
                "take": Out(StructLayout({
                    "valid": 1, "group": address_range(machine.synapses.accumulator_depth)})),
                "sums": In(accumulator_group(machine)),
            }
        if writes_weights(machine):
            members["weights"] = Out(written_word(
                machine.synapses.weight_word_bits, machine.synapses.weight_depth))
        if neurons.takes_words(machine):
            members["currents"] = In(stream.Signature(word_group(machine)))
        if neurons.gives_words(machine):
            members["given"] = Out(stream.Signature(word_group(machine)))
        if neurons.input_depth:
            members["inputs"] = In(stream.Signature(code_word(machine)))
        members |= {
            "constants": In(stream.Signature(machine.neurons.constant_bits)),
            "shift": Out(shift_layout(machine)),
            "result": Out(result_group(machine)),
            "idle": Out(1),
        }
        if neurons.cycle:
            members["cycle"] = Out(StructLayout({
                "valid": 1, "words": unsigned(neurons.cycle.bit_length())}))
        if machine.readable:
            members |= {spec.name: In(state_port(spec)) for spec in neurons.states(machine)
                        if spec.name != CODES}
        if machine.trace:
            for number, unit in enumerate(machine.neurons.kinds):
                members |= {f"trace_{number}_{name}": Out(layout)
                            for name, layout in trace_unit(machine, unit).items()}
        super().__init__(members)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        groups = self._groups(m)
        command = Signal(neuron_command(machine), reset_less=True)
        left = Signal(machine.neurons.group_bits)
        running = Signal()
        from_input = Signal()
        clears = Signal()
        m.d.comb += [
            self.idle.eq(~running & ~self.shift.valid),
            self.commands.ready.eq(~running),
            from_input.eq(running & (command.unit == 0) & ~command.clear),
            clears.eq(running & command.clear),
        ]
        given = None
        if self._machine.neurons.gives_words(machine):
            m.submodules.given = given = GivenWords(machine)
            connect_streams(m, given.words, self.given)
            m.d.comb += [
                self.idle.eq(~running & ~self.shift.valid & given.empty),
                self.commands.ready.eq(~running & given.empty),
            ]
        produced, codes, values = self._engines(m, groups, command, running, clears)
        arrived: Value = Const(0)
        if machine.neurons.input_depth:
            arrived = from_input & self.inputs.valid
            with m.If(from_input):
                m.d.comb += [self.inputs.ready.eq(1), codes.eq(self.inputs.payload)]

        done = Signal()
        new = Signal()
        m.d.comb += [
            new.eq(produced | clears | arrived),
            done.eq(new & (left == 1)),
        ]
        if given is not None:
            m.d.sync += [
                given.valid.eq(produced & command.give), given.codes.eq(codes), given.last.eq(done)]
        if writes_weights(machine):
            self._write_weights(m, command, produced, done, values)
        m.d.sync += [
            self.shift.valid.eq(new & (command.store | from_input | clears)),
            self.shift.clear.eq(clears),
            self.shift.codes.eq(codes),
            self.shift.address.eq(command.codes),
            self.result.valid.eq(produced & command.result),
            self.result["values"].eq(values),
        ]
        with m.If(new):
            m.d.sync += [left.eq(left - 1), command.codes.eq(command.codes + 1)]
        with m.If(done):
            m.d.sync += running.eq(0)
        offered = self.commands.payload
        with m.If(self.commands.valid & self.commands.ready):
            m.d.sync += [command.eq(offered), left.eq(offered.groups), running.eq(1)]
            for number, kind in enumerate(machine.neurons.kinds):
                with m.If((offered.unit == number + 1) & ~offered.clear):
                    m.d.comb += groups[kind.current].start.eq(1)
                    if machine.neurons.cycle and kind.varying:
                        m.d.comb += self.cycle.valid.eq(1)
        if machine.neurons.cycle:
            m.d.comb += self.cycle.words.eq(offered.words)
        for source in groups.values():
            m.d.comb += source.count.eq(offered.groups)
        return m

    def _write_weights(self, m: Module, command: Any, produced: Value, done: Value,
                       values: Any) -> None:
        """Groups of outputs are collected until a word is full; what is not written of it is 0."""
        machine = self._machine
        bits, ratio = machine.synapses.weight_bits, group_lanes(machine)
        group = Cat(value[:bits] for value in values)
        part = Signal(range(max(2, ratio)))
        kept = Signal(ratio * len(group), reset_less=True)
        full = Signal()
        taken = produced & command.weigh
        m.d.comb += full.eq(taken & (done | (part == ratio - 1)))
        word = Signal.like(kept, name="word")
        m.d.comb += word.eq(kept)
        with m.Switch(part):
            for place in range(ratio):
                with m.Case(place):
                    m.d.comb += word.word_select(place, len(group)).eq(group)
        m.d.sync += [
            self.weights.valid.eq(full), self.weights.address.eq(command.weights),
            self.weights.data.eq(word),
        ]
        with m.If(taken):
            m.d.sync += [part.eq(part + 1), kept.eq(word)]
        with m.If(full):
            m.d.sync += [part.eq(0), kept.eq(0), command.weights.eq(command.weights + 1)]
        with m.If(self.commands.valid & self.commands.ready):
            m.d.sync += [part.eq(0), kept.eq(0)]

    def _groups(self, m: Module) -> dict[bool, Any]:
        """What brings ``x`` of the neurons in groups: words if true, else sums of synapses."""
        machine, found = self._machine, {}
        if has_synapses(machine):
            m.submodules.groups = groups = SumGroups(machine)
            m.d.comb += [self.take.eq(groups.take), groups.sums.eq(self.sums)]
            found[False] = groups
        if machine.neurons.takes_words(machine):
            m.submodules.currents = currents = CurrentGroups(machine)
            connect_streams(m, self.currents, currents.words)
            found[True] = currents
        return found

    def _engines(self, m: Module, groups: dict[bool, Any], command: Any, running: Value,
                 clears: Value) -> tuple[Value, Any, Any]:
        """All units; whether the chosen one has a group, its codes, and its outputs in full."""
        machine = self._machine
        produced = Signal()
        codes = Signal(code_word(machine))
        values = Signal(ArrayLayout(signed(RESULT_BITS), machine.neurons.lanes))
        cleared = Signal()
        m.d.sync += cleared.eq(clears)
        for number, unit in enumerate(machine.neurons.kinds):
            m.submodules[f"unit_{number}"] = engine = LifEngine(
                unit.definition, dict(unit.constants), unit.groups * machine.neurons.lanes,
                machine.neurons.lanes, varying=unit.varying, trace=machine.trace,
                always_ready=True, multiplier_bits=machine.neurons.multiplier_bits,
                readable=machine.readable)
            if machine.readable:
                connect_state(m, getattr(self, kind_states(number)), engine.kept)
            chosen, source = Signal(name=f"chosen_{number}"), groups[unit.current].o
            m.d.comb += [
                chosen.eq(running & (command.unit == number + 1) & ~command.clear),
                engine.sums.payload.eq(source.payload),
                engine.sums.valid.eq(source.valid & chosen),
                engine.restart.eq(clears & ~cleared),
                engine.begin.eq(self.begin),
            ]
            with m.If(chosen):
                m.d.comb += source.ready.eq(engine.sums.ready)
            if unit.varying:
                self._parameters(m, engine, unit, chosen)
            valid, unit_codes, unit_values = self._outputs(m, number, unit, engine)
            with m.If(valid):
                m.d.comb += produced.eq(1)
                if unit.codes:
                    m.d.comb += codes.eq(unit_codes)
                if unit.results or writes_weights(machine):
                    m.d.comb += values.eq(unit_values)
            if machine.trace:
                self._trace(m, number, engine)
        return produced, codes, values

    def _parameters(self, m: Module, engine: LifEngine, unit: NeuronKind, chosen: Value) -> None:
        """The words of the constant memory belong to whoever is chosen."""
        m.d.comb += engine.parameters.valid.eq(self.constants.valid & chosen)
        with m.If(chosen):
            m.d.comb += self.constants.ready.eq(engine.parameters.ready)
        bits = unit.parameter_bits
        for lane in range(self._machine.neurons.lanes):
            word = self.constants.payload[lane * bits:(lane + 1) * bits]
            m.d.comb += engine.parameters.payload[lane].as_value().eq(word)

    def _outputs(self, m: Module, number: int, unit: NeuronKind,
                 engine: LifEngine) -> tuple[Value, Any, Any]:
        """Outputs in step with the codes that are made of them."""
        machine, definition = self._machine, unit.definition
        pipeline = Pipeline()
        words = [Word(f"output_{number}_{lane}", signed_output(output), 0)
                 for lane, output in enumerate(engine.outputs.payload)]
        stage = 0
        codes = Signal(code_word(machine), name=f"codes_{number}")
        if unit.codes:
            made = [to_code(pipeline, definition, word, machine.neurons.code_bits)
                    for word in words]
            stage = made[0].stage
            m.d.comb += [codes[lane].eq(word.value) for lane, word in enumerate(made)]
        values = [pipeline.at(word, stage) for word in words]
        valid: Value = engine.outputs.valid
        for clock in range(stage):
            later = Signal(name=f"valid_{number}_{clock}")
            m.d.sync += later.eq(valid)
            valid = later
        m.d.sync += pipeline.statements
        full = Signal(ArrayLayout(signed(RESULT_BITS), len(values)), name=f"values_{number}")
        m.d.comb += [full[lane].eq(value) for lane, value in enumerate(values)]
        return valid, codes, full

    def _trace(self, m: Module, number: int, engine: LifEngine) -> None:
        sums, outputs, states = (
            getattr(self, f"trace_{number}_{name}") for name in ("sums", "outputs", "states"))
        m.d.comb += [
            sums.valid.eq(engine.sums.valid & engine.sums.ready),
            sums["values"].eq(engine.sums.payload),
            outputs.valid.eq(engine.outputs.valid),
            outputs["values"].eq(engine.outputs.payload),
            states.valid.eq(engine.trace.valid),
            states.states.eq(engine.trace.states),
        ]
