"""The scalar unit: one operation on the scalar registers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sterna.machine.emulator.path import Path
from sterna.machine.emulator.scalars import Scalar, add, code_scale, multiply, normalise, rsqrt
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
        if path.trace is not None:
            path.trace.scalars.append(result)

    def _value(self, path: Path) -> Scalar:
        if self.code is ScalarCode.CONSTANT:
            words = path.constants[self.constant:self.constant + self.groups].reshape(-1)
            return int(words[0]) << self.drop, int(words[1])
        if self.code in (ScalarCode.ABSMAX, ScalarCode.SQUARES):
            file = path.absmax if self.code is ScalarCode.ABSMAX else path.squares
            value, file[self.a] = file[self.a], 0
            return normalise(value)
        if self.code in _OF_ONE:
            return _OF_ONE[self.code](path.registers[self.a])
        return _OF_TWO[self.code](path.registers[self.a], path.registers[self.b])
