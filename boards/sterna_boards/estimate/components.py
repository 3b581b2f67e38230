"""The units of which a machine consists, by name."""

from __future__ import annotations

from sterna.machine.machine import Machine


def components(machine: Machine) -> tuple[str, ...]:
    """Names of its units."""
    return tuple(unit.name for unit in machine.units)
