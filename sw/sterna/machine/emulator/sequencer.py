"""The sequencer: the instructions of an entry in the order of execution, loops unrolled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sterna.errors import CheckError
from sterna.machine.encoding import decode
from sterna.machine.machine import Machine

MOST_INSTRUCTIONS = 1 << 22
"""More than any run takes; a program that was never loaded may loop for ever."""


class Executed(NamedTuple):
    """An instruction in its turn, with the address offsets of both loops.

    ``loop`` numbers the run of the inner loop that it is in, -1 outside; ``pass_`` its repetition.
    """

    pc: int
    kind: str
    fields: dict[str, int]
    inner: int
    outer: int
    loop: int
    pass_: int


@dataclass
class _Loop:
    first: int = 0
    left: int = 0
    step: int = 0
    offset: int = 0
    done: int = 0


def unrolled(machine: Machine, word: Callable[[int], int], entry: int,
             most: int = MOST_INSTRUCTIONS) -> Iterator[Executed]:
    """The instructions from an entry to END, which is not among them.

    ``word`` gives the instruction at an address. Raises `CheckError` when so many bring no end.
    """
    decoded: dict[int, tuple[str, dict[str, int]] | None] = {}
    inner, outer = loops = (_Loop(), _Loop())
    pc, entered, inside = entry, -1, False
    for _ in range(most):
        if pc not in decoded:
            try:
                decoded[pc] = decode(machine, word(pc))
            except (ValueError, KeyError):
                decoded[pc] = None  # an unknown kind ends the program as END does
        found = decoded[pc]
        if found is None or found[0] == "END":
            return
        kind, fields = found
        if kind == "REPEAT":
            level = fields["level"]
            loops[level].__init__(pc + 1, fields["count"], fields["step"])
            if not level:
                entered, inside = entered + 1, True
        else:
            yield Executed(pc, kind, fields, inner.offset, outer.offset,
                           entered if inside else -1, inner.done)
        pc += 1
        for level, loop in enumerate(loops):
            if not fields["ends"] >> level & 1:
                continue
            loop.left, loop.done = loop.left - 1, loop.done + 1
            if loop.left > 0:
                loop.offset += loop.step
                pc = loop.first
                break
            loop.offset, loop.done = 0, 0
            inside = inside and level != 0
    raise CheckError(f"the program at {entry} does not end")
