"""A data path: what a token stream has of its own, and the streams of the run that is on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.law.arithmetic import ABSMAX_REGISTERS, SCALAR_REGISTERS, SQUARES_REGISTERS
from sterna.machine.emulator.scalars import ZERO, Scalar

Integers = NDArray[np.int64]


def _nothing() -> Integers:
    return np.zeros((0, 0), np.int64)


@dataclass
class Path:
    """Memories and registers that last, by unit; streams are arrays of groups [groups, lanes].

    Instructions name groups of the streams by their numbers.
    """

    number: int
    memory: Integers = field(default_factory=_nothing)
    """Of the vector unit."""
    registers: list[Scalar] = field(default_factory=lambda: [ZERO] * SCALAR_REGISTERS)
    absmax: list[int] = field(default_factory=lambda: [0] * ABSMAX_REGISTERS)
    squares: list[int] = field(default_factory=lambda: [0] * SQUARES_REGISTERS)
    own: dict[str, Any] = field(default_factory=dict)
    """What other units keep, by their names."""

    constants: Integers = field(default_factory=_nothing)
    inputs: Integers = field(default_factory=_nothing)
    accumulators: Integers = field(default_factory=_nothing)
    states: Integers = field(default_factory=_nothing)
    """What goes to the next path if that is chained."""
    handed: Integers | None = None
    """The states of the path before, if this one is chained to it."""
    codes: list[Integers] = field(default_factory=list)
    """Code vectors, in the order in which they were made."""
    sent: dict[str, Integers] = field(default_factory=dict)
    """Words for each partner of the vector unit. given: words of each of them."""
    given: dict[str, Integers] = field(default_factory=dict)
    head: list[Integers] = field(default_factory=list)
    shown: dict[str, Any] | None = None
    """What the trace ports show of this run, by unit; None without such ports."""
