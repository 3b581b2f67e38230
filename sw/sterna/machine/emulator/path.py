"""A data path: what a token stream has of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sterna.law.arithmetic import ABSMAX_REGISTERS, SCALAR_REGISTERS, SQUARES_REGISTERS
from sterna.machine.emulator.scalars import ZERO, Scalar

Integers = NDArray[np.int64]

def _nothing() -> Integers:
    return np.zeros((0, 0), np.int64)


@dataclass
class Trace:
    """What the units of a path showed in a run: results, scalars, exact accumulators."""

    vectors: Integers
    """[groups, lanes]."""
    scalars: list[Scalar] = field(default_factory=list)
    accumulators: list[Integers] = field(default_factory=list)
    """Arrays [row groups, rows]."""


@dataclass
class Path:
    """Memories and registers that last, and the streams of the run that is on.

    Streams are arrays of groups [groups, lanes]; instructions name groups by their numbers.
    """

    memory: Integers
    registers: list[Scalar] = field(default_factory=lambda: [ZERO] * SCALAR_REGISTERS)
    absmax: list[int] = field(default_factory=lambda: [0] * ABSMAX_REGISTERS)
    squares: list[int] = field(default_factory=lambda: [0] * SQUARES_REGISTERS)
    constants: Integers = field(default_factory=_nothing)
    inputs: Integers = field(default_factory=_nothing)
    accumulators: Integers = field(default_factory=_nothing)
    states: Integers = field(default_factory=_nothing)
    """What goes to the next path if that is chained."""
    handed: Integers | None = None
    """The states of the path before, if this one is chained to it."""
    codes: list[Integers] = field(default_factory=list)
    """Code vectors, in the order in which they were made."""
    head: list[Integers] = field(default_factory=list)
    trace: Trace | None = None
