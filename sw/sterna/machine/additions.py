"""Machines with units that answer more of the host's frames."""

from __future__ import annotations

from sterna.machine.machine import Machine
from sterna.machine.units.generate import Generate
from sterna.machine.units.read import Read


def with_snapshots(machine: Machine) -> Machine:
    """The machine with the unit that answers READ."""
    if machine.readable:
        return machine
    return machine.having(units=(*machine.units, Read()))


def with_generation(machine: Machine) -> Machine:
    """The machine with the units that GENERATE wants."""
    if machine.generates is not None:
        return machine
    machine = with_snapshots(machine)
    return machine.having(units=(*machine.units, Generate()))
