"""The operations of a program on words: integer vectors, with every format declared.

A program says *what* is computed in a RUN (a token, a time step, a frame), for any machine; the
compiler's schedule says in which blocks. Execution is in the order written. The meaning of each
operation, to the last rounding, is in `sterna.law.arithmetic`; populations are in `neurons`.

Names of vectors, accumulators, codes and scalars are local to one repetition of a section, unless
the vector or the codes are declared as state (one per repetition, kept between RUNs) or carried
(one for the whole program, such as the residual stream). Names of reductions (`absmax`, `squares`)
are global: a reduction filled at the end of one repetition may be taken in the next one or in a
later section. Taking a reduction clears it, and every reduction is taken before the RUN ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from sterna.program.items import Item

REDUCTIONS = ("absmax", "squares", "sum")
"""Kinds of reductions, and the scalar operations that take them."""
INPUT = "input"
"""Name of what a RUN is given: a row of words, or codes where a program declares them."""


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
    else ``shift`` (a multiple of 4). ``result`` None keeps only the reductions. ``absmax``,
    ``squares`` and ``sum`` name the reductions that the result enters; one of the last two.
    """

    result: str | None
    a: str
    multiplier: Multiplier
    addend: str | None = None
    shift: int = 0
    absmax: str | None = None
    squares: str | None = None
    sum: str | None = None

    def __str__(self) -> str:
        text = f"{self.result or '_'} = {self.a}"
        if self.multiplier != Unit(1):
            text += f" * {self.multiplier}"
        if self.shift:
            text += f" >> {self.shift}"
        if self.addend is not None:
            text += f" + {self.addend}"
        for kind, name in self.reductions():
            text += f"  [{kind} {name}]"
        return text

    def reductions(self) -> tuple[tuple[str, str], ...]:
        """Kinds and names of the reductions that the result enters."""
        found = (("absmax", self.absmax), ("squares", self.squares), ("sum", self.sum))
        return tuple((kind, name) for kind, name in found if name is not None)


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """``result = table(a)``, piecewise linear over the whole word range."""

    result: str
    a: str
    table: str

    def __str__(self) -> str:
        return f"{self.result} = {self.table}({self.a})"


Operation = Element | Lookup


def second_operand(operation: Operation) -> str | None:
    """The vector that an operation reads beside ``a``: factor, addend or both."""
    if isinstance(operation, Lookup):
        return None
    if isinstance(operation.multiplier, Vector):
        return operation.multiplier.name
    return operation.addend


@dataclass(frozen=True, kw_only=True)
class Matmul:
    """``result[o] = sum_k codes[k] * weights[o, k]``, exact, delivered saturated to a word.

    ``matrix`` names a matrix of the section's current repetition: trits, or the integers that its
    planes stand for (`sterna.law.planes`). Of several planes the words are the sums shifted right
    by ``shift`` first, rounded half up.
    """

    result: str
    codes: str
    matrix: str
    shift: int = 0

    def __str__(self) -> str:
        text = f"{self.result} = {self.matrix} @ {self.codes}"
        return f"{text} >> {self.shift}" if self.shift else text


@dataclass(frozen=True, kw_only=True)
class Kernel(Item):
    """Element operations over one index range, fused: they run block by block as results arrive.

    Accumulators of ``matmuls`` stream in (row-interleaved block by block when there are several).
    All operands have ``length`` elements.
    """

    first: ClassVar[int | None] = None
    """Of a `Part` alone."""

    name: str
    length: int
    body: tuple[Operation, ...]
    matmuls: tuple[Matmul, ...] = ()

    @property
    def title(self) -> str:
        return self.name

    def vectors_read(self) -> tuple[str, ...]:
        elsewhere = {INPUT, *(matmul.result for matmul in self.matmuls)}
        written: set[str] = set()
        read: dict[str, None] = {}
        for operation in self.body:
            for name in (operation.a, second_operand(operation)):
                if name is not None and name not in elsewhere and name not in written:
                    read[name] = None
            if operation.result is not None:
                written.add(operation.result)
        return tuple(read)

    def vectors_written(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(
            operation.result for operation in self.body if operation.result is not None))

    def scalars_read(self) -> tuple[str, ...]:
        return tuple(
            operation.multiplier.name for operation in self.body
            if isinstance(operation, Element) and isinstance(operation.multiplier, Scalar))

    def codes_read(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(matmul.codes for matmul in self.matmuls))

    def parameters_read(self) -> tuple[tuple[str, str], ...]:
        constants = (operation.multiplier.name for operation in self.body
                     if isinstance(operation, Element)
                     and isinstance(operation.multiplier, Constant))
        return (*(("matrix", matmul.matrix) for matmul in self.matmuls),
                *(("vector", name) for name in dict.fromkeys(constants)))


@dataclass(frozen=True, kw_only=True)
class Part(Kernel):
    """A kernel over ``length`` elements of longer vectors, those from ``first`` on: a head.

    What it writes was written whole before; constants have ``length`` elements. It takes neither
    products nor the input.
    """

    first: int  # type: ignore[misc]


@dataclass(frozen=True, kw_only=True)
class Quantise(Item):
    """``codes = clamp(round_shift(a * scale, shift of the scale), -127, 127)`` to the engine."""

    result: str
    a: str
    length: int
    scale: str

    def __str__(self) -> str:
        return f"{self.result} = codes({self.a} * {self.scale})"

    @property
    def title(self) -> str:
        return self.result

    def vectors_read(self) -> tuple[str, ...]:
        return (self.a,)

    def scalars_read(self) -> tuple[str, ...]:
        return (self.scale,)

    def codes_written(self) -> tuple[str, ...]:
        return (self.result,)


@dataclass(frozen=True, kw_only=True)
class ScalarOperation(Item):
    """One operation of the scalar unit.

    A reduction's kind takes it (and clears it), ``constant`` reads the named scalar
    constant of the current repetition; the others are arithmetic on scalars.
    """

    result: str
    operation: Literal["absmax", "squares", "sum", "constant", "multiply", "add", "code_scale",
                       "rsqrt"]
    operands: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.result} = {self.operation} {', '.join(self.operands)}"

    @property
    def title(self) -> str:
        return self.result

    def scalars_read(self) -> tuple[str, ...]:
        return () if self.operation in (*REDUCTIONS, "constant") else self.operands

    def parameters_read(self) -> tuple[tuple[str, str], ...]:
        return (("scalar", self.operands[0]),) if self.operation == "constant" else ()


@dataclass(frozen=True, kw_only=True)
class TopK(Item):
    """The best words of ``matmul`` with their row numbers; ties go to the smaller row.

    With ``gain``, a constant vector, the words are compared as
    ``saturate(round_shift(word * gain, shift))``: rows whose weights have scales of their own. The
    real logit is what is compared times the scalar ``scale``.
    """

    matmul: Matmul
    rows: int
    scale: str
    gain: str | None = None
    shift: int = 0

    def __str__(self) -> str:
        text = f"top-k of {self.matmul}"
        if self.gain is not None:
            text += f", each * <{self.gain}> >> {self.shift}"
        return f"{text}, scale {self.scale}"

    @property
    def body(self) -> tuple[Element, ...]:
        """What is done with the words before they are compared."""
        if self.gain is None:
            return ()
        return (Element(result=None, a=self.matmul.result, multiplier=Constant(self.gain),
                        shift=self.shift),)

    @property
    def title(self) -> str:
        return "top-k"

    def scalars_read(self) -> tuple[str, ...]:
        return (self.scale,)

    def codes_read(self) -> tuple[str, ...]:
        return (self.matmul.codes,)

    def parameters_read(self) -> tuple[tuple[str, str], ...]:
        gains = () if self.gain is None else (("vector", self.gain),)
        return (("matrix", self.matmul.matrix), *gains)


@dataclass(frozen=True, kw_only=True)
class Section:
    """Items in order, repeated: once, or once for each layer with that layer's parameters."""

    name: str
    items: tuple[Item, ...]
    repeat: int = 1
