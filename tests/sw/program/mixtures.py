"""Random programs that mix matrices, words and populations in one section."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sterna.law.neuron import Current, Decay, NeuronDefinition, Reset, Rounding
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.planes import full, reach, signed_bits
from sterna.program.definition import (
    CodeFormat,
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
    Matmul,
    Quantise,
    Scalar,
    ScalarOperation,
    Section,
    Unit,
    Vector,
)
from sterna.program.neurons import Neurons, Synapses

LIMIT = (1 << 17) - 1


@dataclass
class RandomParameters(Parameters):
    """Draws each parameter from a generator of its own."""

    seed: int
    matrices: dict[tuple[str, str], MatrixFormat] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)

    def _draw(self, *key: Any) -> np.random.Generator:
        return np.random.default_rng([self.seed, zlib.crc32(repr(key).encode())])

    def matrix(self, section, repetition, name):
        return self.planes(section, repetition, name)[0]

    def planes(self, section, repetition, name):
        rows, columns, planes, *_ = self.matrices[section, name]
        return self._draw(section, repetition, name).integers(
            -1, 2, (planes, rows, columns), np.int8)

    def delays(self, section, repetition, name):
        rows, columns, _, delay, _ = self.matrices[section, name]
        delays = self._draw("delays", section, repetition, name).integers(
            0, delay + 1, (rows, columns), np.uint8)
        delays[0, 0] = delay
        return delays

    def vector(self, section, repetition, name):
        return self._draw(section, repetition, name).integers(
            -LIMIT, LIMIT + 1, self.lengths[name], np.int32)

    def scalar(self, section, repetition, name):
        draw = self._draw(section, repetition, name)
        return ScalarConstant(int(draw.integers(1 << 16, 1 << 17)), int(draw.integers(-26, -20)))

    def neurons(self, section, repetition, name):
        draw, length = self._draw(section, repetition, name), self.lengths[name]

        def some(low: int, high: int) -> np.ndarray:
            return draw.integers(low, high, length if draw.random() < 0.6 else 1)

        return NeuronParameters.of(
            gain=some(1, 40), bias=some(-9, 9), factor=some(-30_000, 65_536),
            current_factor=some(20_000, 60_000), threshold=some(20, 3000), reset=some(-50, 50),
            leak=some(-50, 50), floor=some(-4000, -1000))


class _Layer:
    """Makes the items of a layer, and what they need to be declared."""

    def __init__(self, seed: int) -> None:
        self.draw = np.random.default_rng(seed)
        self.parameters = RandomParameters(seed)
        self.hidden = int(self.draw.integers(3, 9))
        self.vectors: dict[str, VectorFormat] = {}
        self.codes: dict[str, CodeFormat] = {}
        self.items: list[Any] = []
        self.fired: list[str] = []

    def size(self) -> int:
        return int(self.draw.integers(2, 11))

    def local(self, name: str, length: int, lifetime: str = "local") -> str:
        self.vectors[name] = VectorFormat(length=length, fraction=0, lifetime=lifetime)
        return name

    def matrix(self, name: str, *shape: int) -> str:
        self.parameters.matrices["layer", name] = MatrixFormat(*shape)
        return name

    def quantise(self, name: str, vector: str, length: int) -> str:
        """Codes of a vector, by a constant scale."""
        self.items += [
            ScalarOperation(result=f"{name}_scale", operation="constant", operands=(name,)),
            Quantise(result=name, a=vector, length=length, scale=f"{name}_scale")]
        return name

    def current(self, name: str, codes: str, columns: int, length: int) -> str:
        """A vector of words: products with codes, a gain, and a state that gathers them."""
        self.parameters.lengths[f"{name}_gain"] = length
        self.local(name, length)
        self.local(f"{name}_kept", length, "state")
        sums = f"{name}_sums"
        self.items.append(Kernel(
            name=name, length=length,
            matmuls=(Matmul(result=sums, codes=codes, matrix=self.matrix(sums, length, columns)),),
            body=(
                Element(result=name, a=sums, multiplier=Constant(f"{name}_gain"), shift=8),
                Element(result=f"{name}_kept", a=name, multiplier=Unit(1), addend=f"{name}_kept",
                        shift=4),
                Element(result=name, a=f"{name}_kept", multiplier=Vector(name), shift=12),
            )))
        return name

    def definition(self, most: int) -> NeuronDefinition:
        """Flags of a population whose sums reach ``most``."""
        choose = self.draw.choice
        reset = Reset(choose(["hard", "soft", "soft_late", "none"]))
        return NeuronDefinition(
            sum_bits=max(18, signed_bits(most)), membrane_bits=int(self.draw.integers(14, 20)),
            current_bits=16, current=Current(choose(["none", "new"])),
            decay=Decay(choose(["multiply", "euler"])), reset=reset,
            rounding=Rounding(choose(["floor", "half_up"])), strict=bool(choose([0, 1])),
            clamped=bool(choose([0, 1])), gain_shift=int(self.draw.integers(0, 4)),
            max_count=1 if reset.pending else int(choose([1, 3])))

    def population(self, name: str, length: int, current: str | None) -> str:
        """Neurons on a current, codes of those before, their own of the RUN before, or all."""
        synapses, most = [], LIMIT if current else 0
        sources = [source for source in self.fired if self.draw.random() < 0.6]
        if current is None and not sources:
            sources = self.fired[-1:]
        for source in sources:
            planes, delay = int(self.draw.integers(1, 4)), int(self.draw.integers(0, 3))
            columns = self.codes[source].length
            previous = bool(self.draw.random() < 0.4)
            synapses.append(self._joined(source, f"{source}_to_{name}", previous,
                                         MatrixFormat(length, columns, planes, delay)))
            most += reach(full(columns, planes))
        if self.draw.random() < 0.6:
            synapses.append(self._joined(name, f"{name}_back", True,
                                         MatrixFormat(length, length, 2, 1)))
            most += reach(full(length, 2))
        definition = self.definition(most)
        self.parameters.lengths[name] = length
        kept = self.codes.get(name, CodeFormat(length=length))
        self.codes[name] = CodeFormat(
            length=length, limit=definition.max_count, history=kept.history,
            lifetime="state" if kept.history else "local")
        self.items.append(Neurons(
            name=name, length=length, definition=definition, synapses=tuple(synapses),
            current=current, codes=name))
        self.fired.append(name)
        return name

    def _joined(self, source: str, name: str, previous: bool, matrix: MatrixFormat) -> Synapses:
        self.matrix(name, *matrix)
        if source not in self.codes:
            self.codes[source] = CodeFormat(length=matrix.columns)
        depth = max(self.codes[source].history, matrix.delay + previous)
        if depth:
            known = self.codes[source]
            self.codes[source] = CodeFormat(
                length=known.length, limit=known.limit, history=depth, lifetime="state")
        return Synapses(codes=source, matrix=name, previous=previous)


def random_mixture(seed: int) -> Program:
    """Words in; layers of matrices, elements and one to three populations; words out.

    Each layer goes from the residual stream ``x`` through codes and matrices to a current, through
    populations that drive each other and themselves, and by their spikes and a matrix back to x.
    """
    layer = _Layer(seed)
    hidden = layer.hidden
    layer.local("x", hidden, "carried")
    wide = layer.size()
    codes = layer.quantise("codes", "x", hidden)
    name, length = layer.population("first", wide, layer.current("y", codes, hidden, wide)), wide
    for index in range(int(layer.draw.integers(0, 3))):
        length, name = layer.size(), f"next{index}"
        layer.population(name, length, None)
    layer.items += [
        ScalarOperation(result="back", operation="constant", operands=("back",)),
        Kernel(
            name="down", length=hidden,
            matmuls=(Matmul(result="sums", codes=name,
                            matrix=layer.matrix("down", hidden, length)),),
            body=(Element(result="x", a="x", multiplier=Constant("leak"), shift=20),
                  Element(result="x", a="sums", multiplier=Scalar("back"), addend="x"))),
    ]
    layer.parameters.lengths["leak"] = hidden
    enter = Kernel(name="enter", length=hidden,
                   body=(Element(result="x", a="input", multiplier=Unit(1)),))
    return Program(
        name=f"mixture {seed}", word_bits=18, input_length=hidden, rows=0, results=("x",),
        sections=(Section(name="enter", items=(enter,)),
                  Section(name="layer", items=tuple(layer.items),
                          repeat=int(layer.draw.integers(1, 4)))),
        vectors=layer.vectors, matrices=dict(layer.parameters.matrices), tables={},
        codes=layer.codes, parameters=layer.parameters,
    )
