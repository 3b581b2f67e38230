"""Bookkeeping of reductions while a program is checked."""

from __future__ import annotations

from collections.abc import Callable

from sterna.program.instructions import REDUCTIONS, Element


class Reductions:
    """Which reductions hold something; `fail` makes the error of a reason."""

    def __init__(self, fail: Callable[[str], Exception]) -> None:
        self._fail = fail
        self._filled: dict[str, set[str]] = {kind: set() for kind in REDUCTIONS}

    def fill(self, operation: Element) -> None:
        """The operation's result enters its reductions."""
        for kind, name in operation.reductions():
            self._filled[kind].add(name)

    def take(self, kind: str, name: str) -> None:
        """A scalar operation takes the reduction."""
        if name not in self._filled[kind]:
            raise self._fail(f"{kind} {name} is taken before anything entered it")
        self._filled[kind].remove(name)

    def check_empty(self) -> None:
        """At the end of a RUN nothing may be left for the next one."""
        for kind, filled in self._filled.items():
            if filled:
                raise self._fail(f"{kind} {min(filled)} is never taken")
