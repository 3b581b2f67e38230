"""What an entry of a language model's program does: its operations, in order, with all places."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from sterna.errors import CheckError
from sterna.law.arithmetic import MANTISSA_BITS, TABLE_SEGMENTS
from sterna.machine.emulator.memory import LoadedMemory
from sterna.machine.emulator.path import Path
from sterna.machine.emulator.scalar_unit import ScalarOperation
from sterna.machine.emulator.sequencer import Executed, unrolled
from sterna.machine.emulator.ternary import KEPT_BYTES, MatrixCommand
from sterna.machine.emulator.vector import Places, VectorOperation, places
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space
from sterna.machine.units.ternary import Destination, groups_per_row_group
from sterna.machine.units.vector import MultiplierSelect, SourceA
from sterna.machine.weight_words import resident

Operation = Callable[[Path], None]
Numbers = NDArray[np.int64]


@dataclass
class Plan:
    """Operations of an entry, and how many groups its streams have."""

    operations: list[Operation] = field(default_factory=list, repr=False)
    weights: int = 0
    constants: int = 0
    inputs: int = 0
    accumulators: int = 0
    states: int = 0
    """Groups that go to the next path, if that is chained."""
    handed: int = 0
    vectors: int = 0
    """Results of the vector unit."""
    constant_groups: Numbers = field(default_factory=lambda: np.zeros((0, 0), np.int64), repr=False)


@dataclass
class _Turn:
    """A VECTOR instruction in one turn, with the groups that it names."""

    executed: Executed
    a: Numbers
    b: Numbers | None
    result: Numbers | None
    constants: Numbers | None
    previous: Numbers | None
    state: Numbers | None
    traced: Numbers

    def reads(self) -> list[Numbers]:
        """Of the vector memory."""
        memory = SourceA(self.executed.fields["a_source"]) is SourceA.MEMORY
        return [numbers for numbers in (self.a if memory else None, self.b)
                if numbers is not None]


class Planner:
    """Walks through an entry once; ``memories`` hold the program and what it uses."""

    def __init__(self, machine: Machine,
                 memories: Mapping[str, LoadedMemory]) -> None:
        self._machine, self._memories = machine, memories
        bits = machine.vector.word_bits
        words = memories[Space.TABLES].used
        pairs = memories[Space.TABLES].fields(words, 2, bits)
        self._tables = (pairs[:, 0].reshape(-1, TABLE_SEGMENTS),
                        pairs[:, 1].reshape(-1, TABLE_SEGMENTS))
        self._words = self._weight_words()
        self._kept = 0

    def plan(self, entry: int) -> Plan:
        """The operations of an entry. Raises `CheckError` when it waits for itself for ever."""
        self._plan = plan = Plan()
        # Codes are taken bank by bank, commands in their order; neither waits for a clock.
        self._made, self._bank, self._read = 0, 0, 0
        self._commands: deque[dict[str, int]] = deque()
        steps = unrolled(self._machine, self._memories[Space.PROGRAM].number, entry)
        for loop, turns in groupby(steps, lambda step: step.loop):
            if loop < 0:
                for step in turns:
                    self._step(step)
            else:
                self._loop(list(turns))
        if self._commands:
            raise CheckError(f"the program at {entry} ends while a matrix waits for its codes")
        return plan

    def _weight_words(self) -> NDArray[np.uint8]:
        """All weight words in the order of use."""
        machine = self._machine
        memory = self._memories[Space.WEIGHTS]
        words = memory.words(memory.used)
        if not machine.memory.resident:
            return words
        stays = resident(machine, 0, len(words))
        ordered = np.empty_like(words)
        outside = len(words) - int(stays.sum())
        ordered[~stays], ordered[stays] = words[:outside], words[outside:]
        return ordered

    def _step(self, step: Executed) -> None:
        if step.kind == "VECTOR":
            self._add([self._turn(step)])
        elif step.kind == "SCALAR":
            self._plan.operations.append(ScalarOperation.of(
                step.fields, self._plan.constants, self._machine.vector.scalar_groups,
                MANTISSA_BITS + 1 - self._machine.vector.word_bits))
            self._plan.constants += self._plan.operations[-1].groups
        else:
            self._commands.append(step.fields)
            self._start()

    def _loop(self, steps: list[Executed]) -> None:
        """The turns of an inner loop: an operation for each instruction if they do not meet."""
        if any(step.kind != "VECTOR" or step.fields["codes"] for step in steps):
            for step in steps:
                self._step(step)
            return
        turns = [self._turn(step) for step in steps]
        if _meet(turns):
            for turn in turns:
                self._add([turn])
            return
        together: dict[int, list[_Turn]] = {}
        for turn in turns:
            together.setdefault(turn.executed.pc, []).append(turn)
        for several in together.values():
            self._add(several)

    def _turn(self, step: Executed) -> _Turn:
        """Where a VECTOR instruction reads and writes in this turn; its streams go on."""
        plan, fields = self._plan, step.fields
        source = SourceA(fields["a_source"])
        select = MultiplierSelect(fields["multiplier"])
        length = fields["length"]

        def address(name: str) -> Numbers:
            first = fields[f"{name}_address"] + step.inner
            first += step.outer if fields[f"{name}_layer"] else 0
            first %= 1 << self._machine.vector.address_bits
            return np.arange(first, first + length)

        def stream(name: str, wanted: bool) -> Numbers | None:
            first = getattr(plan, name)
            if not wanted:
                return None
            setattr(plan, name, first + length)
            return np.arange(first, first + length)

        if source is SourceA.ACCUMULATORS:
            a = self._accumulators(length)
        else:
            a = stream("inputs", source is SourceA.INPUT)
        uses_b = fields["add_b"] or select is MultiplierSelect.MEMORY
        traced = stream("vectors", True)
        assert traced is not None
        return _Turn(
            step, address("a") if a is None else a, address("b") if uses_b else None,
            address("result") if fields["write"] else None,
            stream("constants", select is MultiplierSelect.CONSTANT),
            stream("handed", bool(fields.get("previous"))),
            stream("states", bool(fields.get("state"))), traced)

    def _accumulators(self, length: int) -> Numbers:
        first, self._read = self._read, self._read + length
        if self._read > self._plan.accumulators:
            raise CheckError("the program reads accumulators that no matrix gives")
        return np.arange(first, self._read)

    def _add(self, turns: list[_Turn]) -> None:
        fields = turns[0].executed.fields

        def joined(name: str) -> Places | None:
            if getattr(turns[0], name) is None:
                return None
            return places(np.concatenate([getattr(turn, name) for turn in turns]))

        a, traced = joined("a"), joined("traced")
        assert a is not None and traced is not None
        self._plan.operations.append(VectorOperation(
            fields, a, joined("b"), joined("result"), joined("constants"), joined("previous"),
            joined("state"), traced, self._tables, self._machine.vector.word_bits))
        if fields["codes"]:
            self._made += 1
            self._start()

    def _start(self) -> None:
        """Plan the commands whose codes are there."""
        plan, machine = self._plan, self._machine
        while self._commands and self._bank < self._made:
            fields = self._commands.popleft()
            words = fields["blocks"] * fields["tiles"] * fields["groups"]
            groups = fields["blocks"] * fields["groups"] * groups_per_row_group(machine)
            if plan.weights + words > len(self._words):
                raise CheckError("the program takes more weights than there are")
            self._kept += 4 * words * machine.ternary.lanes
            plan.operations.append(MatrixCommand(
                machine, fields, self._words[plan.weights:plan.weights + words],
                self._bank, plan.accumulators, self._kept <= KEPT_BYTES))
            plan.weights += words
            if fields["destination"] != Destination.HEAD:
                plan.accumulators += groups
            self._bank += fields["release"]


def _meet(turns: list[_Turn]) -> bool:
    """Whether a pass of the loop reads or writes what another pass writes."""
    owner: dict[int, int] = {}
    for turn in turns:
        if turn.result is not None:
            for group in turn.result.tolist():
                if owner.setdefault(group, turn.executed.pass_) != turn.executed.pass_:
                    return True
    return any(
        owner.get(group, turn.executed.pass_) != turn.executed.pass_
        for turn in turns for numbers in turn.reads() for group in numbers.tolist())
