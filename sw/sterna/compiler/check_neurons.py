"""What synapses and neurons cannot do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.compiler.populations import Population, populations
from sterna.compiler.products import ProductWords
from sterna.compiler.windows import WindowWords
from sterna.machine.units.synapses import GROUP_BITS
from sterna.machine.units.vector import LENGTH_BITS
from sterna.program.instructions import INPUT
from sterna.program.neurons import Neurons, Products

if TYPE_CHECKING:
    from sterna.compiler.check import Check


def check_neurons(check: Check, item: Neurons) -> None:
    """Its sums come from synapses or are words, and its codes go where there is room."""
    if (item.synapses or item.products) and item.current is not None:
        raise check.fail("has both synapses and a current; neurons of a machine take one of both: "
                         "let the synapses lead to a population of their own")
    if item.current == INPUT:
        raise check.fail("its current is the input, which only a kernel can read; let one write a "
                         "vector of it")
    lanes = check.machine.neurons.lanes
    if item.synapses or item.products:
        _synapses(check, item)
    for given in item.products:
        _product(check, given)
    check.length(item.length, lanes,
                 check.machine.neurons.group_bits if item.current is None else LENGTH_BITS)
    if item.codes is not None and check.taken(item.codes):
        check.fill_bank(item.codes)


def _synapses(check: Check, item: Neurons) -> None:
    if check.section.repeat > 1:
        raise check.fail("synapses lead to populations of sections that are not repeated")
    made = {place.item.codes: place for place in populations(check.program)}
    unit, sizes = check.machine.synapses, []
    lanes, sources = unit.lanes, 1 << unit.source_bits(check.machine)
    for synapses in item.synapses:
        _source(check, synapses.codes, made)
        matrix = check.program.matrix(check.section.name, synapses.matrix)
        groups = -(-item.length // lanes)
        if matrix.window is not None:
            words = WindowWords(matrix.window, lanes)
            groups = words.groups
            sizes.append(("words of a position, in all lanes that it may begin at,",
                          groups * words.phases, 1 << LENGTH_BITS))
        sizes += [("groups of targets", groups, 1 << GROUP_BITS),
                  ("sources", matrix.columns, sources)]
    _small_enough(check, sizes)


def _small_enough(check: Check, sizes: list[tuple[str, int, int]]) -> None:
    """What there is so many of is below its limit."""
    for what, size, limit in sizes:
        if size >= limit:
            raise check.fail(f"{size} {what}; an instruction names at most {limit - 1}")


def _product(check: Check, given: Products) -> None:
    """Its rows are whole words."""
    lanes = check.machine.synapses.lanes
    if (step := ProductWords(given.product, lanes).misplaced) is not None:
        fits = step & -step
        raise check.fail(f"a product has a row every {step} weights or targets, which are no whole "
                         f"words of {lanes} lanes; give --lanes {fits}")
    sizes = [("words in a row of a product", ProductWords(given.product, lanes).groups,
              1 << GROUP_BITS)]
    sizes += [("elements on an axis of a product", size, 1 << LENGTH_BITS)
              for size in given.product.sizes]
    _small_enough(check, sizes)


def _source(check: Check, codes: str, made: dict[str | None, Population]) -> None:
    if codes == INPUT:
        return
    if codes not in made:
        raise check.fail(f"codes {codes} come from the vector unit; synapses read those of "
                         "populations, and the input")
    if made[codes].section.repeat > 1:
        raise check.fail(f"codes {codes} come from section {made[codes].section.name}, which is "
                         "repeated; synapses read those of sections that are not")
