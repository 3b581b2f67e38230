"""Where the populations of a network are in an accelerator, and which step each synapse reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sterna.law.neuron import NeuronDefinition, Output
from sterna.law.neuron_parameters import NeuronParameters
from sterna.machine.spiking_configuration import NeuronUnit
from sterna.program.spiking import CODE_LIMIT, INPUT, Connection, Population, SpikingNetwork


def groups_of(items: int, lanes: int) -> int:
    """Groups of ``lanes`` that hold the items."""
    return -(-items // lanes)


@dataclass(frozen=True)
class Placed:
    """A source in the code memory: its first word and how many."""

    word: int
    words: int


def is_source(network: SpikingNetwork, name: str) -> bool:
    """Whether any connection reads the codes."""
    return any(item.source == name for item in network.connections)


def place_sources(network: SpikingNetwork, lanes: int) -> dict[str, Placed]:
    """The input, which always has words, and the populations whose codes are read."""
    sizes = {INPUT: network.inputs} | {
        item.name: item.neurons for item in network.populations if is_source(network, item.name)}
    placed, word = {}, 0
    for name, size in sizes.items():
        placed[name] = Placed(word, groups_of(size, lanes))
        word += placed[name].words
    return placed


def taps(network: SpikingNetwork, connection: Connection) -> NDArray[np.int64]:
    """Which kept code each synapse [targets, sources] reads; 0 is the newest.

    A population that is executed no earlier than its target has not got its new codes yet: its
    newest are those of the step before.
    """
    order = {item.name: index for index, item in enumerate(network.populations)}
    late = order.get(connection.source, -1) >= order[connection.target]
    offset = int(connection.previous) - int(late)
    if connection.delays is None:
        return np.full(connection.planes.shape[1:], offset, np.int64)
    return connection.delays.astype(np.int64) + offset


def taps_needed(network: SpikingNetwork) -> int:
    """Codes of each source that must be kept."""
    return 1 + max((int(taps(network, item).max(initial=0)) for item in network.connections),
                   default=0)


def code_bits_needed(network: SpikingNetwork) -> int:
    """The least width of codes: that of populations which others read; real inputs need all."""
    limits = [CODE_LIMIT if network.input_fraction else 1]
    for item in network.populations:
        if is_source(network, item.name):
            counts = item.definition.output is Output.SPIKE
            limits.append(min(CODE_LIMIT, item.definition.max_count) if counts else CODE_LIMIT)
    return max(limits).bit_length() + 1


def weight_bits_needed(network: SpikingNetwork) -> int:
    """The least width of a weight."""
    largest = max((int(np.abs(item.weights()).max(initial=0)) for item in network.connections),
                  default=0)
    return max(2, largest.bit_length() + 1)


def accumulator_bits_needed(network: SpikingNetwork, code_limit: int) -> int:
    """The least width of a sum, with every code at its limit."""
    reach = 0
    for population in network.populations:
        rows = np.zeros(population.neurons, np.int64)
        for item in network.into(population.name):
            rows += np.abs(item.weights()).sum(1)
        reach = max(reach, code_limit * int(rows.max()))
    return max(4, reach.bit_length() + 1)


def unit_key(definition: NeuronDefinition, accumulator_bits: int) -> NeuronDefinition:
    """The definition with which a population's unit is built."""
    return replace(definition, sum_bits=accumulator_bits)


def make_units(network: SpikingNetwork, lanes: int, accumulator_bits: int
               ) -> tuple[NeuronUnit, ...]:
    """One unit for each definition, in the order of execution."""
    members: dict[NeuronDefinition, list[Population]] = {}
    for item in network.populations:
        members.setdefault(unit_key(item.definition, accumulator_bits), []).append(item)
    return tuple(
        NeuronUnit(
            definition=definition,
            constants=_constants(populations),
            varying=_varying(populations),
            groups=sum(groups_of(item.neurons, lanes) for item in populations),
            codes=any(is_source(network, item.name) for item in populations),
            results=any(item.name == network.output for item in populations),
        )
        for definition, populations in members.items()
    )


def _values(populations: Iterable[Population], name: str) -> NDArray[np.int64]:
    return np.unique(np.concatenate([getattr(item.parameters, name) for item in populations]))


def _constants(populations: list[Population]) -> tuple[tuple[str, int], ...]:
    neutral = dict(NeuronParameters().items())
    return tuple(
        (name, int(values[0]))
        for name, values in ((name, _values(populations, name)) for name in neutral)
        if values.size == 1 and values[0] != neutral[name][0]
    )


def _varying(populations: list[Population]) -> tuple[str, ...]:
    return tuple(name for name, _ in NeuronParameters().items()
                 if _values(populations, name).size > 1)
