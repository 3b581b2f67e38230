"""The vector unit: where its instructions read and write, turn by turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sterna.errors import CheckError
from sterna.law.arithmetic import TABLE_SEGMENTS
from sterna.machine.emulator.path import Integers, Path
from sterna.machine.emulator.plan import Plan
from sterna.machine.emulator.sequencer import Executed
from sterna.machine.emulator.unit import EmulatedUnit
from sterna.machine.emulator.vector_operation import Places, VectorOperation, places
from sterna.machine.protocol import Space
from sterna.machine.units.vector import MultiplierSelect, SourceA
from sterna.machine.words import Words, pack_fields, unpack_fields, word_bytes

Numbers = NDArray[np.int64]


@dataclass
class Turn:
    """A VECTOR instruction in one turn, with the groups that it names."""

    executed: Executed
    a: Numbers
    b: Numbers | None
    result: Numbers | None
    constants: Numbers | None
    previous: Numbers | None
    state: Numbers | None
    traced: Numbers
    sent: Numbers | None = None

    def reads(self) -> list[Numbers]:
        """Of the vector memory."""
        memory = SourceA(self.executed.fields["a_source"]) is SourceA.MEMORY
        return [numbers for numbers in (self.a if memory else None, self.b)
                if numbers is not None]


class VectorUnit(EmulatedUnit):
    """Executes VECTOR: one operation for all turns of a loop where these do not meet."""

    executes = ("VECTOR",)

    def power_up(self, path: Path) -> None:
        vector = self.machine.vector
        noise = np.random.default_rng(path.number + 1)  # memory is not zero after power up
        path.memory = noise.integers(
            -vector.word_limit, vector.word_limit, (vector.depth, vector.lanes), np.int64)

    def read_state(self, path: Path, name: str) -> Words:
        return pack_fields(path.memory, self.machine.vector.word_bits,
                           word_bytes(self.machine, name))

    def write_state(self, path: Path, name: str, first: int, words: Words) -> None:
        vector = self.machine.vector
        path.memory[first:first + len(words)] = unpack_fields(
            words, vector.lanes, vector.word_bits)

    def plan(self, step: Executed, plan: Plan) -> None:
        self._add([self._turn(step, plan)], plan)

    def plan_loop(self, steps: list[Executed], plan: Plan) -> bool:
        if any(step.fields["codes"] for step in steps):
            return False
        turns = [self._turn(step, plan) for step in steps]
        if meet(turns):
            for turn in turns:
                self._add([turn], plan)
            return True
        together: dict[int, list[Turn]] = {}
        for turn in turns:
            together.setdefault(turn.executed.pc, []).append(turn)
        for several in together.values():
            self._add(several, plan)
        return True

    def begin(self, path: Path, plan: Plan, word: int) -> None:
        vector, lanes = self.machine.vector, self.machine.vector.lanes
        if self.machine.vector.name not in plan.kept:
            plan.kept[vector.name] = self.memories[Space.CONSTANTS].fields(
                plan.constants, lanes, vector.word_bits)
        path.constants = plan.kept[vector.name]
        if plan.inputs:
            path.inputs = self.memories[Space.INPUT].fields(
                word + plan.inputs, lanes, vector.word_bits, word)
        path.states = np.zeros((plan.states, lanes), np.int64)
        path.codes = []
        path.sent = {name: np.zeros((count, lanes), np.int64) for name, count in plan.sent.items()}
        path.given = {name: np.zeros((count, lanes), np.int64)
                      for name, count in plan.given.items()}
        if path.shown is not None:
            path.shown["vector"] = np.zeros((plan.vectors, lanes), np.int64)

    def shown(self, path: Path) -> list[list[Integers]]:
        assert path.shown is not None
        return [[path.shown["vector"]]]

    def _turn(self, step: Executed, plan: Plan) -> Turn:
        """Where an instruction reads and writes in this turn; its streams go on."""
        fields, length = step.fields, step.fields["length"]
        source = SourceA(fields["a_source"])
        select = MultiplierSelect(fields["multiplier"])

        def address(name: str) -> Numbers:
            first = fields[f"{name}_address"] + step.inner
            first += step.outer if fields[f"{name}_layer"] else 0
            first %= 1 << self.machine.vector.address_bits
            return np.arange(first, first + length)

        def stream(name: str) -> Numbers:
            first = plan.take(name, length)
            return np.arange(first, first + length)

        def passed(words: str) -> Numbers:
            first = plan.pass_on(words, self._partner(fields), length)
            return np.arange(first, first + length)

        if source is SourceA.UNIT:
            a = passed("taken")
            if plan.taken[self._partner(fields)] > plan.given[self._partner(fields)]:
                raise CheckError("the program takes words that no unit gives")
        elif source is SourceA.ACCUMULATORS:
            a = stream("read")
            if plan.read > plan.accumulators:
                raise CheckError("the program reads accumulators that no matrix gives")
        else:
            a = stream("inputs") if source is SourceA.INPUT else address("a")
        uses_b = fields["add_b"] or select is MultiplierSelect.MEMORY
        return Turn(
            step, a, address("b") if uses_b else None,
            address("result") if fields["write"] else None,
            stream("constants") if select is MultiplierSelect.CONSTANT else None,
            stream("handed") if fields.get("previous") else None,
            stream("states") if fields.get("state") else None, stream("vectors"),
            passed("sent") if fields.get("send") else None)

    def _partner(self, fields: dict[str, int]) -> str:
        """The unit that the words are sent to, or that gives them."""
        return self.machine.partners[fields.get("partner", 0)]

    def _add(self, turns: list[Turn], plan: Plan) -> None:
        fields = turns[0].executed.fields

        def joined(name: str) -> Places | None:
            if getattr(turns[0], name) is None:
                return None
            return places(np.concatenate([getattr(turn, name) for turn in turns]))

        a, traced = joined("a"), joined("traced")
        assert a is not None and traced is not None
        plan.operations.append(VectorOperation(
            fields, a, joined("b"), joined("result"), joined("constants"), joined("previous"),
            joined("state"), traced, self._tables(plan), self.machine.vector.word_bits,
            joined("sent"), self._partner(fields) if self.machine.partners else ""))
        if fields["codes"]:
            plan.codes += 1

    def _tables(self, plan: Plan) -> tuple[Integers, Integers]:
        """Base and slope [tables, segments]."""
        if Space.TABLES not in plan.kept:
            vector = self.machine.vector
            plan.kept[Space.TABLES] = self.memories[Space.TABLES].fields(
                vector.tables * TABLE_SEGMENTS, 2, vector.word_bits)
        pairs = plan.kept[Space.TABLES]
        return (pairs[:, 0].reshape(-1, TABLE_SEGMENTS), pairs[:, 1].reshape(-1, TABLE_SEGMENTS))


def meet(turns: list[Turn]) -> bool:
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
