"""The way to a board of any kind, by the name that the user gives."""

from __future__ import annotations

from sterna.errors import InputError
from sterna.host.transport import DEFAULT_BAUD, Transport, open_transport
from sterna.machine.encoding import Configuration
from sterna.progress import Progress

DEVICES = "golden, sim, serial:///dev/ttyUSB0 or tcp://host:port"
GOLDEN = "golden"


def check_image_address(address: str) -> None:
    """Raise `InputError` for a device that takes no memory image, and for an unknown one."""
    if address == GOLDEN:
        raise InputError("device golden: takes no image; give sim or the address of a board")
    check_address(address)


def check_address(address: str) -> None:
    """Raise `InputError` for what is neither ``sim`` nor like the address of a board."""
    if address != "sim" and "://" not in address:
        raise InputError(f"{address}: no such device; give {DEVICES}")


def open_transport_to(
    address: str, configuration: Configuration, progress: Progress | None
) -> Transport:
    """The way to a board of the configuration, which a simulated one is made of.

    Raises what `open_transport` and `SimulatedBoard` raise.
    """
    if address != "sim":
        return open_transport(address, configuration.baud or DEFAULT_BAUD)
    # The generator is not installed everywhere where a board is used.
    from sterna_sim.board import SimulatedBoard

    return SimulatedBoard(configuration, progress=progress)
