"""The instructions of a program: integer vector operations with every format declared.

A program says *what* is computed, for any accelerator shape; the compiler's schedule says in which
blocks. Execution is in the order written. The meaning of each operation, to the last rounding,
is in `sterna.law.arithmetic`.

Names of vectors, accumulators, codes and scalars are local to one repetition of a section, unless
the vector is declared as state (one per repetition, kept between tokens) or carried (one for the
whole program, such as the residual stream). Names of reductions (`absmax`, `squares`) are global:
a reduction filled at the end of one repetition may be taken in the next one or in a later section.
Taking a reduction clears it, and every reduction is taken before the token ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Scalar:
    """A scalar float as the multiplier of an element operation, negated on demand."""

    name: str
    negative: bool = False

    def __str__(self) -> str:
        return f"-{self.name}" if self.negative else self.name


@dataclass(frozen=True)
class Constant:
    """A constant vector of the section's current repetition (gain, bound), as multiplier."""

    name: str

    def __str__(self) -> str:
        return f"<{self.name}>"


@dataclass(frozen=True)
class Vector:
    """A vector (or, where allowed, accumulators or the input) as operand."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Unit:
    """The multiplier 1, 0 or -1."""

    value: Literal[-1, 0, 1]

    def __str__(self) -> str:
        return str(self.value)


Multiplier = Scalar | Constant | Vector | Unit


@dataclass(frozen=True, kw_only=True)
class Element:
    """``result = saturate(round_shift(a * multiplier, shift) + addend)`` for every element.

    ``a`` names a vector, an accumulator stream of the kernel (each is read exactly once), or
    ``"input"`` (the embedding row). The shift is that of the scalar when the multiplier is one,
    else ``shift`` (a multiple of 4). ``result`` None keeps only the reductions. ``absmax`` and
    ``squares`` name the reductions that the result enters.
    """

    result: str | None
    a: str
    multiplier: Multiplier
    addend: str | None = None
    shift: int = 0
    absmax: str | None = None
    squares: str | None = None

    def __str__(self) -> str:
        text = f"{self.result or '_'} = {self.a}"
        if self.multiplier != Unit(1):
            text += f" * {self.multiplier}"
        if self.shift:
            text += f" >> {self.shift}"
        if self.addend is not None:
            text += f" + {self.addend}"
        for kind, name in (("absmax", self.absmax), ("squares", self.squares)):
            if name is not None:
                text += f"  [{kind} {name}]"
        return text


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """``result = table(a)``, piecewise linear over the whole word range."""

    result: str
    a: str
    table: str

    def __str__(self) -> str:
        return f"{self.result} = {self.table}({self.a})"


@dataclass(frozen=True, kw_only=True)
class Matmul:
    """``result[o] = sum_k codes[k] * trits[o, k]``, exact, delivered saturated to a word.

    ``matrix`` names a ternary matrix of the section's current repetition.
    """

    result: str
    codes: str
    matrix: str

    def __str__(self) -> str:
        return f"{self.result} = {self.matrix} @ {self.codes}"


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """Element operations over one index range, fused: they run block by block as results arrive.

    Accumulators of ``matmuls`` stream in (row-interleaved block by block when there are several).
    All operands have ``length`` elements.
    """

    name: str
    length: int
    body: tuple[Element | Lookup, ...]
    matmuls: tuple[Matmul, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Quantise:
    """``codes = clamp(round_shift(a * scale, shift of the scale), -127, 127)`` to the engine."""

    result: str
    a: str
    length: int
    scale: str

    def __str__(self) -> str:
        return f"{self.result} = codes({self.a} * {self.scale})"


@dataclass(frozen=True, kw_only=True)
class ScalarOperation:
    """One operation of the scalar unit.

    ``absmax`` and ``squares`` take a reduction (and clear it), ``constant`` reads the named scalar
    constant of the current repetition; the others are arithmetic on scalars.
    """

    result: str
    operation: Literal["absmax", "squares", "constant", "multiply", "add", "code_scale", "rsqrt"]
    operands: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.result} = {self.operation} {', '.join(self.operands)}"


@dataclass(frozen=True, kw_only=True)
class TopK:
    """The best accumulators of ``matmul`` with their row numbers; ties go to the smaller row.

    The real logit is the accumulator times the scalar ``scale``.
    """

    matmul: Matmul
    rows: int
    scale: str

    def __str__(self) -> str:
        return f"top-k of {self.matmul}, scale {self.scale}"


Item = Kernel | Quantise | ScalarOperation | TopK


@dataclass(frozen=True, kw_only=True)
class Section:
    """Items in order, repeated: once, or once for each layer with that layer's parameters."""

    name: str
    items: tuple[Item, ...]
    repeat: int = 1
