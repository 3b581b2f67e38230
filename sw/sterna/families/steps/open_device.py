"""Opens any machine that runs a spiking network, by its name."""

from __future__ import annotations

from pathlib import Path

from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.errors import InputError
from sterna.families.steps.golden_device import GoldenSpikingDevice
from sterna.host.address import GOLDEN, check_address, check_image_address
from sterna.host.open_board import open_steps
from sterna.host.spiking_device import SpikingDevice
from sterna.host.step_board import StepBoard
from sterna.machine.image import MemoryImage
from sterna.machine.machine import Machine
from sterna.machine.presets import STEP_MACHINE
from sterna.program.definition import Program
from sterna.progress import Progress


def open_spiking_device(
    address: str,
    program: Program,
    configuration: Machine | None = None,
    progress: Progress | None = None,
    *,
    skip: bool = True,
    timeout: float | None = None,
) -> SpikingDevice:
    """A device with the network loaded, ready for its first step.

    `address` is ``golden``, ``sim``, or the address of a board. `configuration` is that of the
    hardware, by default the one that fits; `skip` as in `compile_program`, `timeout` as in
    `sterna.host.board.Board`, the rate of a serial port and errors as in `open_steps`. Raises
    `InputError` also for an unknown device and a network that does not fit.
    """
    if address == GOLDEN:
        return GoldenSpikingDevice(program)
    check_address(address)
    machine = configuration or fit_machine(program, STEP_MACHINE)
    return open_steps(
        address, compile_program(program, machine, skip=skip), progress, timeout)


def open_spiking_image(
    address: str, program: Program, path: Path | str, progress: Progress | None = None,
    timeout: float | None = None,
) -> StepBoard:
    """A board, real or simulated, loaded with a memory image that was written before.

    Raises `InputError` for a file that is damaged, of another version, or of other contents than
    the network has; otherwise as `open_spiking_device`.
    """
    check_image_address(address)
    image = MemoryImage.load(path)
    configuration = image.machine
    if image.rows:
        raise InputError(f"{path}: is the image of {image.model}, a language model; give that, or "
                         f"the image of {program.name}")
    image.check_same(lambda: compile_program(program, configuration), program.name, path)
    return open_steps(address, image, progress, timeout)
