"""The scalar unit: one operation on the scalar registers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sterna.law.arithmetic import MANTISSA_BITS
from sterna.machine.emulator.path import Integers, Path
from sterna.machine.emulator.plan import Plan
from sterna.machine.emulator.scalars import (
    Scalar,
    add,
    code_scale,
    multiply,
    normalise_signed,
    rsqrt,
)
from sterna.machine.emulator.sequencer import Executed
from sterna.machine.emulator.unit import EmulatedUnit
from sterna.machine.units.scalar import ScalarCode

_OF_ONE: dict[ScalarCode, Callable[[Scalar], Scalar]] = {
    ScalarCode.CODE_SCALE: code_scale, ScalarCode.RSQRT: rsqrt}
_OF_TWO: dict[ScalarCode, Callable[[Scalar, Scalar], Scalar]] = {
    ScalarCode.MULTIPLY: multiply, ScalarCode.ADD: add}


@dataclass(frozen=True)
class ScalarOperation:
    """A SCALAR instruction. ``constant`` is the first group of its constant, if it takes one."""

    code: ScalarCode
    result: int
    a: int
    b: int
    constant: int
    groups: int
    """Of constants that it takes."""
    drop: int
    """Low bits of a mantissa that constants do not hold."""

    @classmethod
    def of(cls, fields: dict[str, int], constant: int, groups: int, drop: int) -> ScalarOperation:
        """The operation of an instruction, ``groups`` constant groups hold a scalar."""
        code = ScalarCode(fields["operation"])
        taken = groups if code is ScalarCode.CONSTANT else 0
        return cls(code, fields["result"], fields["a"], fields["b"], constant, taken, drop)

    def __call__(self, path: Path) -> None:
        """Execute on a data path."""
        result = self._value(path)
        path.registers[self.result] = result
        if path.shown is not None:
            path.shown["scalar"].append(result)

    def _value(self, path: Path) -> Scalar:
        if self.code is ScalarCode.CONSTANT:
            words = path.constants[self.constant:self.constant + self.groups].reshape(-1)
            return int(words[0]) << self.drop, int(words[1])
        if self.code in (ScalarCode.ABSMAX, ScalarCode.SQUARES):
            file = path.absmax if self.code is ScalarCode.ABSMAX else path.squares
            value, file[self.a] = file[self.a], 0
            return normalise_signed(value)
        if self.code in _OF_ONE:
            return _OF_ONE[self.code](path.registers[self.a])
        return _OF_TWO[self.code](path.registers[self.a], path.registers[self.b])


class ScalarUnitEmulation(EmulatedUnit):
    """Executes SCALAR."""

    executes = ("SCALAR",)

    def plan(self, step: Executed, plan: Plan) -> None:
        vector = self.machine.vector
        operation = ScalarOperation.of(step.fields, plan.constants, vector.scalar_groups,
                                       MANTISSA_BITS + 1 - vector.word_bits)
        plan.constants += operation.groups
        plan.operations.append(operation)

    def begin(self, path: Path, plan: Plan, word: int) -> None:
        if path.shown is not None:
            path.shown["scalar"] = []

    def shown(self, path: Path) -> list[list[Integers]]:
        assert path.shown is not None
        return [[np.array(path.shown["scalar"], np.int64).reshape(-1, 2)]]
