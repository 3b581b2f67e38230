"""The units that the compiler knows: Sterna's own, those registered, and of installed packages.

A package has the compiler's part of its unit beside the specification, by an entry point of the
group ``sterna.compilers``, whose name is the unit's and whose object is a `UnitCompiler` class.
"""

from __future__ import annotations

from functools import cache

from sterna.compiler.unit import ItemRules, StepRules, UnitCompiler
from sterna.compiler.units.generate import GenerateCompiler
from sterna.compiler.units.head import HeadCompiler
from sterna.compiler.units.loops import LoopsCompiler
from sterna.compiler.units.matrix import MatrixCompiler
from sterna.compiler.units.neurons import NeuronsCompiler
from sterna.compiler.units.scalar import ScalarCompiler
from sterna.compiler.units.synapses import SynapsesCompiler
from sterna.compiler.units.ternary import TernaryCompiler
from sterna.compiler.units.vector import VectorCompiler
from sterna.machine.extensions import COMPILERS, extensions
from sterna.machine.machine import Machine
from sterna.program.items import Item

_KNOWN: dict[str, UnitCompiler] = {
    "vector": VectorCompiler(), "scalar": ScalarCompiler(), "ternary": TernaryCompiler(),
    "loops": LoopsCompiler(), "head": HeadCompiler(), "synapse": SynapsesCompiler(),
    "neuron": NeuronsCompiler(), "matrix": MatrixCompiler(), "generate": GenerateCompiler(),
}


def register_unit(name: str, compiler: UnitCompiler) -> None:
    """Let programs be compiled for machines with another unit."""
    _KNOWN[name] = compiler
    _rules_of.cache_clear()


def compilers() -> dict[str, UnitCompiler]:
    """All that are known, by the names of the units, Sterna's own first."""
    installed = {name: kind() for name, kind in extensions(COMPILERS).items()}
    return installed | _KNOWN


def compilers_of(machine: Machine) -> dict[str, UnitCompiler]:
    """Those of the units of a machine, in the machine's order; a unit may have none."""
    known = compilers()
    return {unit.name: known[unit.name] for unit in machine.units if unit.name in known}


def unit_of(item: Item) -> tuple[str, ItemRules] | None:
    """The unit that executes an operation, if any is known, and what is done with it."""
    for name, compiler in compilers().items():
        if type(item) in compiler.items:
            return name, compiler.items[type(item)]
    return None


def rules_of(step: object) -> StepRules:
    """What is done with a step. Raises KeyError if no unit has such steps."""
    return _rules_of(type(step))


@cache
def _rules_of(kind: type) -> StepRules:
    for compiler in compilers().values():
        if kind in compiler.steps:
            return compiler.steps[kind]
    raise KeyError(kind.__name__)
