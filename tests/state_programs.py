"""Small language models whose layers have a matrix state, with random numbers: a kind a family."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from sterna.law.tables import function_table, sigmoid
from sterna.program.definition import Parameters, Program, ScalarConstant, VectorFormat
from sterna.program.instructions import (
    Constant,
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
    Vector,
)
from sterna.program.items import Item
from sterna.program.matrix_state import MatrixState, StateFormat

WORDS = 18
SHIFTS = {"fraction": 10, "decay_fraction": 17, "product_shift": 12, "read_shift": 12}
"""Of all states, so that programs of all kinds run on one machine."""
KINDS = ("rwkv", "gla", "delta", "retention", "bdh", "columns")
GAIN = 1 << 12


@dataclass(frozen=True)
class Numbers(Parameters):
    """Random trits, gains and rows, each of a generator of its own; ``loud`` makes states clip."""

    shapes: dict[tuple[str, str], tuple[int, int]]
    hidden: int
    loud: bool = False

    def _draw(self, *key: object) -> np.random.Generator:
        return np.random.default_rng(zlib.crc32(repr(key).encode()))

    def matrix(self, section, repetition, name):
        return self._draw(section, repetition, name).integers(
            -1, 2, self.shapes[section, name], np.int8)

    def vector(self, section, repetition, name):
        length = self.shapes["layer", "k" if name == "u" else "v"][0]
        return self._draw(section, repetition, name).integers(
            GAIN // 2, GAIN, length, np.int32)

    def scalar(self, section, repetition, name):
        return ScalarConstant(1 << 16, -22 if self.loud else -26)

    def embedding(self, token):
        return self._draw("row", token).integers(-4000, 4001, self.hidden, np.int32)


def _codes(name: str, length: int) -> tuple[Item, ...]:
    return (ScalarOperation(result="m", operation="absmax", operands=(name,)),
            ScalarOperation(result="s", operation="code_scale", operands=("m",)),
            Quantise(result=f"{name}_codes", a=name, length=length, scale="s"),
            ScalarOperation(result="c", operation="constant", operands=("c",)),
            ScalarOperation(result="t", operation="multiply", operands=("c", "m")))


def _product(name: str, codes: str, length: int, *body: Element | Lookup) -> Kernel:
    return Kernel(name=name, length=length, matmuls=(
        Matmul(result=f"{name}_sums", codes=f"{codes}_codes", matrix=name),), body=(
        Element(result=name, a=f"{name}_sums", multiplier=Scalar("t")), *body))


def _times(result: str, a: str, b: str, length: int) -> Kernel:
    return Kernel(name=result, length=length, body=(
        Element(result=result, a=a, multiplier=Vector(b), shift=12),))


def _passes(kind: str, shape: StateFormat) -> tuple[Item, ...]:
    """What a layer of a kind does with its state, up to the result y."""
    rows, columns = shape.heads * shape.rows, shape.heads * shape.columns

    def over(**values) -> MatrixState:
        return MatrixState(state="S", format=shape, **values)

    if kind == "rwkv":
        bonus = Kernel(name="bonus", length=rows, body=(
            Element(result="uk", a="k", multiplier=Constant("u"), shift=12),))
        return (bonus, over(products=(("uk", "v"),), read="q", result="y", store=False),
                over(decay="w", products=(("k", "v"),)))
    if kind == "delta":
        error = Kernel(name="error", length=columns, body=(
            Element(result="e", a="p", multiplier=Unit(-1), addend="v"),))
        return (over(decay="w", read="k", result="p"), error, over(products=(("k", "e"),)),
                over(read="q", result="p"), error,
                over(products=(("k", "v"), ("q", "e")), read="q", result="y"))
    if kind == "columns":
        return (over(decay="w", products=(("k", "v"),), read="v", by="columns", result="z"),
                over(read="z", result="y"))
    return (over(decay=None if kind == "bdh" else "w", products=(("k", "v"),), read="q",
                 result="y"),)


def state_program(kind: str, heads: int, rows: int, columns: int, *, hidden: int = 24,
                  vocabulary: int = 29, layers: int = 2, loud: bool = False) -> Program:
    """Keys, values and queries of codes; a state a layer; back to the residual stream; a head.

    ``w`` is one loss a head where the kind is retention.
    """
    shape = StateFormat(heads=heads, rows=rows, columns=columns, **SHIFTS)
    down, across = heads * rows, heads * columns
    losses = heads if kind == "retention" else down
    names = {"k": down, "q": down, "v": across, "w": losses}
    layer: tuple[Item, ...] = (
        Kernel(name="enter", length=hidden, body=(
            Element(result="x", a="x", multiplier=Unit(1), absmax="x"),)),
        *_codes("x", hidden),
        *(_product(name, "x", length, *(
            (Lookup(result="w", a="w", table="loss"),) if name == "w" else ()))
          for name, length in names.items()),
        *_passes(kind, shape),
        Kernel(name="gain", length=across, body=(
            Element(result="y", a="y", multiplier=Constant("g"), shift=12, absmax="y"),)),
        *_codes("y", across),
        _product("o", "y", hidden, Element(result="x", a="o", multiplier=Unit(1), addend="x")))
    ending: tuple[Item, ...] = (
        Kernel(name="leave", length=hidden, body=(
            Element(result="x", a="x", multiplier=Unit(1), absmax="x"),)),
        *_codes("x", hidden),
        TopK(matmul=Matmul(result="logits", codes="x_codes", matrix="h"), rows=vocabulary,
             scale="t"))
    lengths = {**names, "uk": down, "z": down, "o": hidden,
               **dict.fromkeys(("y", "p", "e"), across)}
    shapes = {("layer", name): (length, hidden) for name, length in names.items()}
    shapes |= {("layer", "o"): (hidden, across), ("head", "h"): (vocabulary, hidden)}
    loss = function_table("loss", lambda x: sigmoid(x / 4) / 2, WORDS, 10, 17)
    return Program(
        name=f"{kind} {shape}", word_bits=WORDS, input_length=hidden, rows=vocabulary,
        sections=(
            Section(name="embed", items=(Kernel(name="embed", length=hidden, body=(
                Element(result="x", a="input", multiplier=Unit(1)),)),)),
            Section(name="layer", items=layer, repeat=layers),
            Section(name="head", items=ending)),
        vectors={"x": VectorFormat(length=hidden, fraction=None, lifetime="carried")} | {
            name: VectorFormat(length=length, fraction=None) for name, length in lengths.items()},
        matrices=shapes, tables={"loss": loss}, parameters=Numbers(shapes, hidden, loud))
