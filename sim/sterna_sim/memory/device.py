"""A simulated accelerator with its weights in a memory outside."""

from __future__ import annotations

from sterna.compiler.compile import compile_program
from sterna.compiler.fit import Embedding
from sterna.host.token_board import TokenBoard
from sterna.machine.machine import Machine
from sterna.program.definition import Program
from sterna.progress import Progress

from sterna_sim.board import MemoryBehaviour, SimulatedBoard


def open_with_memory(
    program: Program,
    machine: Machine,
    embedding: Embedding,
    timing: MemoryBehaviour,
    progress: Progress | None = None,
) -> TokenBoard:
    """A simulation with the program loaded, the weights from behind; errors as `open_device`."""
    image = compile_program(program, machine, embedding)
    board = SimulatedBoard(machine, progress=progress, memory=timing)
    device = TokenBoard(board, "sim", board.loaders())
    try:
        device.load(image, progress)
    except BaseException:
        device.close()
        raise
    return device
