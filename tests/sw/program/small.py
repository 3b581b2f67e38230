"""A program of one section, whose items tests choose."""

from __future__ import annotations

from dataclasses import replace

from sterna.law.tables import Table
from sterna.program.definition import Parameters, Program, VectorFormat
from sterna.program.instructions import (
    Element,
    Kernel,
    Lookup,
    Matmul,
    Quantise,
    Scalar,
    ScalarOperation,
    Section,
    TopK,
    Unit,
)
from sterna.program.items import Item

N = 8


def take(operation: str, name: str, result: str) -> ScalarOperation:
    return ScalarOperation(result=result, operation=operation, operands=(name,))


ENTER = Kernel(
    name="enter",
    length=N,
    body=(Element(result="x", a="input", multiplier=Unit(1), absmax="m", squares="s"),),
)
QUIET = replace(ENTER, body=(Element(result="x", a="input", multiplier=Unit(1)),))
"""As ENTER, with nothing that must be taken."""
CODES = (
    take("absmax", "m", "largest"),
    ScalarOperation(result="scale", operation="code_scale", operands=("largest",)),
    Quantise(result="q", a="x", length=N, scale="scale"),
    take("squares", "s", "sum"),
)
SUM = Kernel(
    name="sum",
    length=N,
    matmuls=(Matmul(result="acc", codes="q", matrix="w"),),
    body=(
        Element(result="y", a="acc", multiplier=Scalar("sum"), addend="x"),
        Lookup(result="z", a="y", table="t"),
    ),
)
HEAD = TopK(matmul=Matmul(result="logits", codes="q", matrix="v"), rows=5, scale="sum")
TABLE = Table(name="t", base=(0,) * 512, slope=(0,) * 512)


def program(*items: Item, **changes) -> Program:
    local = {name: VectorFormat(length=N, fraction=4) for name in ("x", "y", "z")}
    state = {"h": VectorFormat(length=N, fraction=4, lifetime="state")}
    base = Program(
        name="test",
        word_bits=18,
        input_length=N,
        rows=5,
        sections=(Section(name="main", items=items),),
        vectors=local | state | {"long": VectorFormat(length=N + 1, fraction=0)},
        matrices={("main", "w"): (N, N), ("main", "v"): (5, N), ("main", "wide"): (N, N + 1)},
        tables={"t": TABLE},
        parameters=Parameters(),
    )
    return replace(base, **changes)


def element(**changes) -> Kernel:
    """A kernel of one operation on x."""
    values = {"result": "y", "a": "x", "multiplier": Unit(1)} | changes
    return Kernel(name="k", length=N, body=(Element(**values),))


def with_body(*operations) -> Kernel:
    return replace(SUM, body=operations)


READ = Element(result="y", a="acc", multiplier=Unit(1))


