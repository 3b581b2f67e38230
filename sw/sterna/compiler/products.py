"""Products on a machine: weight words that neurons write, and where the targets of a code are.

The outputs of a population that are weights lie in words behind those of all synapses, as their
neurons are in groups; a row of a product begins with a word, among weights as among targets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sterna.compiler.populations import Population, groups_of, joints, populations
from sterna.law.product import Product
from sterna.machine.units.synapses import WINDOW_HEADS
from sterna.program.definition import Program
from sterna.program.neurons import Products, code_limit, weight_bits

Integers = NDArray[np.int64]


class ProductWords:
    """The words of a product in memories of so many lanes of synapses.

    Attributes:
        groups: weight words of a row. table_words: words of `Synapses.window_fields`.
    """

    def __init__(self, product: Product, lanes: int) -> None:
        self._product, self._lanes = product, lanes
        self.groups = groups_of(product.columns, lanes)
        self.table_words = WINDOW_HEADS + sum(product.sizes)

    @property
    def misplaced(self) -> int | None:
        """A step from row to row that is not in whole words."""
        product = self._product
        return next((step for steps in (product.weight_steps, product.target_steps)
                     for step, size in zip(steps, product.sizes, strict=True)
                     if size > 1 and step % self._lanes), None)

    def table(self) -> Integers:
        """Words [table_words, 3] of `Synapses.window_fields`: every element has one hit."""
        product = self._product
        heads = [[size, 0, 0] for size in product.sizes]
        elements = [
            np.stack([np.ones(size, np.int64), np.arange(size) * (weight // self._lanes),
                      np.arange(size) * target], 1)
            for size, weight, target in zip(
                product.sizes, product.weight_steps, product.target_steps, strict=True)]
        return np.concatenate([np.array([*heads, [0, 0, 0]]), *elements])

    def clocks(self, round_trip: int, least: int) -> int:
        """About those of events of all codes, one takes ``least``."""
        del round_trip
        return self._product.sources * max(self.groups, least)


@dataclass(frozen=True)
class Factor:
    """A product with the population that it leads to."""

    target: Population
    given: Products

    @property
    def source(self) -> str:
        """Name of the codes."""
        return self.given.codes

    def words(self, lanes: int) -> ProductWords:
        """Its words."""
        return ProductWords(self.given.product, lanes)


def factors(program: Program) -> Iterator[Factor]:
    """All products in the order of execution."""
    for place in populations(program):
        for given in place.item.products:
            yield Factor(place, given)


def given_weights(program: Program) -> Iterator[Population]:
    """Populations whose outputs are weights, in the order of execution."""
    return (place for place in populations(program) if place.item.weights is not None)


def weight_places(program: Program, lanes: int) -> dict[str, int]:
    """By name the first words of weights that neurons write."""
    word, found = sum(joint.words(lanes) for joint in joints(program)), {}
    for place in given_weights(program):
        assert place.item.weights is not None
        found[place.item.weights] = word
        word += groups_of(place.item.length, lanes)
    return found


def written_words(program: Program, lanes: int) -> int:
    """Words of weights that neurons write."""
    return sum(groups_of(place.item.length, lanes) for place in given_weights(program))


def written_bits(program: Program) -> int:
    """Bits of the widest of them; 0 if there are none."""
    return max((weight_bits(place.item.definition) for place in given_weights(program)), default=0)


def product_reach(place: Population) -> int:
    """Largest magnitude of what products add to a sum, of codes and weights at their limits."""
    program = place.program
    made = {item.item.codes: item.item for item in populations(program)}
    giving = {item.item.weights: item.item for item in given_weights(program)}
    return sum(
        given.product.most * code_limit(made[given.codes].definition)
        * ((1 << weight_bits(giving[given.weights].definition) - 1) - 1)
        for given in place.item.products)
