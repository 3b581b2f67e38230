"""The emulator in place of a simulation that is built."""

from __future__ import annotations

from sterna.errors import InputError
from sterna.host.address import EMULATOR, SIMULATED
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.machine import Machine


def emulated(device: str, machine: Machine, stalls: int) -> EmulatedBoard | None:
    """An emulated board with trace ports, or None for a simulation.

    Raises `InputError` for another device, since only these show every value, and for pauses of a
    link that has no time.
    """
    if device not in (EMULATOR, SIMULATED):
        raise InputError(f"{device}: shows no values but its results; give {EMULATOR} or "
                         f"{SIMULATED}")
    if device == EMULATOR and stalls:
        raise InputError("--stalls: is for --device sim; the emulator has no clock")
    return EmulatedBoard(machine.having(trace=True)) if device == EMULATOR else None
