"""Runs a spiking network on the RTL of the whole accelerator, beside the golden.

Of every population and step the exact sums, the outputs and all state words are compared, and what
the accelerator sends back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sterna.compiler.spiking.fit import fit_spiking
from sterna.compiler.spiking.image import compile_network
from sterna.compiler.spiking.plan import groups_of, populations, unit_key
from sterna.errors import CheckError
from sterna.golden.executor import GoldenExecutor
from sterna.host.spiking_device import StepCounters
from sterna.host.step_board import StepBoard
from sterna.law.neuron import NeuronDefinition, Output
from sterna.machine.machine import Machine
from sterna.machine.units.neurons import NeuronKind
from sterna.program.definition import Program
from sterna.program.neurons import Neurons
from sterna.progress import Progress

from sterna_sim.board import SimulatedBoard
from sterna_sim.traces import TracedBoard, unpack_fields

Integers = NDArray[np.int64]

RESULT = "result"
"""What the accelerator sends at the end of a step."""


@dataclass
class SpikingOutcome:
    """What was compared; ``first`` names the first difference."""

    values: int = 0
    differences: int = 0
    first: str | None = None
    counters: list[StepCounters] = field(default_factory=list)
    loud: dict[str, int] = field(default_factory=dict)
    """Outputs other than 0 of the golden, by population: where there are none, little is shown."""

    def compare(self, step: int, place: str, what: str, golden: Integers, found: Integers) -> None:
        """Count the elements that differ, and those that only one of the two has."""
        self.values += golden.size
        common, longest = sorted((golden.size, found.size))
        wrong = np.flatnonzero(found[:common] != golden[:common])
        self.differences += len(wrong) + longest - common
        if self.first is None and (len(wrong) or longest > common):
            neuron = int(wrong[0]) if len(wrong) else common
            told = [str(values[neuron]) if neuron < values.size else "missing"
                    for values in (found, golden)]
            self.first = (f"step {step}, {place}, neuron {neuron}: {what} is {told[0]}, "
                          f"golden {told[1]}")


class SpikingVerifier:
    """A simulated accelerator with trace ports beside the golden executor.

    `board` is of the machine with trace ports, instead of a simulation that is built.
    Errors are those of `compile_network` and `SimulatedBoard`; `step` raises `CheckError` when the
    trace ports show more or fewer values than the network has.
    """

    def __init__(
        self,
        program: Program,
        machine: Machine | None = None,
        *,
        skip: bool = True,
        stall_permille: int = 0,
        seed: int = 0,
        progress: Progress | None = None,
        board: TracedBoard | None = None,
    ) -> None:
        machine = machine or fit_spiking(program)
        self._program = program
        self._machine = machine.having(trace=True)
        self._golden = GoldenExecutor(program)
        self._board = board or SimulatedBoard(
            self._machine, progress=progress, seed=seed, stall_permille=stall_permille)
        self._device = StepBoard(self._board, "sim")
        self._device.load(compile_network(program, machine, skip=skip), progress)
        self.outcome = SpikingOutcome()
        self._steps = 0

    def reset(self) -> None:
        """Both start again."""
        self._device.reset()
        self._golden.reset()
        self._board.collect_words()

    def step(self, codes: Integers) -> None:
        """One time step with input codes [inputs] on both, and the comparison."""
        golden: dict[str, Integers] = {}
        outputs = self._golden.run(
            codes[None], lambda key, name, value: golden.update({name: value}))
        result = self._device.step(codes)
        found = self._traced()
        for name, values in golden.items():
            population, kind = name.rsplit(".", 1)
            if kind == "output":
                self.outcome.loud[population] = (
                    self.outcome.loud.get(population, 0) + int(np.count_nonzero(values)))
            self.outcome.compare(self._steps, population, kind, values,
                                 found[population].get(kind, np.zeros(0, np.int64)))
        for values in outputs.values():
            self.outcome.compare(self._steps, RESULT, "output", values[0], result.outputs)
        self.outcome.counters.append(result.counters)
        self._steps += 1

    def close(self) -> None:
        """Free the simulation."""
        self._device.close()

    def _check_length(self, unit: NeuronKind, found: dict[str, Integers]) -> None:
        """Raise `CheckError` when a unit showed more or fewer neurons than it has."""
        wanted = unit.groups * self._machine.neurons.lanes
        for what, values in found.items():
            if len(values) != wanted:
                names = ", ".join(item.name for item in populations(self._program)
                                  if self._unit_of(item) == unit.definition)
                raise CheckError(f"step {self._steps}: the trace has {len(values)} values of "
                                 f"{what} of {names}, the network gives {wanted}")

    def _unit_of(self, population: Neurons) -> NeuronDefinition:
        return unit_key(population.definition, self._machine.synapses.accumulator_bits)

    def _traced(self) -> dict[str, dict[str, Integers]]:
        """What the trace ports showed of each population in this step."""
        lanes, words = self._machine.neurons.lanes, self._board.collect_words()
        units: dict[int, dict[str, Integers]] = {}
        for number, unit in enumerate(self._machine.neurons.kinds):
            ports = words[3 * number:3 * number + 3]
            units[number] = _unpacked(self._machine, unit, ports)
            self._check_length(unit, units[number])
        found: dict[str, dict[str, Integers]] = {}
        used = dict.fromkeys(units, 0)
        keys = [unit.definition for unit in self._machine.neurons.kinds]
        for population in populations(self._program):
            number = keys.index(self._unit_of(population))
            first = used[number] * lanes
            used[number] += groups_of(population.length, lanes)
            found[population.name] = {
                key: values[first:first + population.length]
                for key, values in units[number].items()}
        return found


def _unpacked(machine: Machine, unit: NeuronKind,
              ports: list[NDArray[np.uint32]]) -> dict[str, Integers]:
    """Sums, outputs and states of a unit's neurons in order, from its three ports."""
    definition, lanes = unit.definition, machine.neurons.lanes
    count = definition.output is Output.SPIKE
    output = (definition.max_count.bit_length() if count else definition.membrane_bits, not count)
    state = [(definition.state_bits(name), name != "refractory") for name in definition.states]
    sums, outputs, states = (
        unpack_fields(words, lanes * fields)
        for words, fields in zip(
            ports, ([(machine.synapses.accumulator_bits, True)], [output], state), strict=True))
    each = states.reshape(-1, len(state))
    return {"sum": sums.reshape(-1), "output": outputs.reshape(-1)} | {
        name: each[:, index] for index, name in enumerate(definition.states)}
