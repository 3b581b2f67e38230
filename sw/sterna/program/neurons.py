"""A population of neurons as an operation, and the synapses that lead to it.

A RUN is to a population a time step. Values between populations, and from them to matrices, are
**codes**, integers of at most 127 in magnitude (spikes are 0 and 1). In this order:

1. **Sum**, exact: ``x[o]`` is the sum over all synapses of ``W[o, k] * code[k]``, plus element
   ``o`` of ``current``, a vector of words, if there is one. A synapse [o, k] takes its code in this
   RUN, or with ``previous`` in the one before (recurrence); where the matrix has delays,
   ``delays[o, k]`` RUNs earlier still. Codes before the first RUN are 0. Where the matrix has a
   window, `sterna.law.window` says what ``W`` follows from. The integers ``W`` are
   given as ternary planes (`sterna.law.planes`). On hardware a plane is one pass of the ternary
   engine, or an engine beside takes whole weights for those codes that are not 0, one tap of the
   delay line a synapse: all give the same integers, in any order. Of a product
   (`sterna.law.product`) the weights are outputs of a population of this RUN, as are its codes.
   Where nothing leads to a population its sums are 0.
2. **Neurons**: one step of `sterna.law.neuron` on ``x``. State is kept from RUN to RUN, one for
   each repetition of the section, and 0 at first; neurons do not depend on each other.
3. **Codes** are the outputs as codes (step 9 of the law), **result** the outputs themselves; so
   are **weights**, which have at most `MOST_WEIGHT_BITS` bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sterna.law.arithmetic import CODE_LIMIT
from sterna.law.neuron import Current, NeuronDefinition, Output
from sterna.law.product import Product
from sterna.program.items import LATER, Item

MOST_WEIGHT_BITS = 16
"""Bits of outputs that are weights."""


@dataclass(frozen=True, kw_only=True)
class Synapses:
    """The products of ``codes`` with the integers of ``matrix``, of the section's repetition.

    ``previous`` takes the codes of the RUN before; delays, if the matrix has any, come on top.
    """

    codes: str
    matrix: str
    previous: bool = False

    def __str__(self) -> str:
        return f"{self.matrix} @ {self.codes}{' of the RUN before' if self.previous else ''}"


@dataclass(frozen=True, kw_only=True)
class Products:
    """The product of ``codes`` and of ``weights``, which a population of the section names so."""

    codes: str
    weights: str
    product: Product

    def __str__(self) -> str:
        return f"{self.weights} @ {self.codes}, {self.product}"


@dataclass(frozen=True, kw_only=True)
class Neurons(Item):
    """One step of the ``length`` neurons of a population; its numbers are the parameters ``name``.

    At least one of ``codes``, ``result`` and ``weights`` is wanted. ``result`` names outputs that
    leave with the RUN (`Program.results`); the largest magnitude of ``codes`` is `code_limit` of
    the definition.
    """

    name: str
    length: int
    definition: NeuronDefinition
    synapses: tuple[Synapses, ...] = ()
    current: str | None = None
    codes: str | None = None
    result: str | None = None
    products: tuple[Products, ...] = field(default=(), metadata=LATER)
    weights: str | None = field(default=None, metadata=LATER)

    def __str__(self) -> str:
        d = self.definition
        flags = [f"decay {d.decay.value}", f"reset {d.reset.value}"]
        if d.current is not Current.NONE:
            flags.insert(0, f"current {d.current.value}")
        made = [f"{kind} {name}" for kind, name in (
            ("codes", self.codes), ("result", self.result), ("weights", self.weights))
            if name is not None]
        return "\n".join((
            f"neurons {self.name}, {self.length}, {', '.join(flags)}: {', '.join(made)}",
            *(f"+ {item}" for item in (*self.synapses, *self.products, self.current)
              if item is not None),
        ))

    @property
    def title(self) -> str:
        return self.name

    def vectors_read(self) -> tuple[str, ...]:
        return () if self.current is None else (self.current,)

    def codes_read(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item.codes for item in (*self.synapses, *self.products)))

    def codes_written(self) -> tuple[str, ...]:
        return () if self.codes is None else (self.codes,)

    def parameters_read(self) -> tuple[tuple[str, str], ...]:
        return (*(("planes", item.matrix) for item in self.synapses), ("neurons", self.name))


def code_limit(definition: NeuronDefinition) -> int:
    """Largest magnitude of the codes of such neurons."""
    return definition.max_count if definition.output is Output.SPIKE else CODE_LIMIT


def weight_bits(definition: NeuronDefinition) -> int:
    """Bits of the outputs of such neurons, as weights."""
    if definition.output is Output.SPIKE:
        return definition.max_count.bit_length() + 1
    return definition.membrane_bits
