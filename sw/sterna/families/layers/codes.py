"""Products of a vector of words with a matrix of planes, whose rows have scales of their own.

The vector becomes codes of one or of two digits: the second are the codes of what the first leave,
to which they add seven bits. Real values are sums times the row's scale, times what a code of the
vector stands for, which is the largest magnitude over 127.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sterna.families.layers.enters import Enters
from sterna.families.layers.scalars import scalar_constant
from sterna.families.layers.tables import WORD_BITS
from sterna.law.arithmetic import CODE_LIMIT
from sterna.program.definition import ScalarConstant
from sterna.program.instructions import (
    Constant,
    Element,
    Kernel,
    Matmul,
    Operation,
    Quantise,
    Scalar,
    ScalarOperation,
)
from sterna.program.items import Item

ROW_FRACTION = 16
"""Of the scales of rows, as shares of the largest one of a matrix."""
MOST_DIGITS = 2
CODE, LIMIT, SAME = "code", "limit", "same"
"""Scalar constants of codes of two digits."""


def digit_scalars() -> dict[str, ScalarConstant]:
    """What a code is, of an absmax of 1; the largest code; 1."""
    values = {CODE: 1 / CODE_LIMIT, LIMIT: CODE_LIMIT, SAME: 1}
    return {name: scalar_constant(value, WORD_BITS) for name, value in values.items()}


@dataclass(frozen=True)
class Codes:
    """The codes of a vector of that name, ``length`` words whose absmax is a reduction so named.

    ``digits`` is 1 or 2; of two, ``<name>_high`` and ``<name>_rest`` are local vectors.
    """

    name: str
    length: int
    digits: int = 1

    @property
    def parts(self) -> tuple[str, ...]:
        """Names that begin those of a digit's codes and scalars."""
        return (self.name, f"{self.name}_rest")[:self.digits]

    @property
    def vectors(self) -> tuple[str, ...]:
        """Local vectors beside the source."""
        return (f"{self.name}_high", f"{self.name}_rest") if self.digits > 1 else ()

    def digit_items(self) -> tuple[tuple[Item, ...], ...]:
        """What makes the codes of each digit."""
        if self.digits == 1:
            return (self._digit(self.name),)
        name, high, rest = self.name, f"{self.name}_high", f"{self.name}_rest"

        def scalar(result: str, operation: str, *operands: str) -> ScalarOperation:
            return ScalarOperation(
                result=result, operation=operation,  # type: ignore[arg-type]
                operands=operands)

        first = (
            scalar(f"{name}_max", "absmax", name),
            scalar(f"{name}_power", "multiply", f"{name}_max", f"{name}_max"),
            scalar(f"{name}_inverse", "rsqrt", f"{name}_power"),
            scalar(f"{name}_limit", "constant", LIMIT),
            scalar(f"{name}_scale", "multiply", f"{name}_inverse", f"{name}_limit"),
            scalar(f"{name}_share", "constant", CODE),
            scalar(f"{name}_one", "multiply", f"{name}_max", f"{name}_share"),
            # What a code stands for is taken off exactly, whatever it was rounded to.
            Kernel(name=rest, length=self.length, body=(
                Element(result=high, a=name, multiplier=Scalar(f"{name}_scale")),
                Element(result=rest, a=high, multiplier=Scalar(f"{name}_one", negative=True),
                        addend=name, absmax=rest))),
            scalar(f"{name}_same", "constant", SAME),
            Quantise(result=f"{name}_codes", a=high, length=self.length, scale=f"{name}_same"))
        return first, self._digit(rest)

    def _digit(self, name: str) -> tuple[Item, ...]:
        return (
            ScalarOperation(result=f"{name}_max", operation="absmax", operands=(name,)),
            ScalarOperation(result=f"{name}_scale", operation="code_scale",
                            operands=(f"{name}_max",)),
            Quantise(result=f"{name}_codes", a=name, length=self.length, scale=f"{name}_scale"))


class Pass(NamedTuple):
    """Codes, and the kernel that takes them."""

    codes: tuple[Item, ...]
    kernel: Kernel


@dataclass(frozen=True)
class Product:
    """The product of codes with the matrix ``name``, its sums delivered shifted by ``shift``.

    ``<name>_rows``, a constant vector of `ROW_FRACTION` bits, are the scales of its rows;
    ``<name>_unit``, a scalar constant, is what a delivered word of the row of the largest scale is
    in units of the result for an absmax of 1.
    """

    name: str
    codes: Codes
    shift: int

    @property
    def vectors(self) -> tuple[str, ...]:
        """Local vectors that it needs."""
        high = (f"{self.name}_high",) if self.codes.digits > 1 else ()
        return (f"{self.name}_scaled", *high)

    def passes(self, length: int, result: str, body: tuple[Operation, ...] = (),
               addend: str | None = None, between: tuple[Operation, ...] = (),
               absmax: str | None = None, enters: Enters | None = None,
               made: bool = False) -> tuple[Pass, ...]:
        """``result = product + addend``, then ``body``; the result enters ``absmax``, and what
        ``enters`` names by its kind.

        ``made`` where another product takes the codes before it; they have one digit then.

        ``between`` are operations on ``<name>_scaled``, scaled sums, before they are multiplied by
        what a code stands for: they may only multiply.
        """
        passes, last = [], self.codes.digits - 1
        for digit, (part, codes) in enumerate(
                zip(self.codes.parts, self.codes.digit_items(), strict=True)):
            scaled, scale = f"{self.name}_scaled", f"{self.name}_{part}"
            end = result if digit == last else f"{self.name}_high"
            items = () if made else codes
            passes.append(Pass((*items, *self._scale(part, scale)), Kernel(
                name=end if digit < last else self.name, length=length,
                matmuls=(Matmul(result=f"{self.name}_sums", codes=f"{part}_codes",
                                matrix=self.name, shift=self.shift),),
                body=(Element(result=scaled, a=f"{self.name}_sums",
                              multiplier=Constant(f"{self.name}_rows"), shift=ROW_FRACTION),
                      *between,
                      Element(result=end, a=scaled, multiplier=Scalar(scale), addend=addend,
                              absmax=absmax if digit == last else None,
                              **(enters or Enters() if digit == last else Enters())),
                      *(body if digit == last else ())))))
            addend = end
        return tuple(passes)

    def _scale(self, part: str, result: str) -> tuple[Item, ...]:
        unit = f"{self.name}_unit"
        return (ScalarOperation(result=unit, operation="constant", operands=(unit,)),
                ScalarOperation(result=result, operation="multiply",
                                operands=(unit, f"{part}_max")))


def in_turn(passes: Sequence[Pass]) -> tuple[Item, ...]:
    """Codes and the kernels that take them, in order: the codes of a kernel are made before the
    one ahead of it begins, as two vectors of codes may wait."""
    found: list[Item] = []
    for index, (codes, kernel) in enumerate(passes):
        made = passes[index + 1].codes if index + 1 < len(passes) else ()
        found += [*(codes if index == 0 else ()), *made, kernel]
    return tuple(found)
