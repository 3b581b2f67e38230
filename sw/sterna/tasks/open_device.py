"""Opens any machine that runs programs by its name."""

from __future__ import annotations

from pathlib import Path

from sterna.compiler.compile import compile_program
from sterna.compiler.fit import Embedding, fit_configuration
from sterna.errors import InputError
from sterna.host.board_device import LinkDevice
from sterna.host.device import Device
from sterna.host.transport import DEFAULT_BAUD, Transport, open_transport
from sterna.machine.configuration import PRESETS, HardwareConfiguration
from sterna.machine.encoding import Configuration
from sterna.machine.image import MemoryImage
from sterna.program.definition import Program
from sterna.progress import Progress
from sterna.tasks.golden_device import GoldenDevice

DEVICES = "golden, sim, serial:///dev/ttyUSB0 or tcp://host:port"


def open_device(
    address: str,
    program: Program,
    configuration: HardwareConfiguration | None = None,
    embedding: Embedding = "auto",
    progress: Progress | None = None,
    timeout: float | None = None,
) -> Device:
    """A device with the program loaded, ready for its first token.

    `address` is ``golden``, ``sim``, or the address of a board. `configuration` is that of the
    hardware; the default is the ``standard`` preset with the depths that the program needs, and the
    golden takes only its `top_k` and `streams`. `embedding` is as in `compile_program`, `timeout`
    as in `LinkDevice`. A serial port is opened at the rate of the configuration, if the address
    names no other. Raises `InputError` for an unknown device, a program that does not fit and
    missing tools, `LinkError` when the board does not answer or is another one.
    """
    configuration = configuration or fit_configuration(program, PRESETS["standard"], embedding)
    if address == "golden":
        return GoldenDevice(program, configuration.top_k, configuration.streams)
    return open_board(address, program, configuration, embedding, progress, timeout)


def open_board(
    address: str,
    program: Program,
    configuration: HardwareConfiguration,
    embedding: Embedding = "auto",
    progress: Progress | None = None,
    timeout: float | None = None,
) -> LinkDevice:
    """A board, real or simulated, with the program loaded; arguments as of `open_device`."""
    check_address(address)
    image = compile_program(program, configuration, embedding)
    return _loaded(address, program, image, progress, timeout)


def open_image(
    address: str, program: Program, path: Path | str, progress: Progress | None = None,
    timeout: float | None = None,
) -> LinkDevice:
    """A board, real or simulated, loaded with a memory image that was written before.

    It was compiled from ``program``, whose embedding the driver may need. Raises `InputError` for a
    file that is damaged, of another version, or of other contents than the program has; otherwise
    as `open_device`.
    """
    check_image_address(address)
    image = MemoryImage.load(path)
    configuration = image.configuration
    if not isinstance(configuration, HardwareConfiguration):
        raise InputError(f"{path}: is the image of {image.model}, a spiking network; give that, or "
                         f"the image of {program.name}")
    image.check_same(
        lambda: compile_program(program, configuration, image.placement), program.name, path)
    return _loaded(address, program, image, progress, timeout)


def check_image_address(address: str) -> None:
    """Raise `InputError` for a device that takes no memory image, and for an unknown one."""
    if address == "golden":
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
    from sterna_sim.board import SimulatedBoard

    return SimulatedBoard(configuration, progress=progress)


def _loaded(
    address: str, program: Program, image: MemoryImage, progress: Progress | None,
    timeout: float | None,
) -> LinkDevice:
    transport = open_transport_to(address, image.configuration, progress)
    device = LinkDevice(transport, address, timeout=timeout)
    try:
        device.load(image, program.parameters.embedding, progress)
    except BaseException:
        device.close()
        raise
    return device
