"""Small programs for tests: a hand-made one that can be changed, and random ones."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace

import numpy as np
from sterna.law.tables import Table
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
    Quantise,
    Scalar,
    ScalarOperation,
    Section,
    TopK,
    Unit,
    Vector,
)


@dataclass(frozen=True)
class RandomParameters(Parameters):
    """Draws each parameter from a generator of its own."""

    seed: int
    word_bits: int
    lengths: dict = field(default_factory=dict)
    shapes: dict = field(default_factory=dict)

    def _generator(self, *key):
        return np.random.default_rng([self.seed, zlib.crc32(repr(key).encode())])

    def matrix(self, section, repetition, name):
        shape = self.shapes[section, name][:2]
        return self._generator(section, repetition, name).integers(-1, 2, shape, np.int8)

    def planes(self, section, repetition, name):
        rows, columns, planes, *_ = MatrixFormat(*self.shapes[section, name])
        if planes == 1:
            return self.matrix(section, repetition, name)[None]
        return self._generator(section, repetition, name).integers(
            -1, 2, (planes, rows, columns), np.int8)

    def vector(self, section, repetition, name):
        limit = (1 << (self.word_bits - 1)) - 1
        return self._generator(section, repetition, name).integers(
            -limit, limit + 1, self.lengths[name], np.int32)

    def scalar(self, section, repetition, name):
        mantissa = int(self._generator(section, repetition, name).integers(1 << 16, 1 << 17))
        drop = 18 - self.word_bits
        return ScalarConstant(mantissa >> drop << drop, -20)

    def embedding(self, token):
        limit = (1 << (self.word_bits - 1)) - 1
        return self._generator("embedding", token).integers(
            -limit, limit + 1, self.lengths["input"], np.int32)


def with_planes(program, seed):
    """The program with matrices of up to five planes, and shifts of what they give.

    The rows of the head have gains if the seed is odd.
    """
    rng = np.random.default_rng(seed)
    formats = {}

    def several(section, matmuls):
        planes, shift = int(rng.integers(1, 6)), 4 * int(rng.integers(0, 4))
        for matmul in matmuls:
            rows, columns, *_ = program.matrices[section.name, matmul.matrix]
            formats[section.name, matmul.matrix] = MatrixFormat(rows, columns, planes)
        return tuple(replace(matmul, shift=shift if planes > 1 else 0) for matmul in matmuls)

    def changed(section, item):
        if isinstance(item, Kernel):
            return replace(item, matmuls=several(section, item.matmuls))
        if isinstance(item, TopK):
            gains = {"gain": "rows", "shift": 16} if seed % 2 else {}
            return replace(item, matmul=several(section, (item.matmul,))[0], **gains)
        return item

    sections = tuple(replace(section, items=tuple(changed(section, item) for item in section.items))
                     for section in program.sections)
    return replace(program, sections=sections, matrices=formats,
                   parameters=replace(program.parameters, shapes=formats, lengths={
                       **program.parameters.lengths, "rows": program.rows}))


def table(word_bits=18, zero=0):
    """A made-up table whose value at word 0 is ``zero``."""
    rng = np.random.default_rng(7)
    limit = (1 << (word_bits - 1)) - 1
    base = rng.integers(-limit, limit + 1, 512)
    base[256] = zero
    return Table(name="bend", base=tuple(base.tolist()),
                 slope=tuple(rng.integers(-limit, limit + 1, 512).tolist()))


def to_codes(name, source, length):
    """From the reduction ``name`` of a vector to its codes ``name``."""
    return [
        ScalarOperation(result=f"{name}_max", operation="absmax", operands=(name,)),
        ScalarOperation(result=f"{name}_scale", operation="code_scale",
                        operands=(f"{name}_max",)),
        Quantise(result=name, a=source, length=length, scale=f"{name}_scale"),
    ]


def simple_program(hidden=20, wide=36, rows=50, repeat=2, word_bits=18, middle=None, zero=0):
    """Embedding, a layer with state and a gated pair of matrices, and a head.

    ``middle`` replaces the items of the layer.
    """
    def gained(result, a, gain, **reduction):
        return Element(result=result, a=a, multiplier=Constant(gain), shift=16, **reduction)

    layer = middle or [
        *to_codes("first", "source", hidden),
        ScalarOperation(result="factor", operation="constant", operands=("factor",)),
        ScalarOperation(result="real", operation="multiply", operands=("factor", "first_max")),
        Kernel(name="pair", length=wide, matmuls=(
            Matmul(result="gate", codes="first", matrix="gate"),
            Matmul(result="up", codes="first", matrix="up"),
        ), body=(
            Element(result="g", a="gate", multiplier=Scalar("real", negative=True)),
            Lookup(result="bent", a="g", table="bend"),
            Element(result="h", a="h", multiplier=Vector("bent"), shift=16),
            Element(result="u", a="up", multiplier=Unit(-1), addend="h", squares="total"),
            gained("product", "u", "gain", absmax="second"),
        )),
        *to_codes("second", "product", wide),
        ScalarOperation(result="sum", operation="squares", operands=("total",)),
        ScalarOperation(result="root", operation="rsqrt", operands=("sum",)),
        ScalarOperation(result="mix", operation="add", operands=("root", "factor")),
        Kernel(name="down", length=hidden, matmuls=(
            Matmul(result="sums", codes="second", matrix="down"),
        ), body=(
            Element(result="x", a="sums", multiplier=Scalar("mix"), addend="x"),
            gained("source", "x", "next", absmax="first"),
        )),
    ]
    sections = (
        Section(name="embed", items=(Kernel(name="embed", length=hidden, body=(
            Element(result="x", a="input", multiplier=Unit(1)),
            gained("source", "x", "next", absmax="first"),
        )),)),
        Section(name="layer", items=tuple(layer), repeat=repeat),
        Section(name="head", items=(
            *to_codes("first", "source", hidden),
            TopK(matmul=Matmul(result="logits", codes="first", matrix="head"), rows=rows,
                 scale="first_max"),
        )),
    )
    shapes = {
        ("layer", "gate"): (wide, hidden), ("layer", "up"): (wide, hidden),
        ("layer", "down"): (hidden, wide), ("head", "head"): (rows, hidden),
    }
    vectors = {
        "x": VectorFormat(length=hidden, fraction=8, lifetime="carried"),
        "source": VectorFormat(length=hidden, fraction=None, lifetime="carried"),
        "h": VectorFormat(length=wide, fraction=8, lifetime="state"),
        **{name: VectorFormat(length=wide, fraction=8)
           for name in ("g", "bent", "u", "product")},
    }
    lengths = {"input": hidden, "next": hidden, "gain": wide}
    return Program(
        name="simple", word_bits=word_bits, input_length=hidden, rows=rows, sections=sections,
        vectors=vectors, matrices=shapes, tables={"bend": table(word_bits, zero)},
        parameters=RandomParameters(3, word_bits, lengths, shapes),
    )


def with_layer(program, **changes):
    """The program with some items of its layer replaced: ``item_4=...``; None removes one."""
    layer = program.section("layer")
    items = list(layer.items)
    for key, value in changes.items():
        items[int(key.removeprefix("item_"))] = value
    changed = replace(layer, items=tuple(item for item in items if item is not None))
    return replace(program, sections=(program.sections[0], changed, program.sections[2]))


class _Draw:
    """Makes the items of a random layer."""

    def __init__(self, seed, hidden, wide):
        self.rng = np.random.default_rng(seed)
        self.lengths = {"hidden": hidden, "wide": wide}
        self.vectors, self.shapes, self.constants = {}, {}, {}
        self.count = 0

    def name(self, kind):
        self.count += 1
        return f"{kind}{self.count}"

    def kernel(self, size, codes, columns, scalar, reduced):
        """A kernel with one or two matmuls, or none, whose result enters a reduction."""
        length = self.lengths[size]
        name, matmuls, body, known = self.name("kernel"), [], [], []
        state = self.name("state")
        self.vectors[state] = VectorFormat(length=length, fraction=0, lifetime="state")
        known.append(state)
        for _ in range(int(self.rng.integers(1, 3)) if codes else 0):
            sums, matrix = self.name("sums"), self.name("matrix")
            self.shapes["layer", matrix] = (length, columns)
            matmuls.append(Matmul(result=sums, codes=codes, matrix=matrix))
        waiting = [matmul.result for matmul in matmuls]
        for _ in range(int(self.rng.integers(2, 7)) + len(waiting)):
            a = waiting.pop(0) if waiting and self.rng.random() < 0.6 else None
            body.append(self.operation(known, length, a, scalar))
            known.append(body[-1].result)
        for a in waiting:
            body.append(self.operation(known, length, a, scalar))
            known.append(body[-1].result)
        if self.rng.random() < 0.7:
            body.append(Element(result=state, a=known[-1], multiplier=Unit(1)))
        gain, result = self.name("gain"), self.name("vector")
        self.constants[gain] = length
        self.vectors[result] = VectorFormat(length=length, fraction=0)
        body.append(Element(result=result, a=str(self.rng.choice(known)), shift=16,
                            multiplier=Constant(gain), absmax=reduced))
        return Kernel(name=name, length=length, body=tuple(body), matmuls=tuple(matmuls)), result

    def operation(self, known, length, a, scalar):
        result, b = self.name("vector"), str(self.rng.choice(known))
        self.vectors[result] = VectorFormat(length=length, fraction=0)
        a = a or str(self.rng.choice(known))
        kind = int(self.rng.integers(5))
        shift = 4 * int(self.rng.integers(6))
        if kind == 0:
            return Lookup(result=result, a=a, table="bend")
        if kind == 1:
            return Element(result=result, a=a, multiplier=Vector(b), shift=shift,
                           addend=b if self.rng.random() < 0.5 else None)
        if kind == 2:
            gain = self.name("gain")
            self.constants[gain] = length
            return Element(result=result, a=a, multiplier=Constant(gain), shift=shift, addend=b)
        if kind == 3 and scalar:
            return Element(result=result, a=a, multiplier=Scalar(scalar, bool(shift % 8)))
        return Element(result=result, a=a, multiplier=Unit(int(self.rng.integers(-1, 2))),
                       addend=b)


def random_program(seed, hidden, wide, rows, repeat, word_bits=18):
    """A layer of random kernels, with and without matmuls, between embedding and head."""
    draw = _Draw(seed, hidden, wide)
    items, codes, columns, source, scalar = [], "first", hidden, "source", "first_max"
    for index in range(int(draw.rng.integers(1, 4))):
        size = "wide" if draw.rng.random() < 0.5 else "hidden"
        items += to_codes(codes, source, columns)
        kernel, source = draw.kernel(size, codes, columns, scalar, f"between{index}")
        items.append(kernel)
        if draw.rng.random() < 0.4:
            items.append(ScalarOperation(result=f"m{index}", operation="absmax",
                                         operands=(f"between{index}",)))
            kernel, source = draw.kernel(size, None, 0, f"m{index}", f"alone{index}")
            items.append(kernel)
            codes = f"alone{index}"
        else:
            codes = f"between{index}"
        columns, scalar = draw.lengths[size], f"{codes}_max"
    last = Kernel(name="last", length=hidden, body=(
        Element(result="x", a="sums", multiplier=Scalar(scalar), addend="x"),
        Element(result="source", a="x", multiplier=Constant("next"), shift=16, absmax="first"),
    ), matmuls=(Matmul(result="sums", codes=codes, matrix="down"),))
    items += [*to_codes(codes, source, columns), last]
    program = simple_program(hidden, wide, rows, repeat, word_bits, middle=items)
    shapes = {**draw.shapes, ("layer", "down"): (hidden, columns),
              ("head", "head"): (rows, hidden)}
    lengths = {"input": hidden, "next": hidden, **draw.constants}
    return replace(
        program, name=f"random {seed}", matrices=shapes,
        vectors={**draw.vectors, "x": program.vectors["x"], "source": program.vectors["source"]},
        parameters=RandomParameters(seed, word_bits, lengths, shapes),
    )
