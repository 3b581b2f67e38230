"""Random programs for machines with all units: matrices, words, reductions and populations.

Words in, the best of a head out; between them one or two sections, repeated or not, whose matrices
make currents of populations, and take codes of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sterna.law.neuron import Current, Decay, NeuronDefinition, Output, Reset, Rounding
from sterna.program.definition import CodeFormat, MatrixFormat, Program, VectorFormat
from sterna.program.instructions import (
    Constant,
    Element,
    Kernel,
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
from sterna.program.neurons import Neurons, Synapses, code_limit

from tests.sw.program.mixtures import RandomParameters

Definitions = Sequence[NeuronDefinition]


class MixedParameters(RandomParameters):
    """As those of other mixtures, with rows of an embedding."""

    def embedding(self, token):
        return self._draw("embedding", token).integers(-9000, 9000, self.lengths["input"], np.int32)


class Builder:
    """Collects sections, and what they need to be declared."""

    def __init__(self, seed: int, on_words: Definitions, on_synapses: Definitions) -> None:
        self.draw = np.random.default_rng(seed)
        self.parameters = MixedParameters(seed)
        self.hidden = int(self.draw.integers(3, 20))
        self.parameters.lengths["input"] = self.hidden
        self.vectors = {"x": VectorFormat(length=self.hidden, fraction=0, lifetime="carried")}
        self.codes: dict[str, CodeFormat] = {}
        self.section, self.items = "", list[Item]()
        self.fired: list[tuple[str, int]] = []
        drawn = [self._definition() for _ in range(2)]
        self.definitions = {"current": on_words or drawn, "synapses": on_synapses or drawn}

    def some(self, chance: float) -> bool:
        return bool(self.draw.random() < chance)

    def _definition(self) -> NeuronDefinition:
        choose = self.draw.choice
        reset = Reset(choose(["hard", "soft", "soft_late", "none"]))
        output = Output.VALUE if self.some(0.2) else Output.SPIKE
        return NeuronDefinition(
            sum_bits=18, membrane_bits=18, current_bits=16,
            current=Current(choose(["none", "new"])), decay=Decay(choose(["multiply", "euler"])),
            reset=reset, rounding=Rounding(choose(["floor", "half_up"])),
            strict=self.some(0.5), clamped=self.some(0.5), gain_shift=int(self.draw.integers(0, 3)),
            output=output, output_shift=9 if output is Output.VALUE else 0,
            max_count=1 if reset.pending or output is Output.VALUE else int(choose([1, 3])))

    def local(self, name: str, length: int, lifetime: str = "local") -> str:
        self.vectors[name] = VectorFormat(length=length, fraction=0, lifetime=lifetime)
        return name

    def matmul(self, name: str, codes: str, rows: int, columns: int) -> Matmul:
        self.parameters.matrices[self.section, name] = MatrixFormat(rows, columns)
        return Matmul(result=f"{name}_sums", codes=codes, matrix=name)

    def quantise(self, name: str) -> str:
        """Codes of the residual, by its largest magnitude."""
        self.items += [
            ScalarOperation(result=f"{name}_most", operation="absmax", operands=("most",)),
            ScalarOperation(result=f"{name}_scale", operation="code_scale",
                            operands=(f"{name}_most",)),
            Quantise(result=name, a="x", length=self.hidden, scale=f"{name}_scale")]
        return name

    def current(self, name: str, codes: str, length: int) -> str:
        """A vector of words, written by the last operation of a kernel or by one before."""
        gain = f"{name}_gain"
        self.parameters.lengths[gain] = length
        self.local(name, length)
        body = [Element(result=name, a=f"{name}_up_sums", multiplier=Constant(gain), shift=8)]
        if self.some(0.4):
            kept = self.local(f"{name}_kept", length, "state")
            body.append(Element(result=kept, a=name, multiplier=Unit(1), addend=kept, shift=4))
        if self.some(0.3):
            body.append(Element(result=name, a=name, multiplier=Vector(name), shift=16))
        self.items.append(Kernel(name=name, length=length, body=tuple(body), matmuls=(
            self.matmul(f"{name}_up", codes, length, self.hidden),)))
        return name

    def population(self, name: str, length: int, **sources: Any) -> str:
        (way,) = sources
        definition = self.definitions[way][int(self.draw.integers(len(self.definitions[way])))]
        self.parameters.lengths[name] = length
        known = self.codes.get(name)
        self.codes[name] = CodeFormat(
            length=length, limit=code_limit(definition), history=known.history if known else 0,
            lifetime="state" if known and known.history else "local")
        self.items.append(Neurons(name=name, length=length, definition=definition, codes=name,
                                  **sources))
        self.fired.append((name, length))
        return name

    def synapses(self, source: str, columns: int, target: str, length: int, previous: bool
                 ) -> Synapses:
        name, planes = f"{source}_to_{target}", int(self.draw.integers(1, 4))
        self.parameters.matrices[self.section, name] = MatrixFormat(length, columns, planes)
        if previous:
            known = self.codes.get(source, CodeFormat(length=columns))
            self.codes[source] = CodeFormat(length=columns, limit=known.limit, history=1,
                                            lifetime="state")
        return Synapses(codes=source, matrix=name, previous=previous)

    def down(self, name: str, codes: str, columns: int) -> None:
        """Codes back to the residual, whose largest magnitude is wanted next."""
        self.parameters.lengths[f"{name}_leak"] = self.hidden
        self.items += [
            ScalarOperation(result=f"{name}_back", operation="constant", operands=(name,)),
            Kernel(name=name, length=self.hidden,
                   matmuls=(self.matmul(name, codes, self.hidden, columns),), body=(
                       Element(result="x", a="x", multiplier=Constant(f"{name}_leak"), shift=20),
                       Element(result="x", a=f"{name}_sums", multiplier=Scalar(f"{name}_back"),
                               addend="x", absmax=f"most_{name}")))]
        self.items.append(ScalarOperation(
            result=f"{name}_seen", operation="absmax", operands=(f"most_{name}",)))

    def layer(self, name: str, repeat: int) -> Section:
        """One or two currents, their populations, perhaps one behind synapses."""
        self.section, self.items, self.fired = name, [], []
        codes = self.quantise(f"{name}_codes")
        for number in range(1 + self.some(0.4)):
            length = int(self.draw.integers(2, 40))
            current = self.current(f"{name}_y{number}", codes, length)
            if number and self.some(0.5):
                self.items.append(Kernel(name="again", length=length, body=(
                    Element(result=self.local(f"{name}_seen", length, "state"), a=current,
                            multiplier=Unit(-1)),)))
            self.population(f"{name}_p{number}", length, current=current)
        if repeat == 1 and self.some(0.6):
            source, columns = self.fired[0]
            target, length = f"{name}_q", int(self.draw.integers(2, 20))
            joined = [self.synapses(source, columns, target, length, self.some(0.5))]
            if self.some(0.5):
                joined.append(self.synapses(target, length, target, length, True))
            self.codes[source] = CodeFormat(
                length=columns, limit=self.codes[source].limit,
                history=self.codes[source].history, lifetime=self.codes[source].lifetime)
            self.population(target, length, synapses=tuple(joined))
            del self.fired[0]
        for number, (source, length) in enumerate(self.fired):
            self.down(f"{name}_down{number}", source, length)
        self.items.append(Kernel(name=f"{name}_end", length=self.hidden, body=(
            Element(result=None, a="x", multiplier=Unit(1), absmax="most"),)))
        return Section(name=name, items=tuple(self.items), repeat=repeat)


def random_mixture(seed: int, on_words: Definitions = (), on_synapses: Definitions = ()
                   ) -> Program:
    """See the module; the same seed gives the same program. Neurons are of definitions that are
    given, or else drawn."""
    builder = Builder(seed, on_words, on_synapses)
    draw, hidden = builder.draw, builder.hidden
    enter = Kernel(name="enter", length=hidden, body=(
        Element(result="x", a="input", multiplier=Unit(1), absmax="most"),))
    sections = [Section(name="enter", items=(enter,))]
    sections += [builder.layer(f"layer{number}", int(draw.choice([1, 1, 2, 3])))
                 for number in range(int(draw.integers(1, 3)))]
    builder.section, builder.items = "head", []
    codes, rows = builder.quantise("last"), int(draw.integers(5, 30))
    head = TopK(matmul=builder.matmul("head", codes, rows, hidden), rows=rows, scale="last_most")
    sections.append(Section(name="head", items=(*builder.items, head)))
    return Program(
        name=f"mixture {seed}", word_bits=18, input_length=hidden, rows=rows,
        sections=tuple(sections), vectors=builder.vectors,
        matrices=dict(builder.parameters.matrices), tables={}, codes=builder.codes,
        parameters=builder.parameters)
