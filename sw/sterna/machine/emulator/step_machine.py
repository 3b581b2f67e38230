"""A spiking accelerator: its memories and units, and what it sends of a step."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from sterna.law.neuron import Output
from sterna.law.neuron_parameters import FACTORS, NeuronParameters
from sterna.machine.emulator.memory import LoadedMemory
from sterna.machine.emulator.neurons import NeuronUnit, rounded
from sterna.machine.emulator.ports import Words32, port_words
from sterna.machine.emulator.sequencer import unrolled
from sterna.machine.emulator.synapses import CodeMemory, Synapses
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space, memory_spec
from sterna.machine.units.neurons import NeuronKind, group_lanes

Integers = NDArray[np.int64]
Step = Callable[[], None]


class StepMachine:
    """Runs entries of a program: connections into accumulators, accumulators through neurons."""

    def __init__(self, machine: Machine,
                 memories: Mapping[str, LoadedMemory]) -> None:
        self._machine, self._memories = machine, memories
        lanes = machine.neurons.lanes
        self._codes = CodeMemory(machine)
        self._sums = np.zeros(machine.synapses.accumulator_depth * machine.synapses.lanes, np.int64)
        self._units = [NeuronUnit(shape.definition, shape.groups * lanes)
                       for shape in machine.neurons.kinds]
        self._traced: list[list[list[Integers]]] = [[[], [], []] for _ in self._units]
        self.loaded(Space.PROGRAM)

    def loaded(self, space: str) -> None:
        """Words of a memory have changed."""
        if space != Space.INPUT:
            self._entries: dict[int, list[tuple[str, dict[str, int], Synapses | None]]] = {}
            self._parameters: dict[tuple[int, int, int], dict[str, Integers | int]] = {}

    def run(self, entry: int, inputs: Mapping[int, int], chained: set[int], rows: int) -> bytes:
        """Run an entry with the codes from an INPUT word on; counters and outputs."""
        del chained, rows
        self._input, self._constant = inputs[0], 0
        self._events, self._looked_at = 0, 0
        self._result = np.zeros(0, np.int64)
        for kind, fields, synapses in self._program(entry):
            if kind == "ACCUMULATE":
                assert synapses is not None
                self._accumulate(synapses)
            else:
                self._neurons(fields)
        outputs = np.zeros(self._machine.neurons.outputs, np.int64)
        count = min(len(outputs), len(self._result))
        outputs[:count] = self._result[:count]
        counters = struct.pack("<4I", 0, 0, self._events, self._looked_at)
        return counters + outputs.astype("<i4").tobytes()

    def collect_words(self) -> list[Words32]:
        """What the trace ports showed since the last call: sums, outputs and states of a unit."""
        machine, ports = self._machine, []
        lanes = machine.neurons.lanes
        for unit, shown in zip(self._units, self._traced, strict=True):
            d = unit.definition
            output = d.max_count.bit_length() if d.output is Output.SPIKE else d.membrane_bits
            widths = ([machine.synapses.accumulator_bits], [output],
                      [d.state_bits(name) for name in d.states])
            ports += [port_words(values, [(1, width) for width in fields] * lanes)
                      for values, fields in zip(shown, widths, strict=True)]
            for values in shown:
                values.clear()
        return ports

    def _program(self, entry: int) -> list[tuple[str, dict[str, int], Synapses | None]]:
        if entry not in self._entries:
            steps = unrolled(self._machine, self._memories[Space.PROGRAM].number, entry)
            self._entries[entry] = [
                (step.kind, step.fields,
                 Synapses(self._machine, step.fields, self._memories[Space.SYNAPSES])
                 if step.kind == "ACCUMULATE" else None) for step in steps]
        return self._entries[entry]

    def _accumulate(self, synapses: Synapses) -> None:
        fields = synapses.fields
        histories = self._codes.sources(fields["codes"], fields["sources"])
        sums = synapses.sums(histories)
        self._sums[:len(sums)] += sums
        self._looked_at += len(histories)
        self._events += (int(np.count_nonzero(histories.any(axis=1))) if fields["skip"]
                         else len(histories))

    def _neurons(self, fields: dict[str, int]) -> None:
        if fields["clear"]:
            self._codes.clear(fields["codes"], fields["groups"])
            for unit in self._units:
                unit.clear()
        elif fields["unit"] == 0:
            self._codes.shift(fields["codes"], self._input_codes(fields["groups"]))
        else:
            self._fire(fields["unit"] - 1, fields)

    def _input_codes(self, groups: int) -> Integers:
        machine, first = self._machine, self._input
        self._input += groups
        spec = memory_spec(machine, Space.INPUT)
        return self._memories[Space.INPUT].fields(
            self._input, spec.lanes, spec.bits // spec.lanes, first).reshape(-1)

    def _fire(self, number: int, fields: dict[str, int]) -> None:
        machine, unit = self._machine, self._units[number]
        count = fields["groups"] * machine.neurons.lanes
        sums = self._sums[:count].copy()
        taken = -(-fields["groups"] // group_lanes(machine)) * machine.synapses.lanes
        self._sums[:taken] = 0
        half = 1 << machine.synapses.accumulator_bits - 1
        sums = (sums + half & 2 * half - 1) - half  # accumulators wrap
        output, states = unit.step(sums, self._parameters_of(number, fields["groups"]))
        if machine.trace:
            rows = [sums, output, np.stack([states[name] for name in unit.definition.states], 1)]
            for shown, values in zip(self._traced[number], rows, strict=True):
                shown.append(values.reshape(fields["groups"], -1))
        if fields["store"]:
            d, limit = unit.definition, machine.neurons.code_limit
            codes = rounded(output, d.output_shift, d.rounding)
            self._codes.shift(fields["codes"], np.clip(codes, -limit, limit))
        if fields["result"]:
            self._result = output

    def _parameters_of(self, number: int, groups: int) -> dict[str, Integers | int]:
        """Parameters of the next neurons: constants of the unit, others from the memory."""
        shape, first = self._machine.neurons.kinds[number], self._constant
        if shape.varying:
            self._constant += groups
        key = (number, first, groups)
        if key not in self._parameters:
            neutral = {name: int(values[0]) for name, values in NeuronParameters().items()}
            self._parameters[key] = neutral | dict(shape.constants) | self._varying(
                shape, first, groups)
        return self._parameters[key]

    def _varying(self, shape: NeuronKind, first: int, groups: int) -> dict[str, Integers | int]:
        memory, lanes = self._memories[Space.NEURONS], self._machine.neurons.lanes
        found: dict[str, Integers | int] = {}
        place = 0
        for name in shape.varying:
            d = shape.definition
            bits = d.factor_bits if name in FACTORS else d.membrane_bits
            found[name] = np.stack([
                memory.fields(first + groups, 1, bits, first, lane * shape.parameter_bits + place)
                for lane in range(lanes)], 1).reshape(-1)
            place += bits
        return found
