"""Bookkeeping of reductions while a program is checked."""

from __future__ import annotations

from collections.abc import Callable

from sterna.law.arithmetic import ABSMAX_REGISTERS, SQUARES_REGISTERS
from sterna.program.instructions import Element

_REGISTERS = {"absmax": ABSMAX_REGISTERS, "squares": SQUARES_REGISTERS}


class Reductions:
    """Which reductions hold something; `fail` makes the error of a reason.

    A reduction occupies a register from the first operation that enters it until it is taken.
    """

    def __init__(self, fail: Callable[[str], Exception]) -> None:
        self._fail = fail
        self._filled: dict[str, set[str]] = {"absmax": set(), "squares": set()}

    def fill(self, operation: Element) -> None:
        """The operation's result enters its reductions."""
        for kind, name in (("absmax", operation.absmax), ("squares", operation.squares)):
            if name is None:
                continue
            filled = self._filled[kind]
            filled.add(name)
            if len(filled) > _REGISTERS[kind]:
                raise self._fail(
                    f"{len(filled)} {kind} reductions are live, there are {_REGISTERS[kind]} "
                    "registers"
                )

    def take(self, kind: str, name: str) -> None:
        """A scalar operation takes the reduction."""
        if name not in self._filled[kind]:
            raise self._fail(f"{kind} {name} is taken before anything entered it")
        self._filled[kind].remove(name)

    def check_empty(self) -> None:
        """At the end of a token nothing may be left for the next one."""
        for kind, filled in self._filled.items():
            if filled:
                raise self._fail(f"{kind} {min(filled)} is never taken")
