"""A machine of units: runs entries of its program on its data paths."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from sterna.errors import InputError
from sterna.machine.emulator.head import HeadUnit
from sterna.machine.emulator.loops import LoopsUnit
from sterna.machine.emulator.matrix import MatrixStatesUnit
from sterna.machine.emulator.memory import LoadedMemory
from sterna.machine.emulator.neurons import NeuronsUnit
from sterna.machine.emulator.path import Integers, Path
from sterna.machine.emulator.plan import Plan, plan_entry
from sterna.machine.emulator.scalar_unit import ScalarUnitEmulation
from sterna.machine.emulator.synapses import SynapsesUnit
from sterna.machine.emulator.ternary import TernaryUnit
from sterna.machine.emulator.unit import EmulatedUnit
from sterna.machine.emulator.vector import VectorUnit
from sterna.machine.extensions import EMULATORS, extensions
from sterna.machine.machine import Machine, path_space
from sterna.machine.protocol import Space, memory_spec
from sterna.machine.traces import Words32, port_words, trace_ports
from sterna.machine.words import Words

OWN: dict[str, type[EmulatedUnit]] = {
    "vector": VectorUnit, "scalar": ScalarUnitEmulation, "ternary": TernaryUnit,
    "loops": LoopsUnit, "head": HeadUnit, "synapse": SynapsesUnit, "neuron": NeuronsUnit,
    "matrix": MatrixStatesUnit, "read": EmulatedUnit, "generate": EmulatedUnit,
}
"""What emulates each of Sterna's units, by its name."""


class EmulatedMachine:
    """The units of a machine with their memories; ``more`` emulate units of other packages.

    Raises `InputError` for a unit that nothing emulates.
    """

    def __init__(self, machine: Machine, memories: Mapping[str, LoadedMemory],
                 more: Mapping[str, type[EmulatedUnit]] | None = None) -> None:
        self._machine, self._memories = machine, memories
        kinds = OWN | extensions(EMULATORS) | dict(more or {})
        self._units: dict[str, EmulatedUnit] = {}
        for unit in machine.units:
            if unit.name not in kinds:
                raise InputError(f"emulator: nothing emulates the unit {unit.name}; give --device "
                                 "sim")
            self._units[unit.name] = kinds[unit.name](machine, memories, self._units)
        self._paths = [Path(number) for number in range(machine.streams)]
        for path in self._paths:
            for unit in self._units.values():
                unit.power_up(path)
        self._shown = _nothing(machine)
        self._states = {
            path_space(item.name, path.number): (self._units[unit.name], path, item.name)
            for unit in machine.units for item in unit.states(machine)
            for path in (self._paths if unit.per_stream else self._paths[:1])}
        self._plans: dict[int, Plan] = {}

    def loaded(self, space: str) -> None:
        """Words of a memory have changed."""
        if not memory_spec(self._machine, space).input:
            self._plans.clear()
            for unit in self._units.values():
                unit.changed()

    def read_state(self, space: str) -> Words:
        """All words of a memory that READ reads."""
        unit, path, name = self._states[space]
        return unit.read_state(path, name)

    def write_state(self, space: str, first: int, words: Words) -> None:
        """Write words of such a memory from one on."""
        unit, path, name = self._states[space]
        unit.write_state(path, name, first, words)

    def state_of(self, path: int) -> dict[str, Words]:
        """All that a data path has in memories that READ reads."""
        return {space: unit.read_state(owner, name).copy()
                for space, (unit, owner, name) in self._states.items() if owner.number == path}

    def run(self, entry: int, inputs: Mapping[int, int], chained: set[int], rows: int) -> bytes:
        """Run data paths, each from its INPUT word on; a RESULT without the session.

        Paths that are ``chained`` take the state of the one before; ``rows`` limits the head.
        """
        if entry not in self._plans:
            self._plans[entry] = plan_entry(
                self._machine, self._units, self._memories[Space.PROGRAM].number, entry)
        plan = self._plans[entry]
        for number in self._in_order(inputs, chained):
            before = self._paths[number - 1].states if number in chained else None
            self._run(self._paths[number], plan, inputs[number], before)
        counts: dict[str, int] = {}
        for unit in self._units.values():
            counts |= unit.counts()
        values = [counts.get(item.name, 0) for item in self._machine.counters]
        return struct.pack(f"<{len(values)}I", *values) + self._results(sorted(inputs), rows)

    def collect_words(self) -> list[Words32]:
        """What each trace port showed since the last call: of each path, then of what all share."""
        words = [port_words(top.port, self._shown[top.name]) for top in trace_ports(self._machine)]
        self._shown = _nothing(self._machine)
        return words

    def _run(self, path: Path, plan: Plan, word: int, handed: Integers | None) -> None:
        path.handed = handed
        path.shown = {} if self._machine.trace else None
        for unit in self._units.values():
            unit.begin(path, plan, word)
        for operation in plan.operations:
            operation(path)
        if path.shown is not None:
            self._show(path)

    def _in_order(self, inputs: Mapping[int, int], chained: set[int]) -> list[int]:
        """The paths to run; one that is chained comes behind the one before it."""
        order: list[int] = []
        for number in (number for number in sorted(inputs) if number not in chained):
            order.append(number)
            while (number := (number + 1) % len(self._paths)) in chained and number in inputs:
                order.append(number)
        return order

    def _results(self, numbers: list[int], rows: int) -> bytes:
        """What units send of every path that ran, the lowest first, then what all share."""
        parts = []
        for number in numbers:
            parts += [self._units[unit.name].result(self._paths[number], rows)
                      for unit in self._machine.units if unit.per_stream]
        parts += [self._units[unit.name].result(self._paths[0], rows)
                  for unit in self._machine.units if not unit.per_stream]
        return b"".join(parts)

    def _show(self, path: Path) -> None:
        """Keep what the trace ports showed of a run."""
        values = {unit.name: iter(self._units[unit.name].shown(path))
                  for unit in self._machine.units}
        for top in trace_ports(self._machine):
            if top.stream in (None, path.number):
                self._shown[top.name] += next(values[top.unit])


def _nothing(machine: Machine) -> dict[str, list[Integers]]:
    return {top.name: [] for top in trace_ports(machine)}
