"""Opens any machine that runs a spiking network, by its name."""

from __future__ import annotations

from sterna.compiler.fit import fit_machine
from sterna.families.opening import open_program
from sterna.host.address import GOLDEN
from sterna.host.spiking_device import SpikingDevice
from sterna.host.step_board import StepBoard
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
    `sterna.host.board.Board`, the rate of a serial port and errors as in `open_program`. Raises
    `InputError` also for an unknown device and a network that does not fit.
    """
    if address == GOLDEN:
        from sterna.families.steps.golden_device import GoldenSpikingDevice  # with PyTorch

        return GoldenSpikingDevice(program)
    machine = configuration or fit_machine(program, STEP_MACHINE)
    return open_program(StepBoard, address, program, machine, "host", progress, timeout, skip=skip)
