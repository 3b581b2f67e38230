"""Opens any machine that runs a language model's program, by its name."""

from __future__ import annotations

from pathlib import Path

from sterna.compiler.compile import compile_program
from sterna.compiler.fit import Embedding, fit_machine
from sterna.errors import InputError
from sterna.families.tokens.golden_device import GoldenDevice
from sterna.host.address import GOLDEN, check_address, check_image_address
from sterna.host.device import Device
from sterna.host.open_board import open_tokens
from sterna.host.token_board import TokenBoard
from sterna.machine.image import MemoryImage
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.program.definition import Program
from sterna.progress import Progress


def open_device(
    address: str,
    program: Program,
    configuration: Machine | None = None,
    embedding: Embedding = "auto",
    progress: Progress | None = None,
    timeout: float | None = None,
) -> Device:
    """A device with the program loaded, ready for its first token.

    `address` is ``golden``, ``sim``, or the address of a board. `configuration` is that of the
    hardware; the default is the ``standard`` preset with the depths that the program needs, and the
    golden takes only its `top_k` and `streams`. `embedding` is as in `compile_program`, `timeout`
    as in `sterna.host.board.Board`, the rate of a serial port and errors as in `open_tokens`.
    Raises `InputError` also for an unknown device and a program that does not fit.
    """
    standard = PRESETS["standard"]
    if address == GOLDEN:
        shape = configuration or standard
        return GoldenDevice(program, shape.head.top_k, shape.streams)
    configuration = configuration or fit_machine(program, standard, embedding)
    return open_board(address, program, configuration, embedding, progress, timeout)


def open_board(
    address: str,
    program: Program,
    configuration: Machine,
    embedding: Embedding = "auto",
    progress: Progress | None = None,
    timeout: float | None = None,
) -> TokenBoard:
    """A board, real or simulated, with the program loaded; arguments as of `open_device`."""
    check_address(address)
    image = compile_program(program, configuration, embedding)
    return open_tokens(address, image, progress, timeout)


def open_image(
    address: str, program: Program, path: Path | str, progress: Progress | None = None,
    timeout: float | None = None,
) -> TokenBoard:
    """A board, real or simulated, loaded with a memory image that was written before.

    Raises `InputError` for a file that is damaged, of another version, or of other contents than
    the program has; otherwise as `open_device`.
    """
    check_image_address(address)
    image = MemoryImage.load(path)
    configuration = image.machine
    if not image.rows:
        raise InputError(f"{path}: is the image of {image.model}, a spiking network; give that, or "
                         f"the image of {program.name}")
    image.check_same(
        lambda: compile_program(program, configuration, image.placement), program.name, path)
    return open_tokens(address, image, progress, timeout)
