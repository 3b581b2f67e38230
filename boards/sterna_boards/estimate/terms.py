"""The terms that the area of a machine is linear in: those of its units, added up.

A unit gives terms by the names of its parts in a netlist. Parts that several units make larger have
a term of each: a unit that is not there gives 0. Units that every token stream has count once for
each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sterna.machine.units.vector import vector_registers

from sterna_boards.estimate.components import components, entry
from sterna_boards.estimate.pipelines import neuron_bits, synapse_bits

Terms = dict[str, tuple[float, ...]]

FORKS = "forks"
"""What hands commands, weights and constants to the data paths of several token streams."""
OTHER = "other"
"""Link, counters, clock and borders; with neurons also what walks through a time step."""


def area_terms(machine: Any) -> Terms:
    """The terms of each part. Raises `InputError` for a unit that has none."""
    total: Terms = {}
    for name in components(machine):
        for part, terms in entry(_TERMS, name, "area terms")(machine).items():
            before = total.get(part, (0,) * len(terms))
            total[part] = tuple(a + b for a, b in zip(before, terms, strict=True))
    one, *rest = total.get(OTHER, (0, 0, 0))
    return total | {OTHER: (one + 1, *rest)}


def _ternary(machine: Any) -> Terms:
    rows, lanes, streams = machine.ternary.rows, machine.ternary.lanes, machine.streams
    engine = (lanes, rows, machine.ternary.columns)
    # Each lane of tables has a look-up and a node of an adder tree; other parts are small.
    adders, tables = {"adders": (engine, 0), "tables": ((0, 0, 0), lanes)}[machine.ternary.lane]
    word = 8 * machine.ternary.weight_bytes
    forks = streams if streams > 1 else 0
    return {
        "core.engine": tuple(streams * term for term in (1, *adders, tables)),
        "core.splitter": (streams, streams * rows, 0),
        "core.weights": _weights(machine, word),
        FORKS: (forks, forks * word),
    }


def _weights(machine: Any, word: int) -> tuple[float, ...]:
    if machine.memory.kind != "sdram":
        return (1, machine.ternary.lanes, 0, 0, 0, 0)
    # A controller, and a gearbox that rotates beats unless words are several whole ones, see
    # `sterna_hw.memory.gearbox` and `dense_words`.
    beat = machine.outside.bits // 8
    while beat > machine.ternary.weight_bytes:
        beat //= 2
    whole = machine.ternary.weight_bytes % beat == 0
    return (0, 0, 1, machine.outside.bits, 0 if whole else word, word if whole else 0)


def _vector(machine: Any) -> Terms:
    group, streams = machine.vector.lanes * machine.vector.word_bits, machine.streams
    forks = streams if streams > 1 else 0
    return {
        "core.vector": (streams, streams * group, streams * vector_registers(machine) * group),
        "core.splitter": (0, 0, streams * group),
        "core.constants": (1, group),
        "core.inputs": (streams, streams * group),
        FORKS: (0, forks * group),
        OTHER: (0, group, 0),
    }


def _scalar(machine: Any) -> Terms:
    """It is a part of ``core.vector``, the same on all machines."""
    del machine
    return {}


def _head(machine: Any) -> Terms:
    return {"core.top_k": (machine.streams, machine.streams * machine.head.top_k)}


def _loops(machine: Any) -> Terms:
    del machine
    return {"core.sequencer": (1,)}


def _synapse(machine: Any) -> Terms:
    return {"synapses": (synapse_bits(machine),)}


def _neuron(machine: Any) -> Terms:
    return {"neurons": (neuron_bits(machine),), OTHER: (0, 0, 1)}


_TERMS: dict[str, Callable[[Any], Terms]] = {
    "ternary": _ternary, "vector": _vector, "scalar": _scalar, "head": _head, "loops": _loops,
    "synapse": _synapse, "neuron": _neuron,
}
