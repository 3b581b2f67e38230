"""Opens boards for a program: compiled now, or from an image that was made of it before."""

from __future__ import annotations

from pathlib import Path

from sterna.compiler.compile import compile_program
from sterna.compiler.rows import Embedding
from sterna.errors import InputError
from sterna.host.address import check_address, check_image_address
from sterna.host.open_board import Opened, open_board
from sterna.machine.image import MemoryImage
from sterna.machine.machine import Machine
from sterna.program.definition import Program
from sterna.progress import Progress

_KINDS = {True: "a language model", False: "a spiking network"}
"""What an image is of, by whether it has a vocabulary."""


def open_program(
    kind: type[Opened], address: str, program: Program, machine: Machine,
    embedding: Embedding = "auto", progress: Progress | None = None,
    timeout: float | None = None, *, skip: bool = True,
) -> Opened:
    """A board, real, simulated or emulated, with the program loaded.

    `embedding` and `skip` are as in `compile_program`, `timeout` as in `sterna.host.board.Board`,
    the rate of a serial port and errors as in `open_board`. Raises `InputError` also for an unknown
    device and a program that does not fit.
    """
    check_address(address)
    image = compile_program(program, machine, embedding, skip=skip)
    return open_board(kind, address, image, progress, timeout)


def open_image(
    kind: type[Opened], address: str, program: Program, path: Path | str,
    progress: Progress | None = None, timeout: float | None = None,
) -> Opened:
    """The same with a memory image that was written before.

    Raises `InputError` for a file that is damaged, of another version, or of other contents than
    the program has; otherwise as `open_program`.
    """
    check_image_address(address)
    image = MemoryImage.load(path)
    if bool(image.rows) != bool(program.rows):
        raise InputError(f"{path}: is the image of {image.model}, {_KINDS[bool(image.rows)]}; give "
                         f"that, or the image of {program.name}")
    image.check_same(lambda: compile_program(program, image.machine, image.placement),
                     program.name, path)
    return open_board(kind, address, image, progress, timeout)
