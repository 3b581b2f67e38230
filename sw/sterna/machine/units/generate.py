"""GENERATE: the board feeds itself with the tokens that it chooses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sterna.machine.unit import Unit

if TYPE_CHECKING:
    from sterna.machine.machine import Machine

MOST_ENDS = 8
"""End tokens of a request."""
LONGEST_WINDOW = 1 << 12
"""Ids, which fit one frame with all that is beside them."""


@dataclass(frozen=True, kw_only=True)
class Generate(Unit):
    """Answers GENERATE and STOP (`sterna.machine.generation`); it executes no instruction.

    It chooses by the law of sampling from what the head of a token stream keeps, and runs the
    program with the row of the chosen token, which is in INPUT. ``window`` ids may be made that the
    host has not acknowledged: 64 hide a round trip of USB, 512 the 16 ms timer of a serial bridge.
    """

    name = "generate"

    window: int = 512

    def validate(self) -> None:
        self.require(self.window <= LONGEST_WINDOW, "window", f"at most {LONGEST_WINDOW}")

    def check(self, machine: Machine) -> None:
        for name in ("head", "read"):
            machine.unit(name)
