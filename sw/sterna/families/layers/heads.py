"""Layers on the heads of a vector, which lie side by side, each padded to whole groups.

Padding is 0: rows and columns of zeros around a matrix keep it so. Every head is a `Part` of the
vector, and what is reduced of it goes through the scalar unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.families.layers.scalars import scalar_constant
from sterna.families.layers.tables import (
    GATE_FRACTION,
    ONE,
    ONE_FRACTION,
    SIGMOID,
    WORD_BITS,
)
from sterna.program.definition import ScalarConstant
from sterna.program.instructions import (
    Constant,
    Element,
    Lookup,
    Operation,
    Part,
    Scalar,
    ScalarOperation,
    Unit,
)
from sterna.program.items import Item

LEAST_GROUP, MOST_GROUP = 16, 64
"""Heads are padded to the next power of two from the one to the other, or to multiples of that."""
HEAD_ONES = "head_ones"
"""Ones of `ONE_FRACTION` bits in the vector's elements, 0 in its padding; local."""
HEAD_UNIT = "head_one"
"""The constant vector that they are made with: `ones.UNIT_WORD`, and 0 in padding."""


def padded_size(size: int) -> int:
    """Elements of a head with its padding."""
    if size > MOST_GROUP:
        return -(-size // MOST_GROUP) * MOST_GROUP
    return max(LEAST_GROUP, 1 << (size - 1).bit_length())


@dataclass(frozen=True)
class Heads:
    """``count`` heads of ``size`` elements."""

    count: int
    size: int

    @property
    def step(self) -> int:
        """Elements from a head to the next."""
        return padded_size(self.size)

    @property
    def length(self) -> int:
        """Elements of all heads."""
        return self.count * self.step

    def pad(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values [elements of all heads, …] with zeros between them."""
        rest = values.shape[1:]
        found = np.zeros((self.count, self.step, *rest), values.dtype)
        found[:, :self.size] = values.reshape(self.count, self.size, *rest)
        return found.reshape(self.length, *rest)

    def part(self, name: str, head: int, *body: Operation) -> Part:
        """Operations on a head."""
        return Part(name=name, first=head * self.step, length=self.step, body=body)


def make_head_ones(a: str) -> tuple[Operation, ...]:
    """Ones for the heads of a vector ``a``."""
    return (
        Element(result=HEAD_ONES, a=a, multiplier=Unit(0)),
        Lookup(result=HEAD_ONES, a=HEAD_ONES, table=SIGMOID),  # a half
        Element(result=HEAD_ONES, a=HEAD_ONES, multiplier=Constant(HEAD_UNIT),
                shift=GATE_FRACTION),
    )


def add_head_constant(result: str, a: str, constant: str) -> Element:
    """``result = a + <constant>`` in the elements of heads."""
    return Element(result=result, a=HEAD_ONES, multiplier=Constant(constant), shift=ONE_FRACTION,
                   addend=a)


def _scalar(name: str, result: str, operation: str, *operands: str) -> ScalarOperation:
    """An operation on scalars of a layer of that name."""
    return ScalarOperation(
        result=f"{name}_{result}", operation=operation,  # type: ignore[arg-type]
        operands=tuple(f"{name}_{operand}" for operand in operands))


@dataclass(frozen=True)
class HeadNorm:
    """A LayerNorm of each head by itself, without gain and bias: GroupNorm.

    ``name`` begins the names of its scalars. Words of ``fraction`` bits become words of
    ``result_fraction``, in place; `HEAD_ONES` are there. Its error is that of `layers.norm`.
    """

    name: str
    heads: Heads
    fraction: int
    result_fraction: int
    eps: float

    def items(self, a: str) -> tuple[Item, ...]:
        """Each head of the vector ``a`` is normed."""
        constants = tuple(_scalar(self.name, name, "constant", name)
                          for name in ("share", "part", "least"))
        return (*constants, *(item for head in range(self.heads.count)
                              for item in self._head(a, head)))

    def _head(self, a: str, head: int) -> tuple[Item, ...]:
        name, part, scalar = self.name, self.heads.part, partial(_scalar, self.name)
        return (
            part(f"{name}_sum", head,
                 Element(result=None, a=a, multiplier=Unit(1), sum=f"{name}_sum")),
            scalar("total", "sum", "sum"),
            scalar("middle", "multiply", "total", "share"),
            part(f"{name}_centre", head,
                 Element(result=a, a=HEAD_ONES, multiplier=Scalar(f"{name}_middle", True),
                         addend=a, squares=f"{name}_squares")),
            scalar("power", "squares", "squares"),
            scalar("variance", "multiply", "power", "part"),
            scalar("safe", "add", "variance", "least"),
            scalar("root", "rsqrt", "safe"),
            part(f"{name}_scale", head,
                 Element(result=a, a=a, multiplier=Scalar(f"{name}_root"))),
        )

    def scalars(self) -> Mapping[str, ScalarConstant]:
        """Its scalar constants, as those of `LayerNorm`."""
        unit, size = 4.0**-self.result_fraction, self.heads.size
        return {
            f"{self.name}_{name}": scalar_constant(value, WORD_BITS) for name, value in {
                "share": 1 / (size * ONE), "part": unit / size,
                "least": self.eps * 4.0**self.fraction * unit,
            }.items()}


@dataclass(frozen=True)
class HeadUnit:
    """Each head by itself, made a vector of length 1, of ``fraction`` bits, in place; zeros stay.

    ``name`` begins the names of its scalars. Its error is 2e-4 of an element (table of the root,
    scalars of 17 bits), and one of its units.
    """

    name: str
    heads: Heads
    fraction: int

    def items(self, a: str) -> tuple[Item, ...]:
        """Each head of the vector ``a``."""
        scalar = partial(_scalar, self.name)

        def head(index: int) -> tuple[Item, ...]:
            part = self.heads.part
            return (
                part(f"{self.name}_length", index, Element(
                    result=None, a=a, multiplier=Unit(1), squares=f"{self.name}_squares")),
                scalar("power", "squares", "squares"),
                scalar("area", "multiply", "power", "unit"),
                scalar("root", "rsqrt", "area"),
                part(f"{self.name}_scale", index, Element(
                    result=a, a=a, multiplier=Scalar(f"{self.name}_root"))))

        return (scalar("unit", "constant", "unit"),
                *(item for index in range(self.heads.count) for item in head(index)))

    def scalars(self) -> Mapping[str, ScalarConstant]:
        """Its scalar constant."""
        return {f"{self.name}_unit": scalar_constant(4.0**-self.fraction, WORD_BITS)}


@dataclass(frozen=True)
class HeadSum:
    """To each head another one is added, times the sum of a third one's words times ``scale``.

    ``name`` begins the names of its scalars.
    """

    name: str
    heads: Heads
    scale: float

    def items(self, result: str, a: str, summed: str) -> tuple[Item, ...]:
        """``result += a * sum(summed) * scale``."""
        scalar = partial(_scalar, self.name)

        def head(index: int) -> tuple[Item, ...]:
            part = self.heads.part
            return (
                part(f"{self.name}_sum", index, Element(
                    result=None, a=summed, multiplier=Unit(1), sum=f"{self.name}_sum")),
                scalar("total", "sum", "sum"), scalar("factor", "multiply", "total", "scale"),
                part(f"{self.name}_add", index, Element(
                    result=result, a=a, multiplier=Scalar(f"{self.name}_factor"),
                    addend=result)))

        return (scalar("scale", "constant", "scale"),
                *(item for index in range(self.heads.count) for item in head(index)))

    def scalars(self) -> Mapping[str, ScalarConstant]:
        """Its scalar constant."""
        return {f"{self.name}_scale": scalar_constant(self.scale, WORD_BITS)}
