"""The input of a RUN: rows of the embedding or codes, and where they come from."""

from __future__ import annotations

from typing import Literal

from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space, input_space, memory_spec
from sterna.program.definition import Program

Embedding = Literal["auto", "host", "chip", "memory"]


def input_of(program: Program, machine: Machine) -> str:
    """The memory of what a RUN is given."""
    return input_space(machine, codes=program.takes_codes)


def row_groups(program: Program, machine: Machine) -> int:
    """Words of the input's memory in what a RUN is given."""
    return -(-program.input_length // memory_spec(machine, input_of(program, machine)).lanes)


def input_words(program: Program, machine: Machine, placement: str) -> int:
    """INPUT words that a placement of the embedding rows takes; the host's: one row a stream."""
    if program.takes_codes:
        return 0
    rows = machine.streams if placement == "host" else program.rows
    return rows * row_groups(program, machine)


def placement_for(program: Program, machine: Machine,
                  embedding: Embedding) -> Literal["host", "chip", "memory"]:
    """Where embedding rows live; ``auto`` keeps them on the board where its memory holds them.

    A machine with its rows outside has them in ``memory`` and nowhere else. Codes, and words of a
    program without a vocabulary, come from the host. Raises `InputError` for a place that the
    machine has not.
    """
    if embedding not in ("auto", "host", "chip", "memory"):
        raise InputError(f"embedding = {embedding!r} must be auto, host, chip or memory")
    if not program.rows:
        return "host"
    outside = machine.row_memory.outside
    if outside and embedding in ("auto", "memory"):
        return "memory"
    if outside or embedding == "memory":
        raise InputError(f"embedding = {embedding}: this machine has its rows " + (
            "in a memory outside; give memory" if outside else
            "on the chip; give a --board or a --memory that has room for them"))
    if embedding != "auto":
        return embedding
    depth = memory_spec(machine, Space.INPUT).depth
    return "chip" if input_words(program, machine, "chip") <= depth else "host"
