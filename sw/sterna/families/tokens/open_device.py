"""Opens any machine that runs a language model's program, by its name."""

from __future__ import annotations

from sterna.compiler.fit import fit_machine
from sterna.compiler.rows import Embedding
from sterna.families.opening import open_program
from sterna.host.address import GOLDEN
from sterna.host.device import Device
from sterna.host.token_board import TokenBoard
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
    as in `sterna.host.board.Board`, the rate of a serial port and errors as in `open_program`.
    Raises `InputError` also for an unknown device and a program that does not fit.
    """
    standard = PRESETS["standard"]
    if address == GOLDEN:
        from sterna.families.tokens.golden_device import GoldenDevice  # and with it PyTorch

        shape = configuration or standard
        return GoldenDevice(program, shape.head.top_k, shape.streams)
    configuration = configuration or fit_machine(program, standard, embedding)
    return open_program(
        TokenBoard, address, program, configuration, embedding, progress, timeout)
