"""The emulator in place of a simulation that is built."""

from __future__ import annotations

from sterna.errors import InputError
from sterna.host.address import EMULATOR, check_shows_values
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.machine import Machine


def emulated(device: str, machine: Machine, stalls: int) -> EmulatedBoard | None:
    """An emulated board with trace ports, or None for a simulation.

    Raises `InputError` for another device, since only these show every value, and for pauses of a
    link that has no time.
    """
    check_shows_values(device)
    if device == EMULATOR and stalls:
        raise InputError("--stalls: is for --device sim; the emulator has no clock")
    return EmulatedBoard(machine.having(trace=True)) if device == EMULATOR else None
