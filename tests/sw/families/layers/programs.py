"""A recurrent language model of one kind of layer with random numbers, made of all the layers."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sterna.families.layers.norm import LayerNorm
from sterna.families.layers.ones import UNIT, UNIT_WORD, make_ones
from sterna.families.layers.shift import squared_relu, token_shift
from sterna.families.layers.tables import EDGE, EDGE_VALUE, SIGMOID, layer_tables
from sterna.families.layers.wkv import Wkv
from sterna.law.planes import plane_limit, ternary_planes
from sterna.program.definition import (
    MatrixFormat,
    Parameters,
    Program,
    ScalarConstant,
    VectorFormat,
)
from sterna.program.instructions import (
    Constant,
    Element,
    Kernel,
    Lookup,
    Matmul,
    Operation,
    Quantise,
    Scalar,
    ScalarOperation,
    Section,
    TopK,
    Unit,
    Vector,
)
from sterna.program.items import Item

FRACTION, NORMED, KEYS = 10, 12, 13
PLANES, SHIFT = 5, 8
LARGEST = 131071


@dataclass(frozen=True)
class Numbers(Parameters):
    """Random ones, each of a generator of its own; the ranges are those of real models."""

    hidden: int
    wide: int
    rows: int
    scalars: dict[str, Any] = field(default_factory=dict)

    def _draw(self, *key: object) -> np.random.Generator:
        return np.random.default_rng(zlib.crc32(repr(key).encode()))

    def planes(self, section: str, repetition: int, name: str) -> np.ndarray:
        rows, columns = shape(name, self.hidden, self.wide, self.rows)
        limit = plane_limit(PLANES)
        weights = self._draw(section, repetition, name).normal(0, limit / 3, (rows, columns))
        return ternary_planes(np.clip(np.rint(weights), -limit, limit).astype(np.int64), PLANES)

    def vector(self, section: str, repetition: int, name: str) -> np.ndarray:
        draw = self._draw(section, repetition, name)
        if name == UNIT:
            return np.full(self.hidden, UNIT_WORD, np.int32)
        low, high = next(limits for end, limits in {
            "decay": (-12000, -50), "bonus": (-4000, 8000), "gain": (2000, 8000),
            "bias": (-2000, 2000), "mix": (0, 65536), "_rows": (5000, 60000),
        }.items() if name.endswith(end))
        length = {"f_rows": self.wide, "h_rows": self.rows}.get(name, self.hidden)
        return draw.integers(low, high + 1, length, np.int32)

    def scalar(self, section: str, repetition: int, name: str) -> Any:
        return self.scalars[name]

    def embedding(self, token: int) -> np.ndarray:
        return self._draw("row", token).integers(-3000, 3001, self.hidden, np.int32)


def shape(name: str, hidden: int, wide: int, rows: int) -> tuple[int, int]:
    """Rows and columns of a matrix."""
    return {"f": (wide, hidden), "down": (hidden, wide), "h": (rows, hidden)}.get(
        name, (hidden, hidden))


def to_codes(name: str, length: int) -> tuple[Item, ...]:
    """A vector of that name as codes, and the scalar that one of them stands for."""
    return (
        ScalarOperation(result=f"{name}_max", operation="absmax", operands=(name,)),
        ScalarOperation(result=f"{name}_scale", operation="code_scale", operands=(f"{name}_max",)),
        Quantise(result=f"{name}_codes", a=name, length=length, scale=f"{name}_scale"))


def product(name: str, codes: str, result: str, scale: str, body: tuple[Operation, ...] = (),
            length: int = 0) -> Kernel:
    """A matrix, whose rows have scales of their own, and what follows."""
    return Kernel(name=name, length=length, matmuls=(
        Matmul(result=f"{name}_sums", codes=f"{codes}_codes", matrix=name, shift=SHIFT),), body=(
        Element(result=result, a=f"{name}_sums", multiplier=Constant(f"{name}_rows"), shift=16),
        Element(result=result, a=result, multiplier=Scalar(scale)), *body))


def factor(name: str, codes: str) -> tuple[Item, ...]:
    """The scalar of a product: its constant times that of the codes."""
    return (ScalarOperation(result=f"{name}_c", operation="constant", operands=(f"{name}_c",)),
            ScalarOperation(result=f"{name}_s", operation="multiply",
                            operands=(f"{name}_c", f"{codes}_max")))


def recurrent_program(hidden: int, wide: int, rows: int, layers: int) -> Program:
    """Norm, shift, keys and values by planes, attention, gates; then squared relu; a head."""
    first, second = (LayerNorm(name, hidden, FRACTION, NORMED) for name in ("n1", "n2"))
    last, wkv = LayerNorm("no", hidden, FRACTION, NORMED), Wkv("wkv", hidden, NORMED)
    names = ("k", "v", "r", "o", "f", "g", "down")
    entered = Element(result="x", a="x", multiplier=Unit(1), sum=first.mean)
    layer: tuple[Item, ...] = (
        Kernel(name="enter", length=hidden, body=(entered,)),
        *first.items("x", "a"),
        Kernel(name="shift", length=hidden, body=token_shift(
            "a", "a_before", [(f"x{name}", f"{name}_mix", f"x{name}") for name in "kvr"], "b")),
        *(item for name in "kvr" for item in (
            *to_codes(f"x{name}", hidden), *factor(name, f"x{name}"),
            product(name, f"x{name}", name, f"{name}_s", (
                (Lookup(result="r", a="r", table=SIGMOID),) if name == "r" else ()), hidden))),
        ScalarOperation(result=EDGE, operation="constant", operands=(EDGE,)),
        Kernel(name="attend", length=hidden, body=(
            *wkv.body("k", "v", "y"),
            Element(result="y", a="y", multiplier=Vector("r"), shift=16),
            Element(result="y", a="y", multiplier=Constant(UNIT), shift=12, absmax="y"))),
        *to_codes("y", hidden), *factor("o", "y"),
        product("o", "y", "b", "o_s", (
            Element(result="x", a="b", multiplier=Unit(1), addend="x", sum=second.mean),), hidden),
        *second.items("x", "a"),
        Kernel(name="shift2", length=hidden, body=token_shift(
            "a", "c_before", [(f"x{name}", f"{name}_mix", f"x{name}") for name in "fg"], "b")),
        *to_codes("xf", hidden), *factor("f", "xf"),
        product("f", "xf", "wide", "f_s", squared_relu("square", "wide", 12, "square"), wide),
        *to_codes("xg", hidden), *factor("g", "xg"),
        product("g", "xg", "r", "g_s", (Lookup(result="r", a="r", table=SIGMOID),), hidden),
        *to_codes("square", wide), *factor("down", "square"),
        product("down", "square", "b", "down_s", (
            Element(result="b", a="b", multiplier=Vector("r"), shift=16),
            Element(result="x", a="b", multiplier=Unit(1), addend="x")), hidden),
    )
    ending: tuple[Item, ...] = (
        Kernel(name="leave", length=hidden, body=(
            Element(result="x", a="x", multiplier=Unit(1), sum=last.mean),)),
        *last.items("x", "a"),
        Kernel(name="out", length=hidden, body=(
            Element(result="a", a="a", multiplier=Constant(UNIT), shift=12, absmax="a"),)),
        *to_codes("a", hidden),
        TopK(matmul=Matmul(result="logits", codes="a_codes", matrix="h", shift=SHIFT), rows=rows,
             scale="a_max", gain="h_rows", shift=16),
    )
    sections = (
        Section(name="embed", items=(Kernel(name="embed", length=hidden, body=(
            Element(result="x", a="input", multiplier=Unit(1)), *make_ones("x"))),)),
        Section(name="layer", items=layer, repeat=layers),
        Section(name="head", items=ending),
    )
    lengths = {"wide": wide, "square": wide}
    local = ("a", "b", "k", "v", "r", "y", "none", "centred", "wide", "square",
             *(f"x{name}" for name in "kvrfg"))
    vectors = {name: VectorFormat(length=lengths.get(name, hidden), fraction=None)
               for name in local}
    vectors |= {name: VectorFormat(length=hidden, fraction=NORMED, lifetime="state")
                for name in ("a_before", "c_before")}
    vectors |= {name: VectorFormat(length=hidden, fraction=FRACTION, lifetime="carried")
                for name in ("x", "ones")}
    scalars = {EDGE: EDGE_VALUE, **first.scalars(), **second.scalars(), **last.scalars()}
    scalars |= {f"{name}_c": ScalarConstant(1 << 16, -20) for name in names}
    return Program(
        name="recurrent", word_bits=18, input_length=hidden, rows=rows, sections=sections,
        vectors=vectors | wkv.vectors(), tables=layer_tables(),
        matrices={("layer", name): MatrixFormat(*shape(name, hidden, wide, rows), PLANES)
                  for name in names} | {
                      ("head", "h"): MatrixFormat(rows, hidden, PLANES)},
        parameters=Numbers(hidden, wide, rows, scalars))
