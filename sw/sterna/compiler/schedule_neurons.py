"""Steps of a population: its synapses, its neurons, and the codes that matrices take.

Neurons on a current are dispatched before the vector unit sends the first word: they compute while
the words come. Their codes go back by an instruction that fills a bank as a quantise does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.compiler.kinds import Widths, kind_of, place_sources, words_of
from sterna.compiler.operands import codes_taken
from sterna.compiler.plan import AccumulateStep, NeuronStep, VectorStep
from sterna.compiler.populations import Population, groups_of, joints
from sterna.compiler.products import factors, weight_places
from sterna.compiler.windows import WindowWords
from sterna.machine.units.neurons import Neurons as NeuronsUnit
from sterna.machine.units.vector import SourceA
from sterna.program.instructions import INPUT
from sterna.program.neurons import Neurons

if TYPE_CHECKING:
    from sterna.compiler.section import SectionScheduler


def schedule_neurons(scheduler: SectionScheduler, position: int, item: Neurons) -> None:
    """Its own step comes last, or before its current is sent."""
    _synapses(scheduler, position, item)
    if not any(entry.population == position for entry in scheduler.sent):
        scheduler.nodes.append(neuron_step(scheduler, position, item))
        if item.current is not None:
            groups = groups_of(item.length, scheduler.machine.vector.lanes)
            scheduler.nodes.append(VectorStep(
                item=position, operation=None, elements=item.length, first=0, length=groups,
                a=scheduler.address(item.current), send=True, partner=NeuronsUnit.name))
    if item.codes is not None and _given(scheduler, item):
        scheduler.nodes.append(VectorStep(
            item=position, operation=None, elements=item.length, first=0,
            length=groups_of(item.length, scheduler.machine.vector.lanes),
            source=SourceA.UNIT, partner=NeuronsUnit.name, codes=True))
        scheduler.fill_bank(item.codes)


def schedule_ahead(scheduler: SectionScheduler, position: int) -> None:
    """The neurons that the kernel at a position sends to come before it."""
    for entry in scheduler.sent:
        if entry.kernel == position:
            item = scheduler.section.items[entry.population]
            assert isinstance(item, Neurons)
            scheduler.nodes.append(neuron_step(scheduler, entry.population, item))


def neuron_step(scheduler: SectionScheduler, position: int, item: Neurons) -> NeuronStep:
    """The step of a population."""
    machine = scheduler.machine
    sources = place_sources(scheduler.program, Widths.of(machine))
    placed = None if item.codes is None else sources.get(item.codes)
    place = Population(scheduler.program, scheduler.section, item)
    return NeuronStep(
        item=position, elements=item.length, groups=Widths.of(machine).groups(item),
        name=item.name, states=len(item.definition.states), words=words_of(machine, place),
        kind=kind_of(machine, place), codes=None if placed is None else placed.word,
        result=item.result in scheduler.program.results, current=item.current is not None,
        give=_given(scheduler, item),
        weights=None if item.weights is None else weight_places(
            scheduler.program, machine.synapses.lanes)[item.weights])


def _given(scheduler: SectionScheduler, item: Neurons) -> bool:
    """Whether matrices take its codes."""
    return any(item.codes in codes_taken(other) for other in scheduler.section.items)


def _synapses(scheduler: SectionScheduler, position: int, item: Neurons) -> None:
    program, machine = scheduler.program, scheduler.machine
    if not item.synapses and not item.products:
        return
    sources = place_sources(program, Widths.of(machine))
    weights, table, lanes = 0, 0, machine.synapses.lanes
    for joint in joints(program):
        if joint.target.item is item:
            step = AccumulateStep(
                item=position, matrix=joint.synapses.matrix, codes=sources[joint.source].word,
                sources=joint.matrix.columns, weights=weights,
                groups=groups_of(joint.matrix.rows, lanes), skip=scheduler.skip)
            if joint.matrix.window is not None:
                words = WindowWords(joint.matrix.window, lanes)
                step.groups, step.window, step.placed = words.groups, 1 + table, words
            scheduler.nodes.append(step)
        weights, table = weights + joint.words(lanes), table + joint.table_words
    written = weight_places(program, lanes)
    for factor in factors(program):
        words = factor.words(lanes)
        if factor.target.item is item:
            scheduler.nodes.append(AccumulateStep(
                item=position, matrix=factor.given.weights, codes=sources[factor.source].word,
                sources=factor.given.product.sources, weights=written[factor.given.weights],
                groups=words.groups, skip=scheduler.skip, window=1 + table, placed=words))
        table += words.table_words


def input_step(scheduler: SectionScheduler) -> NeuronStep:
    """The codes of the input enter the code memory."""
    placed = place_sources(scheduler.program, Widths.of(scheduler.machine))[INPUT]
    return NeuronStep(item=0, elements=scheduler.program.input_length, groups=placed.words,
                      codes=placed.word)
