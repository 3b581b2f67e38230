"""The terms that the area of a machine is linear in: those of its units, added up.

A unit gives terms by the names of its parts in a netlist (`sterna.machine.unit.Unit.area_terms`).
Parts that several units make larger have a term of each: a unit that is not there gives 0.
"""

from __future__ import annotations

from collections.abc import Callable

from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.unit import OTHER, AreaTerms, Unit

from sterna_boards.estimate.pipelines import neuron_bits, synapse_bits


def area_terms(machine: Machine) -> AreaTerms:
    """The terms of each part. Raises `InputError` for a unit that has none."""
    total: AreaTerms = {}
    for unit in machine.units:
        for part, terms in _of_unit(unit, machine).items():
            before = total.get(part, (0,) * len(terms))
            total[part] = tuple(a + b for a, b in zip(before, terms, strict=True))
    one, *rest = total.get(OTHER, (0, 0, 0))
    return total | {OTHER: (one + 1, *rest)}


def _of_unit(unit: Unit, machine: Machine) -> AreaTerms:
    terms = unit.area_terms(machine)
    if terms is None and unit.name in _COUNTED:
        terms = _COUNTED[unit.name](machine)
    if terms is None:
        raise InputError(f"area: the unit {unit.name} of this machine has no terms; give its "
                         "specification area_terms")
    return terms


def _windows(machine: Machine) -> AreaTerms:
    """One, and bits of the addresses that walk: what walks is counted in none of the pipelines."""
    if not machine.synapses.window_depth:
        return {}
    bits = sum(width for name, width in machine.synapses.window_fields if name != "count")
    return {"windows": (1, bits)}


_COUNTED: dict[str, Callable[[Machine], AreaTerms]] = {
    "synapse": lambda machine: {"synapses": (synapse_bits(machine),), **_windows(machine)},
    "neuron": lambda machine: {"neurons": (neuron_bits(machine),), OTHER: (0, 0, 1)},
}
"""Of the units whose registers are counted in their pipelines."""
