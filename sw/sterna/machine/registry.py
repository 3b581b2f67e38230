"""The kinds of units that machines may have: Sterna's own, and those of installed packages.

A package adds a unit by an entry point of the group ``sterna.units``, whose name is the unit's and
whose object is its specification, a subclass of `sterna.machine.unit.Unit`.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from sterna.errors import FOREIGN, InputError, reason
from sterna.machine.unit import Unit
from sterna.machine.units.generate import Generate
from sterna.machine.units.head import Head
from sterna.machine.units.loops import Loops
from sterna.machine.units.matrix import MatrixStates
from sterna.machine.units.neurons import Neurons
from sterna.machine.units.read import Read
from sterna.machine.units.scalar import ScalarUnit
from sterna.machine.units.synapses import Synapses
from sterna.machine.units.ternary import Ternary
from sterna.machine.units.vector import Vector

GROUP = "sterna.units"
OWN: tuple[type[Unit], ...] = (
    Vector, ScalarUnit, Ternary, Loops, Head, Synapses, Neurons, MatrixStates, Read, Generate)


@cache
def unit_types() -> dict[str, type[Unit]]:
    """Every kind of unit by its name, Sterna's own first.

    Raises `InputError` naming the package whose unit cannot be loaded, or has a name that is taken.
    """
    found: dict[str, type[Unit]] = {kind.name: kind for kind in OWN}
    for point in entry_points(group=GROUP):
        package = point.dist.name if point.dist else "a package"
        try:
            kind = point.load()
        except FOREIGN as error:
            raise InputError(f"{package}: its unit {point.name} cannot be loaded: {reason(error)}; "
                             "mend or uninstall it") from error
        if not (isinstance(kind, type) and issubclass(kind, Unit)):
            raise InputError(f"{package}: its unit {point.name} is no sterna.machine.unit.Unit")
        if kind.name in found:
            raise InputError(f"{package}: there is a unit {kind.name} already; uninstall it")
        found[kind.name] = kind
    return found
