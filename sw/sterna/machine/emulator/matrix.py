"""The matrix states: passes over cells, operand by operand in whole arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from sterna.errors import CheckError
from sterna.machine.emulator.memory import LoadedMemory
from sterna.machine.emulator.path import Integers, Path
from sterna.machine.emulator.plan import Operation, Plan
from sterna.machine.emulator.sequencer import Executed
from sterna.machine.emulator.unit import EmulatedUnit
from sterna.machine.machine import Machine
from sterna.machine.strips import from_strips, to_strips
from sterna.machine.units.matrix import Decay
from sterna.machine.words import Words, pack_fields, unpack_fields, word_bytes


@dataclass
class _States:
    """What a data path has: cells [words, lanes], the place in them, what was clipped and shown."""

    cells: Integers
    place: int = 0
    clipped: int = 0
    shown: list[Integers] = field(default_factory=list)


class MatrixStatesUnit(EmulatedUnit):
    """Executes STATE, when its operands were sent."""

    executes = ("STATE",)

    def __init__(self, machine: Machine, memories: Mapping[str, LoadedMemory],
                 beside: Mapping[str, EmulatedUnit]) -> None:
        super().__init__(machine, memories, beside)
        self._ran: list[_States] = []
        self._waiting: list[dict[str, int]] = []

    def power_up(self, path: Path) -> None:
        unit, limit = self.machine.matrix, self.machine.vector.word_limit
        noise = np.random.default_rng(path.number + 1)  # memory is not zero after power up
        path.own[unit.name] = _States(
            noise.integers(-limit, limit, (unit.depth, unit.lanes), np.int64))

    def plan(self, step: Executed, plan: Plan) -> None:
        self._waiting.append(step.fields)

    def go_on(self, plan: Plan) -> None:
        name = self.machine.matrix.name
        while self._waiting:
            fields = self._waiting[0]
            takes = self._takes(fields)
            if plan.received[name] + sum(takes) > plan.sent[name]:
                return
            first = plan.pass_on("received", name, sum(takes))
            given = plan.pass_on("given", name, self._gives(fields))
            operation: Operation = partial(self._execute, fields=fields, first=first, given=given)
            plan.operations.append(operation)
            self._waiting.pop(0)

    def ended(self, plan: Plan) -> None:
        if self._waiting:
            self._waiting.clear()
            raise CheckError("the program ends while a matrix state waits for words")

    def begin(self, path: Path, plan: Plan, word: int) -> None:
        states = self._of(path)
        states.place = states.clipped = 0
        states.shown = []
        self._ran.append(states)

    def counts(self) -> Mapping[str, int]:
        ran, self._ran = self._ran, []
        return {"clipped": sum(states.clipped for states in ran)}

    def read_state(self, path: Path, name: str) -> Words:
        return pack_fields(self._of(path).cells, self.machine.vector.word_bits,
                           word_bytes(self.machine, name))

    def write_state(self, path: Path, name: str, first: int, words: Words) -> None:
        self._of(path).cells[first:first + len(words)] = unpack_fields(
            words, self.machine.matrix.lanes, self.machine.vector.word_bits)

    def shown(self, path: Path) -> list[list[Integers]]:
        return [self._of(path).shown]

    def _of(self, path: Path) -> _States:
        return path.own[self.machine.matrix.name]

    def _takes(self, fields: Mapping[str, int]) -> list[int]:
        """Groups of each operand."""
        decay = fields.get("decay", 0)
        found = [0 if not decay else
                 fields["heads_groups" if decay == Decay.HEAD else "rows_groups"]]
        found += [fields["rows_groups"], fields["columns_groups"]] * fields["products"]
        by_columns = fields.get("by_columns", 0)
        return [*found, fields["columns_groups" if by_columns else "rows_groups"] * fields["read"]]

    def _gives(self, fields: Mapping[str, int]) -> int:
        by_columns = fields.get("by_columns", 0)
        return fields["rows_groups" if by_columns else "columns_groups"] * fields["read"]

    def _execute(self, path: Path, fields: Mapping[str, int], first: int, given: int) -> None:
        states, unit, name = self._of(path), self.machine.matrix, self.machine.matrix.name
        if fields["clear"]:
            states.cells[:] = 0
            return
        shape = heads, rows, columns = fields["heads"], fields["rows"], fields["columns"]
        start = states.place + fields["offset"]
        span = slice(start, start + unit.words(*shape))
        states.place += fields["advance"]
        before = from_strips(states.cells[span].reshape(1, -1, 1), shape, unit.lanes).reshape(shape)
        words = []
        for count in self._takes(fields):
            words.append(path.sent[name][first:first + count].reshape(-1))
            first += count

        def down(values: Integers) -> Integers:
            return values[:heads * rows].reshape(heads, rows, 1)

        def across(values: Integers) -> Integers:
            return values[:heads * columns].reshape(heads, 1, columns)

        decay, *factors, reading = words
        total = before << unit.shift
        if fields.get("decay"):
            loss = (down(decay) if fields["decay"] == Decay.ROW else
                    decay[:heads].reshape(heads, 1, 1))
            total = total - (before * loss << unit.shift - unit.decay_fraction)
        for a, b in zip(factors[::2], factors[1::2], strict=True):
            total = total + (down(a) * across(b) << unit.shift - unit.product_shift)
        after = self._clipped(states, total, unit.shift)
        strips = to_strips(after.reshape(1, -1, 1), shape, unit.lanes).reshape(-1, unit.lanes)
        if fields["store"]:
            states.cells[span] = strips
        if path.shown is not None:
            states.shown.append(strips)
        if fields["read"]:
            by_columns = fields.get("by_columns", 0)
            factor = across(reading) if by_columns else down(reading)
            value = (factor * after).sum(2 if by_columns else 1).reshape(-1)
            target = path.given[name][given:given + self._gives(fields)].reshape(-1)
            target[:len(value)] = self._clipped(states, value, unit.read_shift)

    def _clipped(self, states: _States, value: Integers, shift: int) -> Integers:
        limit = self.machine.vector.word_limit
        value = value + (1 << shift >> 1) >> shift
        states.clipped += int((np.abs(value) > limit).sum())
        return value.clip(-limit, limit)
