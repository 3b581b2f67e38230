"""Simulated accelerators with an image in them, whatever memory its weights come from."""

from __future__ import annotations

from fractions import Fraction

from sterna.compiler.compile import compile_program
from sterna.compiler.fit import Embedding
from sterna.host.counted import CountedTransport
from sterna.host.open_board import Opened
from sterna.host.token_board import TokenBoard
from sterna.machine.image import MemoryImage
from sterna.machine.machine import Machine
from sterna.program.definition import Program
from sterna.progress import Progress

from sterna_sim.board import MemoryBehaviour, SimulatedBoard


def open_simulated(
    kind: type[Opened],
    image: MemoryImage,
    timing: MemoryBehaviour | None = None,
    progress: Progress | None = None,
    line: Fraction | int | None = None,
) -> tuple[Opened, CountedTransport, SimulatedBoard]:
    """A simulation with the image loaded, what counts the bytes of its link, and what is behind.

    Weights that are outside come from a memory that behaves as ``timing`` says; ``line`` is as of
    `SimulatedBoard`. Errors are those of
    `SimulatedBoard` and `sterna.host.open_board.open_board`.
    """
    board = SimulatedBoard(image.machine, progress=progress, memory=timing, line=line)
    counted = CountedTransport(board)
    device = kind(counted, "sim", board.loaders())
    try:
        device.load(image, progress)
    except BaseException:
        device.close()
        raise
    return device, counted, board


def open_with_memory(
    program: Program,
    machine: Machine,
    embedding: Embedding,
    timing: MemoryBehaviour,
    progress: Progress | None = None,
) -> TokenBoard:
    """A simulation with the program loaded, the weights from behind; errors as `open_device`."""
    image = compile_program(program, machine, embedding)
    return open_simulated(TokenBoard, image, timing, progress)[0]
