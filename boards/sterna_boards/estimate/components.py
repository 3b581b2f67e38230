"""The units of which a machine consists, by name: the keys of the tables of this folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sterna.errors import InputError
from sterna.machine.machine import Machine

T = TypeVar("T")


def components(machine: Machine) -> tuple[str, ...]:
    """Names of its units."""
    return tuple(unit.name for unit in machine.units)


def entry(table: Mapping[str, T], name: str, what: str) -> T:
    """What a table has of a unit. Raises `InputError` naming the unit when it has nothing."""
    if name not in table:
        raise InputError(f"{what}: the unit {name} of this machine has none; estimates know those "
                         f"of {', '.join(table)}")
    return table[name]
