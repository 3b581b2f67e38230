"""The way to a board of any kind, by the name that the user gives."""

from __future__ import annotations

from sterna.errors import InputError
from sterna.host.board_address import board_address, open_transport
from sterna.host.transport import DEFAULT_BAUD, Transport
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.machine import Machine
from sterna.progress import Progress

DEVICES = "golden, emulator, sim, serial:///dev/ttyUSB0 or tcp://host:port"
GOLDEN, EMULATOR, SIMULATED = "golden", "emulator", "sim"


def check_image_address(address: str) -> None:
    """Raise `InputError` for a device that takes no memory image, and for an unknown one."""
    if address == GOLDEN:
        raise InputError("device golden: takes no image; give emulator, sim or the address of a "
                         "board")
    check_address(address)


def check_clock(address: str) -> None:
    """Raise `InputError` for a device that counts no cycles."""
    if address in (GOLDEN, EMULATOR):
        raise InputError(
            f"device {address}: has no clock to measure; give sim or a board's address")
    check_address(address)


def check_address(address: str) -> None:
    """Raise `InputError` for what is no name of a device that has a link, nor an address."""
    if address in (EMULATOR, SIMULATED):
        return
    if "://" not in address:
        raise InputError(f"{address}: no such device; give {DEVICES}")
    board_address(address).check_there()


def check_shows_values(address: str) -> None:
    """Raise `InputError` for a device that shows its results alone, and for an unknown one."""
    if address not in (EMULATOR, SIMULATED):
        raise InputError(f"{address}: shows no values but its results; give {EMULATOR} or "
                         f"{SIMULATED}")


def check_device(address: str) -> None:
    """The same; the golden is a device too."""
    if address != GOLDEN:
        check_address(address)


def open_transport_to(
    address: str, machine: Machine, progress: Progress | None
) -> Transport:
    """The way to a board of the machine, which a simulated one is made of.

    Raises what `open_transport` and `SimulatedBoard` raise.
    """
    if address == EMULATOR:
        return EmulatedBoard(machine)
    if address != SIMULATED:
        return open_transport(address, machine.link.baud or DEFAULT_BAUD)
    # The generator is not installed everywhere where a board is used.
    from sterna_sim.board import SimulatedBoard

    return SimulatedBoard(machine, progress=progress)
