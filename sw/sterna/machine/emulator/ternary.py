"""The ternary engine: a matrix command as one product."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sterna.errors import CheckError
from sterna.law.arithmetic import SHIFT_STEP
from sterna.law.planes import full, reach
from sterna.machine.emulator.memory import LoadedMemory
from sterna.machine.emulator.path import Integers, Path
from sterna.machine.emulator.plan import Plan
from sterna.machine.emulator.sequencer import Executed
from sterna.machine.emulator.unit import EmulatedUnit
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space
from sterna.machine.units.ternary import Destination, groups_per_row_group
from sterna.machine.weight_words import bundle, resident, unpack_some
from sterna.machine.words import Words

KEPT_BYTES = 1 << 30
"""Of matrices that are unpacked once; larger models are unpacked at every token."""
_EXACT = 1 << 24
"""Below this float32 holds every integer."""


@dataclass
class MatrixCommand:
    """A MATMUL instruction: its weight words, the codes that it takes, where its sums go."""

    machine: Machine
    fields: dict[str, int]
    words: Words = field(repr=False)
    """All of weights, in the order of use."""
    start: int
    """Of the command's weight words."""
    codes: int
    """Number of the code vector."""
    first: int
    """Of the groups among the run's accumulators."""
    kept: bool

    def __call__(self, path: Path) -> None:
        """Execute on a data path."""
        matrix = self._kept if self.kept else self._matrix()
        codes = path.codes[self.codes]
        taken = np.zeros(matrix.shape[1], matrix.dtype)
        count = min(len(codes), len(taken))
        taken[:count] = codes[:count]
        sums = (matrix @ taken).astype(np.int64)
        machine = self.machine
        if path.shown is not None:
            path.shown["ternary"].append(sums.reshape(-1, machine.ternary.rows))
        shift = SHIFT_STEP * self.fields.get("shift", 0)
        if shift:
            sums = (sums + (1 << shift - 1)) >> shift
        limit = machine.vector.word_limit
        sums = np.clip(sums, -limit, limit)
        if self.fields["destination"] == Destination.HEAD:
            path.head.append(sums)
            return
        groups = sums.reshape(-1, machine.vector.lanes)
        path.accumulators[self.first:self.first + len(groups)] = groups

    @cached_property
    def _kept(self) -> NDArray[np.floating]:
        return self._matrix()

    def _matrix(self) -> NDArray[np.floating]:
        """[rows, columns] of all blocks, in a type in which the sums are exact."""
        ternary, fields = self.machine.ternary, self.fields
        planes = fields.get("planes", 1)
        count = fields["blocks"] * fields["tiles"] * planes * fields["groups"]
        trits = unpack_some(self.machine, self.words, self.start, count)
        ordered = trits.reshape(fields["blocks"], fields["tiles"], planes, fields["groups"],
                                ternary.rows, ternary.columns)
        columns = fields["tiles"] * ternary.columns
        exact = np.float32 if reach(full(columns, planes)) < _EXACT else np.float64
        whole = sum(ordered[:, :, plane] * exact(3**plane) for plane in range(planes))
        assert isinstance(whole, np.ndarray)
        return whole.transpose(0, 2, 3, 1, 4).reshape(-1, columns)


class TernaryUnit(EmulatedUnit):
    """Executes MATMUL: each command when the codes that it takes are there, in their order."""

    executes = ("MATMUL",)

    def __init__(self, machine: Machine, memories: Mapping[str, LoadedMemory],
                 beside: Mapping[str, EmulatedUnit]) -> None:
        super().__init__(machine, memories, beside)
        self._waiting: deque[dict[str, int]] = deque()
        self._bank = 0
        self.changed()

    def changed(self) -> None:
        self._words: Words | None = None
        self._kept = 0

    def plan(self, step: Executed, plan: Plan) -> None:
        if not plan.weights and not self._waiting:
            self._bank = 0
        self._waiting.append(step.fields)

    def go_on(self, plan: Plan) -> None:
        while self._waiting and self._bank < plan.codes:
            fields, machine = self._waiting.popleft(), self.machine
            words = (fields["blocks"] * fields["tiles"] * fields.get("planes", 1)
                     * fields["groups"])
            first = plan.take("weights", words)
            given, taken = bundle(machine)
            if first + words > len(self._weight_words()) // taken * given:
                raise CheckError("the program takes more weights than there are")
            self._kept += 4 * words // fields.get("planes", 1) * machine.ternary.lanes
            groups = fields["blocks"] * fields["groups"] * groups_per_row_group(machine)
            to_head = fields["destination"] == Destination.HEAD
            plan.operations.append(MatrixCommand(
                machine, fields, self._weight_words(), first, self._bank,
                plan.accumulators if to_head else plan.take("accumulators", groups),
                self._kept <= KEPT_BYTES))
            self._bank += fields["release"]

    def ended(self, plan: Plan) -> None:
        if self._waiting:
            self._waiting.clear()
            raise CheckError("the program ends while a matrix waits for its codes")

    def begin(self, path: Path, plan: Plan, word: int) -> None:
        path.accumulators = np.zeros((plan.accumulators, self.machine.vector.lanes), np.int64)
        path.head = []
        if path.shown is not None:
            path.shown["ternary"] = []

    def shown(self, path: Path) -> list[list[Integers]]:
        assert path.shown is not None
        return [path.shown["ternary"]]

    def _weight_words(self) -> Words:
        """All words of weights in the order of use."""
        if self._words is None:
            memory = self.memories[Space.WEIGHTS]
            words = memory.words(memory.used)
            if self.machine.memory.resident:
                stays = resident(self.machine, 0, len(words))
                ordered = np.empty_like(words)
                outside = len(words) - int(stays.sum())
                ordered[~stays], ordered[stays] = words[:outside], words[outside:]
                words = ordered
            self._words = words
        return self._words
