"""The neurons: sums through the law to new codes and results."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from sterna.errors import CheckError
from sterna.law.neuron_parameters import FACTORS
from sterna.machine.emulator.memory import LoadedMemory
from sterna.machine.emulator.neuron_step import Integers, NeuronStates, rounded
from sterna.machine.emulator.path import Path
from sterna.machine.emulator.plan import Plan
from sterna.machine.emulator.sequencer import Executed
from sterna.machine.emulator.synapses import SynapsesUnit
from sterna.machine.emulator.unit import EmulatedUnit
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space, input_space, memory_spec
from sterna.machine.units.neurons import CODES, NeuronKind, group_lanes, kind_states
from sterna.machine.words import Words, pack_fields, pack_mixed, unpack_fields, word_bytes


class NeuronsUnit(EmulatedUnit):
    """Executes NEURON: the populations of a kind in their order, or codes of the input."""

    executes = ("NEURON",)

    def __init__(self, machine: Machine, memories: Mapping[str, LoadedMemory],
                 beside: Mapping[str, EmulatedUnit]) -> None:
        super().__init__(machine, memories, beside)
        self._kinds = [NeuronStates(kind.definition, kind.groups * machine.neurons.lanes)
                       for kind in machine.neurons.kinds]
        self._shown: list[list[list[Integers]]] = [[[], [], []] for _ in self._kinds]
        self.changed()

    def changed(self) -> None:
        self._parameters: dict[tuple[int, ...], dict[str, Integers | int]] = {}

    def plan(self, step: Executed, plan: Plan) -> None:
        if step.fields.get("weigh"):
            self._synapses.will_write(step.fields["weights"])
        plan.populations.append(
            (step.fields, lambda path, **places: self._execute(path, step.fields, **places)))

    def go_on(self, plan: Plan) -> None:
        """All commands come in their order; neurons on words wait until these are sent."""
        name = self.machine.neurons.name
        while plan.populations:
            fields, operation = plan.populations[0]
            if fields is not None:
                groups = self._vector_groups(fields)
                if self._current(fields):
                    if plan.received[name] + groups > plan.sent[name]:
                        return
                    operation = partial(operation, first=plan.pass_on("received", name, groups))
                if fields.get("give"):
                    operation = partial(operation, given=plan.pass_on("given", name, groups))
            plan.operations.append(operation)
            plan.populations.popleft()

    def ended(self, plan: Plan) -> None:
        if plan.populations:
            raise CheckError("the program ends while neurons wait for words")

    def _current(self, fields: dict[str, int]) -> bool:
        """Whether a command takes words."""
        return (bool(fields.get("unit")) and not fields["clear"]
                and self.machine.neurons.kinds[fields["unit"] - 1].current)

    def _vector_groups(self, fields: dict[str, int]) -> int:
        """Groups of the vector unit in those of a command."""
        if not self.machine.partners:
            return 0
        return -(-fields["groups"] * self.machine.neurons.lanes // self.machine.vector.lanes)

    def begin(self, path: Path, plan: Plan, word: int) -> None:
        self._input, self._constant = word, 0
        for kind in self._kinds:
            kind.begin()
        self._result = np.zeros(0, np.int64)
        self._shown = [[[], [], []] for _ in self._kinds]

    def read_state(self, path: Path, name: str) -> Words:
        machine, size = self.machine, word_bytes(self.machine, name)
        if name == CODES:
            histories = self._synapses.codes.histories
            return pack_fields(histories.reshape(machine.neurons.code_depth, -1),
                               machine.neurons.code_bits, size)
        fields = [
            (values.reshape(-1, machine.neurons.lanes)[:, lane:lane + 1], bits)
            for lane in range(machine.neurons.lanes)
            for values, bits in self._state_words(name)]
        return pack_mixed(fields, size)

    def write_state(self, path: Path, name: str, first: int, words: Words) -> None:
        machine = self.machine
        lanes, place = machine.neurons.lanes, 0
        if name == CODES:
            sources = slice(first * lanes, (first + len(words)) * lanes)
            self._synapses.codes.histories[sources] = unpack_fields(
                words, lanes * machine.synapses.taps, machine.neurons.code_bits,
            ).reshape(-1, machine.synapses.taps)
            return
        for lane in range(lanes):
            for values, bits in self._state_words(name):
                values.reshape(-1, lanes)[first:first + len(words), lane:lane + 1] = unpack_fields(
                    words, 1, bits, place)
                place += bits

    def _state_words(self, name: str) -> list[tuple[Integers, int]]:
        """The state words of a kind, and their widths."""
        kind = next(kind for number, kind in enumerate(self._kinds) if kind_states(number) == name)
        return [(values, kind.definition.state_bits(word)) for word, values in kind.states.items()]

    def result(self, path: Path, rows: int) -> bytes:
        outputs = np.zeros(self.machine.neurons.outputs, np.int64)
        count = min(len(outputs), len(self._result))
        outputs[:count] = self._result[:count]
        return outputs.astype("<i4").tobytes()

    def shown(self, path: Path) -> list[list[Integers]]:
        """Sums, outputs and states of each kind."""
        return [port for kind in self._shown for port in kind]

    @property
    def _synapses(self) -> SynapsesUnit:
        found = self.beside[self.machine.synapses.name]
        assert isinstance(found, SynapsesUnit)
        return found

    def _execute(self, path: Path, fields: dict[str, int], first: int = 0, given: int = 0) -> None:
        """``first`` and ``given`` are places of words that are taken and given."""
        if fields["clear"]:
            if self.machine.neurons.code_depth:
                self._synapses.codes.clear(fields["codes"], fields["groups"])
            for kind in self._kinds:
                kind.clear()
        elif fields["unit"] == 0:
            self._synapses.codes.shift(fields["codes"], self._input_codes(fields["groups"]))
        else:
            self._fire(path, fields, self._sums(path, fields, first), given)

    def _input_codes(self, groups: int) -> Integers:
        first, self._input = self._input, self._input + groups
        spec = memory_spec(self.machine, input_space(self.machine, codes=True))
        return self.memories[spec.name].fields(
            self._input, spec.lanes, spec.bits // spec.lanes, first).reshape(-1)

    def _sums(self, path: Path, fields: dict[str, int], first: int) -> Integers:
        """Words of the vector unit, or accumulators."""
        machine, groups = self.machine, fields["groups"]
        count = groups * machine.neurons.lanes
        if self._current(fields):
            words = path.sent[machine.neurons.name]
            return words[first:first + self._vector_groups(fields)].reshape(-1)[:count]
        return self._synapses.take(count, -(-groups // group_lanes(machine)))

    def _fire(self, path: Path, fields: dict[str, int], sums: Integers, given: int) -> None:
        number, groups = fields["unit"] - 1, fields["groups"]
        machine, kind = self.machine, self._kinds[number]
        parameters = self._parameters_of(number, groups, fields.get("words", groups))
        output, states = kind.step(sums, parameters)
        if machine.trace:
            rows = [sums, output, np.stack([states[name] for name in kind.definition.states], 1)]
            for shown, values in zip(self._shown[number], rows, strict=True):
                shown.append(values.reshape(groups, -1))
        d, limit = kind.definition, machine.neurons.code_limit
        codes = np.clip(rounded(output, d.output_shift, d.rounding), -limit, limit)
        if fields["store"]:
            self._synapses.codes.shift(fields["codes"], codes)
        if fields.get("give"):
            words, count = path.given[machine.neurons.name], self._vector_groups(fields)
            words[given:given + count].reshape(-1)[:len(codes)] = codes
        if fields.get("weigh"):
            self._synapses.write(fields["weights"], output)
        if fields["result"]:
            self._result = np.concatenate([self._result, output])

    def _parameters_of(self, number: int, groups: int, words: int) -> dict[str, Integers | int]:
        """Parameters of the next neurons: constants of the kind, others from the memory."""
        kind, first = self.machine.neurons.kinds[number], self._constant
        if kind.varying:
            self._constant += words
        key = (number, first, groups, words)
        if key not in self._parameters:
            self._parameters[key] = kind.shared() | self._varying(kind, first, groups, words)
        return self._parameters[key]

    def _varying(self, kind: NeuronKind, first: int, groups: int, words: int
                 ) -> dict[str, Integers | int]:
        memory, lanes = self.memories[Space.NEURONS], self.machine.neurons.lanes
        found: dict[str, Integers | int] = {}
        place = 0
        for name in kind.varying:
            d = kind.definition
            bits = d.factor_bits if name in FACTORS else d.membrane_bits
            rows = np.stack([
                memory.fields(first + words, 1, bits, first, lane * kind.parameter_bits + place)
                for lane in range(lanes)], 1).reshape(words, lanes)
            found[name] = rows[np.arange(groups) % words].reshape(-1)
            place += bits
        return found
